"""`exam-sessions migrate`: brings a database to the newest schema, or says what that would do."""

from __future__ import annotations

import json as json_text
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from exam_sessions.cli.shared.console import MISUSED, REFUSED, facts, fail, note, say, show, table
from exam_sessions.cli.shared.database_faults import database_faults
from exam_sessions.cli.shared.output import Output, output
from exam_sessions.cli.shared.settings_options import DEFAULTS, DatabaseUrl
from exam_sessions.configuration.database_urls import without_password

if TYPE_CHECKING:
    from exam_sessions.migrations.plan import Plan

EPILOG = """[bold]Examples[/]
exam-sessions migrate --plan
exam-sessions migrate --status || exam-sessions migrate
exam-sessions migrate --database-url postgresql://exams:secret@db.example/exams

--plan and --status touch nothing, also where there is no database yet. The exit code of --status is 0 when
the schema is this version's and 1 when revisions are to come, or the database is of a newer version.
"""


def migrate(
    database_url: DatabaseUrl = DEFAULTS.database_url,
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and do nothing.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say which revision it has, and do nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --plan or --status: print one JSON object.")] = False,
) -> None:
    """Brings the database to the newest schema; `serve` does the same by itself."""
    if plan and status:
        fail("give --plan or --status", "--plan names the revision too", MISUSED)
    if output() is not Output.TABLE and not (plan or status):
        fail("--json and -o go with --plan or --status", "see `exam-sessions migrate --help`", MISUSED)
    url = without_password(database_url)
    with database_faults(database_url):
        from exam_sessions.migrations.plan import plan as plan_for  # noqa: PLC0415 - others start faster
        from exam_sessions.migrations.upgrade import upgrade  # noqa: PLC0415 - as above
        from exam_sessions.store.databases import store_of  # noqa: PLC0415 - as above

        with closing(store_of(database_url)) as store:
            if plan or status:
                found = plan_for(store)
            else:
                before, after = upgrade(store)
    if plan or status:
        _report(url, found, as_json=json, in_full=plan)
        if status and found.steps:
            raise typer.Exit(REFUSED)
    elif before == after:
        say(f"{url} is at revision {after} already, the newest")
    else:
        say(f"{url} went from {f'revision {before}' if before else 'empty'} to revision {after}, the newest")


def _report(url: str, plan: Plan, *, as_json: bool, in_full: bool) -> None:
    known = {"current": plan.current, "newest": plan.newest, "pending": len(plan.steps)}
    if as_json:
        steps = [step._asdict() for step in plan.steps]
        say(json_text.dumps(known | {"steps": steps} if in_full else known))
        return
    if in_full and (plan.steps or output() is Output.CSV):
        shown = table("REVISION", "ROWS", "TAKES TIME BY ROWS OF", "WHAT", whole=("REVISION", "ROWS"))
        for step in plan.steps:
            work = [f"writes {name}" for name in step.rewrites] + [f"index of {name}" for name in step.indexes]
            shown.add_row(step.revision, f"{step.rows:,}", ", ".join(work), step.summary)
        show(shown)
    elif output() is Output.CSV:
        show(facts((name, str(value)) for name, value in known.items()))
    current = f"revision {plan.current}" if plan.current else "empty"
    tell = note if output() is Output.CSV else say
    if plan.steps:
        tell(f"{url} is at {current}; {len(plan.steps)} to come, to revision {plan.newest}")
    else:
        tell(f"{url} is at {current}, the newest")

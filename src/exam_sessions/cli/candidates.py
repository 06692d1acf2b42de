"""`exam-sessions candidates` and `retention`: what is stored about candidates, removed or written to a file."""

import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from exam_sessions.cli.releases import find_release
from exam_sessions.cli.shared.atomic_file import atomic_file, is_possible
from exam_sessions.cli.shared.bulk_work import Asked, NoWait, Preview, follow, may_go_on
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import Yes, confirm, fail, note, say, show
from exam_sessions.cli.shared.database_faults import database_faults
from exam_sessions.cli.shared.operation_views import erasure_facts
from exam_sessions.cli.shared.retry import once
from exam_sessions.cli.shared.settings_options import DEFAULTS, DatabaseUrl
from exam_sessions.cli.shared.times import zoned
from exam_sessions.configuration.database_urls import without_password

ERASE_EPILOG = """[bold]What it does[/] Removes names, ids, codes and other particulars of a candidate for good.
It does so in sessions, their history, operations and repeated requests of the workspace. Results stay.

[bold]Examples[/]
exam-sessions candidates erase S-4471 --reason "request of 3 May" --preview
exam-sessions candidates erase S-4471 --reason "request of 3 May" --free-text --responses
"""

cli = typer.Typer(no_args_is_help=True, help="What is stored about a candidate: erase it, export it.")

Candidate = Annotated[
    str, typer.Argument(metavar="CANDIDATE", show_default=False, help="The candidate's id, as it was booked.")
]
Reason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", show_default=False, help="Why; it is kept, so it must name nobody."),
]
FreeText = Annotated[bool, typer.Option("--free-text", help="Remove messages that people typed, too.")]
Responses = Annotated[bool, typer.Option("--responses", help="Remove texts the candidate wrote in responses, too.")]


@cli.command("erase", epilog=ERASE_EPILOG)
def erase(
    candidate: Candidate,
    reason: Reason,
    *,
    free_text: FreeText = False,
    responses: Responses = False,
    live: Annotated[
        bool, typer.Option("--live", help="Erase sessions that are neither voided nor archived, too.")
    ] = False,
    preview: Preview = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Removes what identifies a candidate; cannot be undone."""
    asked = Asked(preview, yes, json, no_wait)
    with connected(target, workspace) as client:
        call = partial(
            client.erase_candidate,
            candidate,
            reason=reason,
            erase_free_text=free_text,
            erase_responses=responses,
            include_live=live,
        )
        if asked.needs_foresight:
            foreseen = once(call, validate_only=True).preview
            question = f"candidate {candidate} is erased from workspace {workspace} for good"
            if not may_go_on(asked, foreseen, lambda: show(erasure_facts(foreseen)), question):
                return
        follow(client, once(call).operation, asked)


EXPORT_EPILOG = """[bold]Example[/]
exam-sessions candidates export S-4471 --out S-4471.json         (readable by you only)
exam-sessions candidates export S-4471 | jq .sessions[].session.state
"""


@cli.command("export", epilog=EXPORT_EPILOG)
def export(
    candidate: Candidate,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", show_default="standard output", help="Where to write it."),
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Writes everything that is stored about a candidate, as one JSON document."""
    if out and out.exists() and not force:
        fail(f"{out} is there already", "give another file, or say --force")
    if out and not is_possible(out):
        fail(f"{out} cannot be written", "give a file in a directory that is there")
    with connected(target, workspace) as client:
        if out is None:
            for piece in client.export_candidate(candidate):
                sys.stdout.write(piece)
            return
        with atomic_file(out) as file:
            for piece in client.export_candidate(candidate):
                file.write(piece)
    note(f"written to {out}", "dim")


RETENTION_EPILOG = """[bold]What it does[/] Erases every session that was archived so many months ago.
It does for each what `candidates erase` does. Results stay, unless --delete is said.

[bold]Examples[/]
exam-sessions retention apply --months 24 --reason "retention policy" --preview
exam-sessions retention apply --months 24 --reason "retention policy" --voided --yes
"""

retention = typer.Typer(no_args_is_help=True, help="How long what identifies candidates is kept.")


@retention.callback()
def _retention() -> None:
    """How long what identifies candidates is kept."""


@retention.command("apply", epilog=RETENTION_EPILOG)
def apply_retention(
    reason: Reason,
    months: Annotated[
        int,
        typer.Option(
            min=0,
            max=1200,
            show_default="the workspace's own",
            metavar="NUMBER",
            help="Months since it was archived.",
        ),
    ] = 0,
    release: Annotated[
        list[str] | None, typer.Option("--release", metavar="RELEASE", help="Of these releases only; name or id.")
    ] = None,
    *,
    voided: Annotated[bool, typer.Option("--voided", help="Sessions that were voided so long ago, too.")] = False,
    free_text: FreeText = False,
    responses: Responses = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete the sessions with their results; an erased history stays.")
    ] = False,
    preview: Preview = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Erases what was archived long ago; cannot be undone."""
    asked = Asked(preview, yes, json, no_wait)
    with connected(target, workspace) as client:
        call = partial(
            client.apply_retention,
            months,
            reason=reason,
            release_ids=[find_release(client, name).id for name in release or ()],
            include_voided=voided,
            erase_free_text=free_text,
            erase_responses=responses,
            delete_sessions=delete,
        )
        if asked.needs_foresight:
            foreseen = once(call, validate_only=True)
            what = f"{foreseen.session_count:,} sessions that ended before {zoned(foreseen, 'before')}"
            question = f"{what} are {'deleted' if delete else 'erased'} for good"
            if not may_go_on(asked, foreseen, lambda: say(what), question):
                return
        follow(client, once(call).operation, asked)


REKEY_EPILOG = """[bold]What it does[/] Brings every stored candidate id to the newest key, plain ones too.
Stop every server first. What was broken off goes on where it was.

[bold]Example[/]
(umask 077; openssl rand -hex 32 >> candidate-ids.keys)
exam-sessions candidates rekey --candidate-id-keys candidate-ids.keys --database-url sqlite:///exam-sessions.db
"""


@cli.command("rekey", epilog=REKEY_EPILOG)
def rekey(
    candidate_id_keys: Annotated[
        str,
        typer.Option(
            envvar="EXAM_SESSIONS_CANDIDATE_ID_KEYS", metavar="FILE", show_default=False, help="The file of keys."
        ),
    ],
    database_url: DatabaseUrl = DEFAULTS.database_url,
    *,
    yes: Yes = False,
) -> None:
    """Hashes the stored candidate ids with the newest key; cannot be undone."""
    from exam_sessions.domain.candidate_ids import UnfitKeys  # noqa: PLC0415 - other commands need no database
    from exam_sessions.migrations.upgrade import upgrade  # noqa: PLC0415 - as above
    from exam_sessions.store.candidate_keys import check_keys, read_keys, stored_generations  # noqa: PLC0415 - as above
    from exam_sessions.store.candidate_rekey import CandidateRekey, OperationsUnderWay  # noqa: PLC0415 - as above
    from exam_sessions.store.databases import store_of  # noqa: PLC0415 - as above

    try:
        keys = read_keys(candidate_id_keys)
    except UnfitKeys as error:
        fail(str(error), "see docs/operate/personal-data")
    with database_faults(database_url), closing(store_of(database_url)) as store:
        if store.is_served():
            fail(f"{without_password(database_url)} is served", "stop its servers first")
        upgrade(store)
        try:
            check_keys(store, keys)
        except UnfitKeys as error:
            fail(str(error), "see docs/operate/personal-data")
        newest = max(stored_generations(store), default=0)
        if newest > keys.current:
            fail(f"the database holds generation {newest}, and {candidate_id_keys} ends with {keys.current}")
        if not yes:
            confirm(f"candidate ids of {without_password(database_url)} become hashes of generation {keys.current}")
        try:
            for kind, count in CandidateRekey(store, keys.hashed).run():
                note(f"{kind}: {count:,}", "dim")
        except OperationsUnderWay as names:
            fail(f"operations have not ended: {names}", "serve with the former keys, and cancel or await them")
    say(f"every candidate id is of generation {keys.current}")

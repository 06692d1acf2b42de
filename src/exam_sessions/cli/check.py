"""`exam-sessions check`: whether a database can be read and holds what the service's rules say."""

from __future__ import annotations

import json as json_text
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from exam_sessions.cli.shared.console import REFUSED, note, say, show, table
from exam_sessions.cli.shared.database_faults import database_faults
from exam_sessions.cli.shared.output import Output, output
from exam_sessions.cli.shared.progress import bar
from exam_sessions.cli.shared.settings_options import DEFAULTS, DatabaseUrl
from exam_sessions.configuration.database_urls import without_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exam_sessions.domain.invariants import Finding
    from exam_sessions.store.engine import Store

EPILOG = """[bold]Examples[/]
exam-sessions check
exam-sessions check --database-url sqlite:////var/backups/exams.db
exam-sessions check -o json | jq 'select(.count > 0)'

It reads the whole database from one snapshot and writes nothing; a server may serve meanwhile. The exit
code is 0 when everything holds, 1 when something does not or the database cannot be read.
"""

EXAMPLES = 5
"""Findings of one rule that are shown."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a rule.")]


def check(database_url: DatabaseUrl = DEFAULTS.database_url, *, json: Json = False) -> None:
    """Reads a database and says what in it contradicts the service's rules."""
    with database_faults(database_url):
        from exam_sessions.store.databases import store_to_read_whole  # noqa: PLC0415 - others start faster without

        with closing(store_to_read_whole(database_url)) as store:
            report = CheckReport()
            for finding in findings(store):
                report.add(finding)
    if json:
        report.print_json()
    else:
        report.print_table(without_password(database_url))
    if report.counts:
        raise typer.Exit(REFUSED)


def findings(store: Store) -> Iterator[Finding]:
    """Everything that does not hold in a database, with progress on stderr.

    Raises:
        DatabaseDown: it is not there, or does not answer.
        NotOurs, UnknownRevision, OlderRevision: it is not of this version's schema.
    """
    from exam_sessions.domain.invariants import Finding, Rule  # noqa: PLC0415 - others start faster without
    from exam_sessions.migrations.comparison import schema_differences  # noqa: PLC0415 - as above
    from exam_sessions.migrations.ownership import NotOurs, check_is_newest  # noqa: PLC0415 - as above
    from exam_sessions.store.checks import DatabaseCheck  # noqa: PLC0415 - as above
    from exam_sessions.store.database_errors import DatabaseDown, Unreachable  # noqa: PLC0415 - as above

    if not store.exists():
        raise NotOurs("there is no such file")
    check_is_newest(store)
    note("reading every page", "dim")
    pages = list(DatabaseCheck(store).pages())
    yield from pages
    for text in schema_differences(store):
        yield Finding(Rule.SCHEMA, "", "schema", text)
    checking = DatabaseCheck(store)
    with store.reader() as db:
        db.begin_read()
        try:
            with bar("checking", checking.rows(db)) as advance:
                yield from checking.contents(db, advance)
        except Unreachable:
            raise
        except DatabaseDown as error:
            yield Finding(Rule.PAGES, "", "database", " ".join(str(error).split()))
        finally:
            db.rollback()


class CheckReport:
    """What was found, by rule: how often, and the first of it."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._examples: dict[str, list[Finding]] = {}

    def add(self, finding: Finding) -> None:
        """Counts a finding; the first of a rule are kept."""
        self.counts[finding.rule] += 1
        examples = self._examples.setdefault(finding.rule, [])
        if len(examples) < EXAMPLES:
            examples.append(finding)

    def print_json(self) -> None:
        """One object a rule."""
        from exam_sessions.domain.invariants import MEANING  # noqa: PLC0415 - as above

        for rule, meaning in MEANING.items():
            examples = [
                {"workspaceId": found.workspace_id, "subject": found.subject, "text": found.text}
                for found in self._examples.get(rule, ())
            ]
            say(json_text.dumps({"rule": rule, "holds": meaning, "count": self.counts[rule], "examples": examples}))

    def print_table(self, url: str) -> None:
        """A line for each rule, then the first findings of those that do not hold; as CSV the lines alone."""
        from exam_sessions.domain.invariants import MEANING  # noqa: PLC0415 - as above

        rules = table("RULE", "FOUND", "WHAT MUST HOLD", whole=("RULE", "FOUND"))
        for rule, meaning in MEANING.items():
            rules.add_row(rule.value, f"{self.counts[rule]:,}", meaning)
        show(rules)
        tell = note if output() is Output.CSV else say
        for name, examples in self._examples.items():
            tell("")
            for found in examples:
                tell(
                    f"{name}: {f'{found.workspace_id}: ' if found.workspace_id else ''}{found.subject}: {found.text}"
                )
            if self.counts[name] > len(examples):
                tell(f"{name}: and {self.counts[name] - len(examples):,} more")
        total = sum(self.counts.values())
        tell(f"{url}: {f'{total:,} found' if total else 'everything holds'}")

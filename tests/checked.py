"""What `exam-sessions check` finds in a database."""

from __future__ import annotations

from contextlib import closing

from exam_sessions.cli.check import findings
from exam_sessions.store.databases import store_to_read_whole


def found_in(database):
    """Everything that does not hold."""
    with closing(store_to_read_whole(database.url)) as store:
        return list(findings(store))


def rules_broken_in(database):
    """The names of the rules that do not hold."""
    return {str(finding.rule) for finding in found_in(database)}

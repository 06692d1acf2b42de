"""`exam-sessions results export`: what the candidates of a release earned, as CSV, page by page."""

from collections.abc import Callable, Iterator
from typing import Annotated, NamedTuple

import typer

from exam_sessions.cli.export import cells_of, opened
from exam_sessions.cli.releases import ReleaseName, find_release
from exam_sessions.cli.results import marked_by, response_text
from exam_sessions.cli.sessions import States
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Target, Workspace, connected
from exam_sessions.cli.shared.console import note
from exam_sessions.cli.shared.csv_rows import row_writer
from exam_sessions.cli.shared.enum_names import word
from exam_sessions.cli.shared.times import in_utc
from exam_sessions.client.client import Client, Session
from exam_sessions.client.failures import Refused
from exam_sessions.client.messages import Attempt, ItemResult, QuestionResult, Score


class Answer(NamedTuple):
    """One question of one candidate."""

    session: Session
    item: ItemResult
    question: QuestionResult


def _earned(score: Score) -> str:
    """The points, once it can be said; empty before."""
    return score.actual if score.is_scorable else ""


WHO: dict[str, Callable[[Session], object]] = {
    "session_id": lambda s: s.id,
    "candidate_id": lambda s: s.candidate.candidate_id,
    "keycode": lambda s: s.keycode,
    "external_reference": lambda s: s.external_reference,
    "attempt": lambda s: s.results.attempt or s.attempt.number,
    "test_form": lambda s: s.results.test_form or s.test_form,
    "form_revision": lambda s: s.results.form_revision or s.form_revision or "",
    "marking_revision": lambda s: s.results.marking_revision or s.marking_revision or "",
}
CANDIDATES: dict[str, Callable[[Session], object]] = WHO | {
    "name_first": lambda s: s.candidate.name_first,
    "name_middle": lambda s: s.candidate.name_middle,
    "name_last": lambda s: s.candidate.name_last,
    "school_id": lambda s: s.candidate.school_id,
    "centre_id": lambda s: s.centre_id,
    "state": lambda s: word(s, "state"),
    "points": lambda s: _earned(s.results.points),
    "points_max": lambda s: s.results.points.max,
    "percent": lambda s: _earned(s.results.percent),
    "provisional": lambda s: "yes" if s.results.provisional else "no" if s.results.attempt else "",
    "marking_progress": lambda s: s.results.marking_progress if s.results.attempt else s.marking_progress,
    "finish_reason": lambda s: word(s.attempt, "finish_reason"),
    "start_dt": lambda s: in_utc(s.attempt, "start_time"),
    "end_dt": lambda s: in_utc(s.attempt, "end_time"),
}
"""Columns of a row for a candidate: the attempt that counts, or the current one before any is marked."""

ANSWERS: dict[str, Callable[[Answer], object]] = {
    **{name: lambda a, fill=fill: fill(a.session) for name, fill in WHO.items()},  # type: ignore[misc]
    "item_id": lambda a: a.item.id,
    "question_number": lambda a: a.question.number,
    "question_id": lambda a: a.question.id,
    "type": lambda a: word(a.question, "type"),
    "response": lambda a: response_text(a.question),
    "not_attempted": lambda a: "yes" if a.question.not_attempted else "",
    "points": lambda a: _earned(a.question.score),
    "points_max": lambda a: a.question.score.max,
    "marked_by": lambda a: marked_by(a.question),
}
"""Columns of a row for an answer."""

NUMBERS = frozenset(
    {"attempt", "form_revision", "marking_revision", "points", "points_max", "percent", "marking_progress"}
)

EPILOG = """[bold]Examples[/]
exam-sessions results export --release "Maths, May" > results.csv
exam-sessions results export --release "Maths, May" --answers --out answers.csv
"""


def export_results(
    release: ReleaseName,
    out: Annotated[str, typer.Option(metavar="FILE|-", help="Where the rows go; - is stdout.")] = "-",
    state: States = None,
    *,
    answers: Annotated[bool, typer.Option("--answers", help="One row an answer, not one a candidate.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write cells as they are, also where a spreadsheet would run them.")
    ] = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Writes what the candidates of a release earned as CSV: one row a candidate, or one row an answer.

    It is the attempt that counts by the release's strategy, or the current one before any is marked.
    """
    cut = rows = 0
    with connected(target, workspace) as client, opened(out) as file:
        found = find_release(client, release)
        writer = row_writer(file)
        writer.writerow(ANSWERS if answers else CANDIDATES)
        for session in client.sessions_with_results([found.id], state or ()):
            cut += session.abridged
            if not answers and 0 < session.results.attempt != session.attempt.number:
                session.attempt.CopyFrom(_attempt_that_counts(client, session))
            for cells in _rows(session, answers=answers, raw=raw):
                writer.writerow(cells)
                rows += 1
    if cut:
        note(f"texts of {cut:,} sessions are cut and end in …; `results show` has them whole", "yellow")
    if out != "-":
        note(f"{rows:,} rows of {found.name} are in {out}")


def _attempt_that_counts(client: Client, session: Session) -> Attempt:
    """The times of an earlier attempt, which the list does not show; empty once the session is voided."""
    try:
        return client.results(session.id, session.results.attempt).attempt
    except Refused:
        return Attempt(number=session.results.attempt)


def _rows(session: Session, *, answers: bool, raw: bool) -> Iterator[list[object]]:
    if not answers:
        yield cells_of(CANDIDATES, session, NUMBERS, raw=raw)
        return
    for item in session.results.items:
        for question in item.questions:
            yield cells_of(ANSWERS, Answer(session, item, question), NUMBERS, raw=raw)

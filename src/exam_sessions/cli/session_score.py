"""`exam-sessions sessions score`: what a session has earned, item by item, and a mark that a person gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from exam_sessions.cli.results import mark_text, tell_open
from exam_sessions.cli.session_names import Who, read_named, resolved
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import facts, say, show, table
from exam_sessions.cli.shared.enum_names import message_json
from exam_sessions.cli.shared.retry import once
from exam_sessions.cli.shared.session_views import full_name, state_text, time_left

if TYPE_CHECKING:
    from exam_sessions.cli.shared.tables import FittingTable
    from exam_sessions.client.client import Client
    from exam_sessions.client.marking import SessionResults
    from exam_sessions.client.messages import Results

EPILOG = """[bold]Examples[/]
exam-sessions sessions score H76RBD8P
exam-sessions sessions score S-4471 --question 9 --mark 3.5 --message "the diagram is right"
exam-sessions sessions score S-4471 --question 9 --no-mark

Without --question it shows points and percent, and what each item has earned; `exam-sessions results show KEYCODE`
has every answer. With --question it gives that question the mark of a person, or takes it back.
"""

MARK = re.compile(r"-?[0-9]{1,9}([.][0-9]{1,9})?")


def mark_of(text: str) -> str:
    """A mark, an exact decimal. Raises BadParameter."""
    if not MARK.fullmatch(text.strip()):
        raise typer.BadParameter(f"{text!r} is not a mark; write a number such as 2 or 3.5")
    return text.strip()


def score(
    session: Who,
    question: Annotated[
        str, typer.Option(metavar="NUMBER", show_default=False, help="The question that a person marks.")
    ] = "",
    mark: Annotated[
        str | None,
        typer.Option(metavar="MARK", parser=mark_of, show_default=False, help="Its mark, such as 3.5."),
    ] = None,
    message: Annotated[
        str, typer.Option(metavar="TEXT", show_default=False, help="Why that mark; it is kept in the history.")
    ] = "",
    *,
    no_mark: Annotated[bool, typer.Option("--no-mark", help="Takes the mark of a person back.")] = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows what a session has earned: points, percent, each item; or gives a question its mark."""
    if (mark is not None) + no_mark != bool(question):
        raise typer.BadParameter("--question goes with --mark or --no-mark")
    if message and not question:
        raise typer.BadParameter("--message is about a mark; give --question and --mark too")
    with connected(target, workspace) as client:
        if question:
            _mark(client, session, question, mark, message)
        found = read_named(client, session, client.results)
    if json:
        say(message_json(found))
    else:
        _show(found)


def _mark(client: Client, who: str, question: str, mark: str | None, message: str) -> None:
    session = resolved(client, who)
    if mark is None:
        once(client.unscore_response, session.id, question, message)
    else:
        once(client.score_response, session.id, question, mark, message)


def _show(found: SessionResults) -> None:
    session, results = found.session, found.results
    counts = f"{results.percent.actual} %" if results.percent.is_scorable else "not to be told yet"
    show(
        facts(
            (
                ("candidate", f"{session.candidate.candidate_id}  {full_name(session)}".rstrip()),
                ("keycode", session.keycode),
                ("state", state_text(session)),
                ("time left", time_left(session)),
                ("attempt", f"{results.attempt} of {session.attempt.number}"),
                ("points", mark_text(results.points)),
                ("percent", Text(counts, style="bold")),
            )
        )
    )
    say("")
    show(_items(results))
    tell_open(results)


def _items(results: Results) -> FittingTable:
    made = table("item", "questions", "mark", whole=("mark",))
    for item in results.items:
        numbers = ", ".join(question.number for question in item.questions)
        made.add_row(Text(item.name or item.id), Text(numbers), mark_text(item.score))
    return made

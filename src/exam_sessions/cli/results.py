"""`exam-sessions results`: what an attempt earned, question by question and objective by objective."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated

import typer
from rich.text import Text

from exam_sessions.cli.session_names import Who, read_named
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import MISUSED, coloured, facts, fail, note, say, show, table
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.session_views import full_name
from exam_sessions.cli.shared.tables import FittingTable
from exam_sessions.cli.shared.times import when
from exam_sessions.client.marking import SessionResults
from exam_sessions.client.messages import ObjectiveResult, QuestionResult, Results, Score

LONGEST_TEXT = 60
"""Characters of a written response that a table shows."""

cli = typer.Typer(no_args_is_help=True, help="Read what candidates earned.")


@cli.command(
    "show",
    epilog="""[bold]Examples[/]
exam-sessions results show H76RBD8P
exam-sessions results show H76RBD8P --attempt 1
exam-sessions results show H76RBD8P --deciding    (the attempt that counts by the release's strategy)
""",
)
def show_command(
    session: Who,
    attempt: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="Which attempt.", show_default="the current")
    ] = None,
    *,
    deciding: Annotated[bool, typer.Option("--deciding", help="The attempt that counts.")] = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows what an attempt of a session earned: each question, each objective, points and percent."""
    if attempt and deciding:
        fail("--attempt and --deciding each choose an attempt; give one of them", status=MISUSED)
    with connected(target, workspace) as client:
        found = read_named(client, session, partial(client.results, attempt=attempt or 0, deciding=deciding))
    if json:
        say(message_json(found))
    else:
        show_results(found)


def show_results(found: SessionResults) -> None:
    """Prints results as tables."""
    session, results, attempt = found.session, found.results, found.attempt
    person = f"{session.candidate.candidate_id}  {full_name(session)}".rstrip()
    times = [f"{end} {at}" for end in ("start", "end") if (at := when(attempt, f"{end}_time"))]
    show(
        facts(
            (
                ("candidate", person),
                ("state", coloured(word(session, "state"), word(session, "maturity"))),
                ("attempt", ", ".join([f"{results.attempt} of {session.attempt.number}", *times])),
                ("test form", _form(results)),
            )
        )
    )
    say("")
    show(_questions(results))
    if results.objectives:
        say("")
        show(_objectives(results.objectives))
    say("")
    percent = f"{results.percent.actual} %" if results.percent.is_scorable else "not to be told yet"
    show(facts((("points", mark_text(results.points)), ("percent", Text(percent, style="bold")))))
    tell_open(results)


def _form(results: Results) -> str:
    """The form with the revision it was sat on, and that by which it is marked where it is another."""
    form = f"{results.test_form}, revision {results.form_revision}"
    other = results.marking_revision
    return form if other == results.form_revision else f"{form}, marked by revision {other}"


def mark_text(score: Score) -> str:
    """What was earned of what could be."""
    if not score.max:
        return "-"
    return f"{score.actual} / {score.max}" if score.is_scorable else f"- / {score.max}"


def _questions(results: Results) -> FittingTable:
    made = table("no.", "response", "key", "mark", "marked by", whole=("no.", "key", "mark"), spare=("marked by",))
    for item in results.items:
        for question in item.questions:
            labels = {option.index: option.label for option in question.options}
            key = " ".join(labels.get(key.index, key.value) for key in question.keys)
            made.add_row(Text(question.number), _response(question), Text(key), _mark(question), _marker(question))
    return made


def _response(question: QuestionResult) -> Text:
    if not question.HasField("response"):
        return Text("not attempted" if question.not_attempted else "-", style="dim")
    text = " ".join(response_text(question).split())
    chosen = any(option.is_chosen for option in question.options)
    return Text(text if chosen or len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…")


def response_text(question: QuestionResult) -> str:
    """What a candidate answered, whole: labels of options, a text, or a structured value part by part."""
    chosen = " ".join(option.label for option in question.options if option.is_chosen)
    return chosen or question.response.text or _structured(question)


OPEN = "_"
"""What is shown of a part that was left open."""


def _structured(question: QuestionResult) -> str:
    """What a response of gaps, rows, orders or formulas holds: part by part, as the labels or texts in it."""
    response, labels = question.response, {option.index: option.label for option in question.options}
    named = {option.id: option.label for option in question.options}
    if response.HasField("strings"):
        return " ".join(named.get(text, text) or OPEN for text in response.strings.values)
    if response.HasField("order"):
        return " ".join(labels.get(index, str(index)) for index in response.order.values)
    rows = [",".join(labels.get(index, str(index)) for index in row.values) for row in response.matrix.rows]
    rows = rows or [",".join(row.values) for row in response.formulas.rows]
    return " ".join(row or OPEN for row in rows)


def _mark(question: QuestionResult) -> Text:
    score = question.score
    style = "" if not score.is_scorable else "green" if score.actual == score.max else "red"
    return Text(mark_text(score), style=style if score.actual in {"0", score.max} else "yellow")


def _marker(question: QuestionResult) -> Text:
    return Text(marked_by(question), style="" if question.score.is_scorable else "yellow")


def marked_by(question: QuestionResult) -> str:
    """Who has marked a question, or has to; empty where nobody has to."""
    if question.marked_by_people:
        return "people"
    if question.score.is_scorable:
        return "" if question.not_attempted else "machine"
    return "waits for people" if word(question, "marking") == "HUMAN" else ""


def _objectives(objectives: Iterable[ObjectiveResult]) -> FittingTable:
    made = table(
        "objective",
        "what",
        "mark",
        "question by question",
        whole=("objective", "mark"),
        spare=("question by question",),
    )
    for objective in objectives:
        each = "  ".join(mark_text(score).replace(" ", "") for score in objective.scores)
        name = objective.abbreviation or objective.id
        made.add_row(Text(name), Text(objective.text), mark_text(objective.score), each)
    return made


def tell_open(results: Results) -> None:
    """What may still change, and who is to do something about it."""
    if not results.provisional:
        return
    waits = [
        question.number
        for item in results.items
        for question in item.questions
        if word(question, "marking") == "HUMAN" and not question.score.is_scorable
    ]
    note("this may still change: the attempt is not marked yet", "yellow")
    if waits:
        note(f"people have to mark: {', '.join(waits)} ({results.marking_progress} % done)", "yellow")

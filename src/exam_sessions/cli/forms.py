"""`exam-sessions forms`: test forms as files, and the ones the catalogue holds."""

import json as json_text
import sys
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf import json_format
from rich.text import Text

from exam_sessions.cli.shared.atomic_file import atomic_file, is_possible
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import MISUSED, escaped, facts, fail, note, say, show, table
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.input_file import UnreadableText, input_file, name_of, read_input, text_of
from exam_sessions.cli.shared.times import when, zoned
from exam_sessions.client.catalog import TestForm
from exam_sessions.client.client import Client

OF_THE_SERVICE = ("workspace_id", "revision", "available_mark", "create_time", "etag")
"""Fields of a form that no file needs."""

CONTENT = 60
"""Characters of a question that a table shows."""

LONGEST_FAULT = 300
"""Characters of what is wrong with a form: it may quote the file."""

KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "a truth value", type(None): "null"}
"""What JSON may be that is no object."""

cli = typer.Typer(no_args_is_help=True, help="Keep the questions that sessions are sat with.")

Reference = Annotated[str, typer.Argument(metavar="REFERENCE", help="Its name in releases and sessions.")]
Revision = Annotated[int, typer.Option(min=0, metavar="NUMBER", help="Which revision.", show_default="the latest")]


@cli.command(
    "import",
    epilog="""[bold]The file[/] is JSON with the fields of TestForm, in protos/exam_sessions/v1/test_form.proto;
`export` writes one.

[bold]Examples[/]
exam-sessions forms import maths-year-5.json
exam-sessions forms import maths-year-5.json --update    (the next revision; sessions booked keep theirs)
""",
)
def import_form(
    file: Annotated[Path, input_file("FORM.json", "The form")],
    *,
    update: Annotated[bool, typer.Option("--update", help="Make the next revision of a form that is there.")] = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Puts a test form into the catalogue; with --update its next revision, when the file differs from the latest."""
    form = _read(file)
    with connected(target, workspace) as client:
        stored = _next_revision(client, form) if update else client.create_form(form)
    if json:
        say(message_json(stored))
        return
    show(facts((("test form", stored.reference), *_described(stored))))
    note(f'next:  exam-sessions releases create "NAME" --test-form {stored.reference}', style="dim")


@cli.command(
    "export",
    epilog="""[bold]Examples[/]
exam-sessions forms export maths-year-5 maths-year-5.json
exam-sessions forms export maths-year-5 --revision 1
""",
)
def export_form(
    reference: Reference,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where it goes.", show_default="stdout")] = None,
    revision: Revision = 0,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Writes a test form as JSON, as `forms import` takes it."""
    if file and not is_possible(file):
        fail(f"no file can be written at {file}; name another", status=MISUSED)
    with connected(target, workspace) as client:
        form = client.form(reference, revision)
    number = form.revision
    text = escaped(
        json_format.MessageToJson(_content(form), preserving_proto_field_name=True, indent=2, ensure_ascii=False)
    )
    if file is None:
        sys.stdout.write(f"{text}\n")
        return
    with atomic_file(file) as out:
        out.write(f"{text}\n")
    note(f"revision {number} of {reference} is in {file}")


@cli.command("list")
def list_forms(*, json: Json = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default") -> None:
    """Shows the latest revision of every test form, by reference."""
    made = table(
        "reference",
        "revision",
        "name",
        "marks",
        "decimals",
        "made (UTC)",
        whole=("reference", "made (UTC)"),
        spare=("made (UTC)", "decimals", "marks"),
    )
    with connected(target, workspace) as client:
        for form in client.forms():
            if json:
                say(message_json(form))
                continue
            marks = form.available_mark, str(form.mark_decimals)
            made.add_row(Text(form.reference), str(form.revision), Text(form.name), *marks, when(form, "create_time"))
    if made.row_count:
        show(made)
    elif not json:
        note(f"workspace {workspace} has no test forms; bring one with `exam-sessions forms import FORM.json`")


@cli.command("show", epilog="[bold]Example[/]\nexam-sessions forms show maths-year-5")
def show_form(
    reference: Reference,
    revision: Revision = 0,
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows a test form: its questions with their keys, what each can earn, and who marks it."""
    with connected(target, workspace) as client:
        form = client.form(reference, revision)
    if json:
        say(message_json(form))
        return
    show(facts((("test form", form.reference), *_described(form))))
    say("")
    short = {objective.id: objective.abbreviation or objective.id for objective in form.objectives}
    made = table(
        "no.",
        "question",
        "type",
        "options",
        "key",
        "mark",
        "marked by",
        "measures",
        whole=("no.", "key"),
        spare=("measures", "options", "marked by", "type"),
    )
    for question in form.questions:
        labels = {option.id: option.label for option in question.options}
        content = question.content if len(question.content) <= CONTENT else f"{question.content[: CONTENT - 1]}…"
        made.add_row(
            Text(question.number),
            Text(content),
            word(question, "type"),
            Text(" ".join(labels.values())),
            Text(" ".join(labels[key] for key in question.keys)),
            question.available_mark,
            "people" if word(question, "marking") == "HUMAN" else "machine",
            Text(", ".join(short[name] for name in question.objective_ids)),
        )
    show(made)


def _read(file: Path) -> TestForm:
    data, name, hint = (
        read_input(file),
        name_of(file),
        "`exam-sessions forms export REFERENCE` writes one to compare with",
    )
    try:
        text = text_of(data, "UTF-8")
        if not text.strip():
            fail(f"{name} is not a test form: it is empty", hint)
        if not isinstance(found := json_text.loads(text), dict):
            fail(f"{name} is not a test form: it holds {KINDS[type(found)]}, not an object", hint)
        return json_format.Parse(text, TestForm())
    except UnreadableText as error:
        fail(f"{name} is not a test form: {error}", hint)
    except (json_format.ParseError, ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        fail(f"{name} is not a test form: {why if len(why) <= LONGEST_FAULT else why[:LONGEST_FAULT] + '...'}", hint)


def _next_revision(client: Client, form: TestForm) -> TestForm:
    """The next revision, or the latest when the file holds nothing else."""
    latest = client.form(form.reference)
    would_be = client.update_form(form, latest.etag, validate_only=True)
    if _content(would_be) == _content(latest):
        note(f"revision {latest.revision} is the same; nothing was written")
        return latest
    return client.update_form(form, latest.etag)


def _content(form: TestForm) -> TestForm:
    """A form without what the service says of it."""
    content = TestForm()
    content.CopyFrom(form)
    for name in OF_THE_SERVICE:
        content.ClearField(name)
    return content


def _described(form: TestForm) -> tuple[tuple[str, str], ...]:
    """A form in names and values."""
    by_people = sum(word(question, "marking") == "HUMAN" for question in form.questions)
    marked = f", {by_people} marked by people" if by_people else ", all marked by the machine"
    plural = "s" * (form.mark_decimals > 1)
    decimals = (
        f", marks with up to {form.mark_decimals} decimal{plural}" if form.mark_decimals else ", whole marks only"
    )
    return (
        ("name", form.name),
        ("revision", f"{form.revision}, made {zoned(form, 'create_time')}"),
        ("questions", f"{len(form.questions)}{marked}"),
        ("marks", f"{form.available_mark} in all{decimals}"),
    )

"""The commands that a text names, and whether they can be typed as they stand there."""

from __future__ import annotations

import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout

from command_runs import parsed
from typer import Exit
from typer._click.exceptions import ClickException

from command_tree import leaves

FILLED_IN = "01990000-0000-7000-8000-000000000001"
"""What stands for a value that is put into a message: good as an id, and as a name."""

IN_QUOTES = re.compile(r"`(exam-sessions [^`]+)`")
LED_UP_TO = re.compile(
    r"(?:next|cancel|stays|make it|choose one|from here|add your contexts again):\s+(exam-sessions [a-z].*)"
)
A_LINE = re.compile(r"^(exam-sessions [^\n]+(?:\n  +-[^\n]+)*)", re.MULTILINE)
END = re.compile(r" +\(| +#|[|&>;<\n]| {2,}|, (?:and|then|or) |; ")
"""Where a command ends on a line: a remark, another program, a file."""

STANDS_FOR = {"SEQUENCE": "1", "NUMBER": "1", "LENGTH": "5m", "ID": FILLED_IN, "NAME": "results"}

NO_COMMANDS = {"exam-sessions starts", f"exam-sessions {FILLED_IN}"}
"""A line of a log; and words that are put together where the command runs (tests/cli/test_cli_watch.py)."""


def commands_in(text):
    """The commands that a text names."""
    plain = re.sub(r"\[/?[a-z]*\]", "", text)
    found = [*IN_QUOTES.findall(plain), *LED_UP_TO.findall(plain), *A_LINE.findall(plain)]
    named = {END.split(re.sub(r"\s*\n\s+", " ", command), maxsplit=1)[0].strip() for command in found}
    return named - NO_COMMANDS


def flaw(command, name_will_do=False):
    """Why a command cannot be typed; nothing when it can, or when only its file is not here.

    `name_will_do`: whether a command may be named without what it takes.
    """
    words = [STANDS_FOR.get(word, word) for word in shlex.split(command.rstrip(".,:;)"))[1:]]
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
            parsed(words)
    except Exit as ended:
        return said.getvalue() if ended.exit_code and "No such file" not in said.getvalue() else ""
    except ClickException as error:
        return "" if name_will_do and is_name_alone(words) else error.format_message()
    return ""


def is_name_alone(words):
    return " ".join(words) in leaves()

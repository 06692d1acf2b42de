"""How a session is named when typed: by its id, its keycode, a release and its access code, or a candidate."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from exam_sessions.cli.releases import find_release
from exam_sessions.cli.shared.console import fail, show
from exam_sessions.cli.shared.session_views import session_table
from exam_sessions.client.channel import is_id
from exam_sessions.client.failures import Refused
from exam_sessions.domain.texts import fold_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.client.client import Client, Session

Found = TypeVar("Found")

LOOK = "look it up with `exam-sessions sessions list`, such as with --name; is the --workspace right?"

LISTED_AT_MOST = 20
"""Sessions of a candidate that are listed."""

LONGEST_KEYCODE = 16


def session_name(text: str) -> str:
    """A session's id or keycode, or RELEASE/CODE with its access code. Raises BadParameter."""
    name = text.strip()
    release, slash, code = name.partition("/")
    if slash and release and code:
        return name
    try:
        return str(uuid.UUID(name))
    except ValueError:
        if name.isascii() and name.isalnum() and len(name) <= LONGEST_KEYCODE:
            return fold_code(name)
    raise typer.BadParameter(
        f"{text!r} is neither a session's id (a UUID) nor a keycode (letters and digits) nor RELEASE/ACCESS_CODE"
    )


def find_session(client: Client, session: str) -> str:
    """A session as calls name it: where a release is named by its name, by its id. Ends the command without one."""
    release, slash, code = session.partition("/")
    if not slash or is_id(release):
        return session
    # Names of releases may hold a slash, and so may access codes.
    for at in [at for at, sign in enumerate(session) if sign == "/"] if "/" in code else ():
        if session[at + 1 :] and any(client.releases(session[:at])):
            release, code = session[:at], session[at + 1 :]
            break
    return f"{find_release(client, release).id}/{code}"


Who = Annotated[
    str,
    typer.Argument(
        metavar="ID|KEYCODE|CANDIDATE",
        help="The session, by its id, its keycode, RELEASE/CODE, or the id of a candidate who has one session.",
    ),
]


def read_named(client: Client, who: str, read: Callable[[str], Found]) -> Found:
    """What a call returns for the session somebody means; ends the command where there is none, or several.

    Args:
        client: a client.
        who: what was typed.
        read: the call, by the name of the session: id, keycode, or release and code.
    """
    if not who.strip():
        raise typer.BadParameter("a blank names no session; give its id, its keycode or a candidate")
    try:
        return read(find_session(client, session_name(who)))
    except (typer.BadParameter, Refused) as error:
        if isinstance(error, Refused) and error.reason not in {"SESSION_NOT_FOUND", "INVALID_FIELD"}:
            raise
    found = list(islice(client.sessions(candidate_ids=[who]), LISTED_AT_MOST + 1))
    if len(found) == 1:
        return read(found[0].id)
    if not found:
        fail(f"no session and no candidate is called {who!r}", LOOK)
    show(session_table(found[:LISTED_AT_MOST]))
    return fail(f"candidate {who!r} has more than one session", "name one by its keycode")


def resolved(client: Client, who: str) -> Session:
    """The session somebody means; ends the command where there is none, or a candidate has several."""
    return read_named(client, who, client.session)

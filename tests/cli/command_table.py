"""What is typed behind each command of the tree, by hand: a line for each, so that one that is missing is noticed.

Words in braces are filled in: by `FAKES` where the command must not get as far as a session, else by a `World`.
"""

from __future__ import annotations

from typing import NamedTuple

UNKNOWN_ID = "01990000-0000-7000-8000-000000000001"


class Bad(NamedTuple):
    """Words that are wrong, and what must be said about them."""

    words: str
    said: str
    code: int = 1


class Typed(NamedTuple):
    """A command as it is typed. Where it is not run with real data here, `elsewhere` names the tests that do so."""

    words: str = ""
    bad: tuple[Bad, ...] = ()
    elsewhere: str = ""
    input: str = ""


def unknown(words="{}", said="SESSION_NOT_FOUND"):
    """A session nobody knows, by its id and keycode, and what is neither; for commands that take no candidate."""
    return (
        Bad(words.format(UNKNOWN_ID), said),
        Bad(words.format("ZZZZZZZZ"), said),
        Bad(words.format("not/a/session"), "no release"),
        Bad(words.format("a-b"), "neither a session's id (a UUID) nor a keycode", 2),
    )


def nobody(words="{}"):
    """The same where a candidate may be named."""
    return tuple(
        Bad(words.format(who), "no session and no candidate") for who in (UNKNOWN_ID, "ZZZZZZZZ", "a-b", "é")
    )


def no_release(words="{}"):
    """A release nobody knows, by id and by name."""
    return (Bad(words.format(UNKNOWN_ID), "RELEASE_NOT_FOUND"), Bad(words.format("Nosuch"), "no release"))


def no_operation():
    """An operation nobody knows, and what is no id."""
    return (Bad(UNKNOWN_ID, "OPERATION_NOT_FOUND"), Bad("abc", "not an operation's id", 2))


TABLE: dict[str, Typed] = {
    "demo": Typed("", (Bad("--candidates 1", "--candidates", 2),), elsewhere="test_cli_demo"),
    "serve": Typed("", (Bad("--listen nowhere", "listen", 2),), elsewhere="test_cli_serve"),
    "protos": Typed(
        "--descriptors {out}", (Bad("", "it was not said where to write", 2), Bad("--openapi /no/such", "cannot"))
    ),
    "migrate": Typed("--status --database-url {database}", (Bad("--database-url nonsense", "names no database", 2),)),
    "backup": Typed(
        "{out} --database-url {database}", (Bad("{out} --database-url nonsense", "names no database", 2),)
    ),
    "restore": Typed(
        "{backup} --database-url {database}",
        (Bad("/no/such --database-url {database}", "/no/such", 2),),
        elsewhere="test_backup",
    ),
    "check": Typed("--database-url {database}", (Bad("--database-url nonsense", "names no database", 2),)),
    "health": Typed("", (Bad("livenes", "livenes", 2),)),
    "version": Typed(""),
    "forms import": Typed(
        "{form_file}", (Bad("/no/such.json", "/no/such.json", 2), Bad("{garbage}", "is not a test form"))
    ),
    "forms export": Typed(
        "{form}", (Bad("nosuch", "TEST_FORM_NOT_FOUND"), Bad("{form} --revision 99", "TEST_FORM_NOT_FOUND"))
    ),
    "forms list": Typed(""),
    "forms show": Typed("{form}", (Bad("nosuch", "TEST_FORM_NOT_FOUND"),)),
    "releases list": Typed(""),
    "releases create": Typed(
        "Physics",
        (
            Bad("Physics --duration 90", "90", 2),
            Bad("Physics --window-start tomorrow", "tomorrow", 2),
            Bad("Physics --counts best", "best", 2),
            Bad("' '", "name"),
        ),
    ),
    "releases show": Typed("{release}", no_release()),
    "releases unfinalize": Typed("{finalized}", no_release()),
    "releases edit": Typed(
        "{release} --duration 2h", (*no_release("{} --duration 2h"), Bad("{release}", "what is to be edited", 2))
    ),
    "releases finalize": Typed("{empty} --yes", no_release("{} --yes")),
    "releases regrade": Typed("{sat} --reason r --preview", no_release("{} --reason r")),
    "import": Typed(
        "{roster} --release {empty} --out {out}",
        (
            Bad("/no/such.csv --release {empty}", "/no/such.csv", 2),
            Bad("{garbage} --release {empty} --out {out}", "garbage"),
            *no_release("{{roster}} --release {} --out {{out}}"),
        ),
    ),
    "export": Typed(
        "--release {release} --out {out}",
        (*no_release("--release {}"), Bad("--release {release} --state PAUSE", "did you mean PAUSED", 2)),
    ),
    "sessions list": Typed(
        "",
        (
            *no_release("--release {}"),
            Bad("--state in-progess", "did you mean IN_PROGRESS", 2),
            Bad("--maturity compleet", "did you mean COMPLETE", 2),
            Bad("--finish-reason candidat", "did you mean CANDIDATE", 2),
            Bad("--ends-after soon", "soon", 2),
        ),
    ),
    "sessions show": Typed("{booked}", nobody()),
    "sessions score": Typed("{handed_in}", nobody()),
    "sessions pin": Typed(
        "{booked} --new",
        (*nobody(), Bad("{booked} --set QUARKS --new", "not both", 2), Bad("{booked} --set 12", "pin")),
    ),
    "sessions history": Typed("{booked}", nobody()),
    "sessions transition": Typed(
        "create_package {booked}",
        (
            *unknown("pause {}"),
            Bad("paus {booked}", "did you mean pause", 2),
            Bad("PAUS {booked}", "did you mean pause", 2),
            Bad("pause", "which sessions are meant", 2),
            Bad("pause {booked}", "INVALID_TRANSITION"),
            *no_release("pause --release {}"),
            Bad("pause --state pawsed", "did you mean PAUSED", 2),
        ),
    ),
    "sessions regrade": Typed("{handed_in} --reason r --yes", nobody("{} --reason r --yes")),
    "sessions book": Typed(
        "S-1 --release {release}", (*no_release("S-1 --release {}"), Bad("' ' --release {release}", "candidate_id"))
    ),
    "sessions edit": Typed(
        "{booked} --centre K-04", (*nobody("{} --centre K-04"), Bad("{booked}", "nothing is to be edited", 2))
    ),
    "sessions delete": Typed(
        "{booked} --yes",
        (*nobody("{} --yes"), Bad("{booked}", "say --yes", 2), Bad("{sitting} --yes", "SESSION_NOT_EDITABLE")),
    ),
    "sessions pause": Typed("{sitting}", (*nobody(), Bad("{booked}", "INVALID_TRANSITION"))),
    "sessions resume": Typed("{paused}", nobody()),
    "sessions check-in": Typed("{waiting}", nobody()),
    "sessions unlock": Typed("{locked}", nobody()),
    "sessions extra-time": Typed(
        "{sitting} 15m --message m",
        (
            *nobody("{} 15m --message m"),
            Bad("{sitting} 15 --message m", "15", 2),
            Bad("{sitting} x% --message m", "x%", 2),
        ),
    ),
    "sessions finish": Typed("{sitting}", nobody()),
    "sessions reopen": Typed("{handed_in}", (*nobody(), Bad("{handed_in} --time-from-now soon", "soon", 2))),
    "sessions retake": Typed("{marked}", nobody()),
    "sessions verify": Typed("{moderated}", nobody()),
    "sessions void": Typed(
        "{sitting} --reason absent --yes",
        (
            *nobody("{} --reason absent --yes"),
            Bad("{sitting} --reason abscent --yes", "absent", 2),
            Bad("{sitting} --reason other --yes", "when the reason is OTHER"),
        ),
    ),
    "marks import": Typed("{marks} --dry-run", (Bad("/no/such.csv", "/no/such.csv", 2), Bad("{garbage}", "garbage"))),
    "results show": Typed("{handed_in}", (*nobody(), Bad("{handed_in} --attempt 9", "ATTEMPT_NOT_FOUND"))),
    "results export": Typed("--release {release} --out {out}", no_release("--release {}")),
    "operations list": Typed("", (Bad("--status complete", "completed", 2), Bad("--kind regrad", "regrade", 2))),
    "operations show": Typed("{operation}", no_operation()),
    "operations wait": Typed("{operation}", (*no_operation(), Bad("{operation} --timeout 5", "5", 2))),
    "operations cancel": Typed("{operation}", no_operation()),
    "lockouts list": Typed(""),
    "lockouts lift": Typed(
        UNKNOWN_ID,
        (Bad(UNKNOWN_ID, "LOCKOUT_NOT_FOUND"), Bad("abc", "not a lock-out's id", 2)),
        elsewhere="test_cli_lockouts",
    ),
    "candidates erase": Typed(
        "{candidate} --reason r --live --yes",
        (
            Bad("' ' --reason r --yes", "candidate_id"),
            Bad("{candidate} --reason r", "say --live"),
            Bad("{candidate} --reason r --live", "say --yes", 2),
        ),
    ),
    "candidates export": Typed("{candidate} --out {out}", (Bad("{candidate} --out /no/such", "/no/such"),)),
    "candidates rekey": Typed(
        "--candidate-id-keys {garbage} --database-url {database}",
        (
            Bad("--candidate-id-keys {garbage} --database-url {database}", "personal-data"),
            Bad("--candidate-id-keys /no/such --database-url {database}", "/no/such"),
        ),
        elsewhere="test_cli_candidates",
    ),
    "retention apply": Typed(
        "--months 1 --reason r --yes",
        (*no_release("--months 1 --reason r --yes --release {}"), Bad("--months 1 --reason r", "say --yes", 2)),
    ),
    "watch": Typed(
        "--from 1 --count 1",
        (
            *no_release("--release {}"),
            *nobody("--session {}"),
            Bad("--state PAUSE", "did you mean PAUSED", 2),
            Bad("--from 999999", "SEQUENCE_AHEAD"),
        ),
    ),
    "board": Typed(
        "--centre K-03",
        (
            Bad("--centre K-03", "needs a terminal", 2),
            Bad("", "--district", 2),
        ),
        elsewhere="test_cli_room",
    ),
    "stuck": Typed("", (*no_release("--release {}"), Bad("--offline-for long", "long", 2))),
    "audit": Typed(
        "",
        (
            *no_release("--release {}"),
            Bad("--action voyd", "did you mean void", 2),
            Bad("--since yesterday", "yesterday", 2),
        ),
    ),
    "events tail": Typed(
        "--from 1 --count 1",
        (
            *no_release("--release {}"),
            Bad("--consumer 'A B'", "no name for a consumer", 2),
            Bad("--format jso", "json", 2),
        ),
    ),
    "events consumers": Typed(""),
    "events rewind": Typed(
        "{consumer} 0 --yes",
        (
            Bad("nobody 0 --yes", "has no consumer"),
            Bad("{consumer} many", "SEQUENCE", 2),
            Bad("{consumer} 0", "say --yes", 2),
        ),
    ),
    "workspaces create": Typed("{new_name}", (Bad("'A B'", "workspace_id"),)),
    "workspaces list": Typed(""),
    "workspaces show": Typed("{workspace}", (Bad("nosuch", "WORKSPACE_NOT_FOUND"),)),
    "workspaces edit": Typed(
        "{workspace} --display-name North",
        (Bad("nosuch --display-name North", "WORKSPACE_NOT_FOUND"), Bad("{workspace}", "nothing to edit", 2)),
    ),
    "workspaces close": Typed("{workspace}", (Bad("nosuch", "WORKSPACE_NOT_FOUND"),)),
    "workspaces reopen": Typed("{closed}", (Bad("nosuch", "WORKSPACE_NOT_FOUND"),)),
    "keys create": Typed(
        "anna --role reader --all-workspaces",
        (
            Bad("anna --role root --all-workspaces", "roles[0]"),
            Bad("anna", "without a role", 2),
            Bad("anna --role reader --all-workspaces --expires soon", "soon", 2),
        ),
    ),
    "keys list": Typed(""),
    "keys rotate": Typed("{key}", (Bad("nosuch", "API_KEY_NOT_FOUND"), Bad("{key} --overlap 2", "2", 2))),
    "keys revoke": Typed("{key} --yes", (Bad("nosuch --yes", "API_KEY_NOT_FOUND"), Bad("{key}", "say --yes", 2))),
    "keys bootstrap": Typed("--database-url {database}", (Bad("--database-url nonsense", "names no database", 2),)),
    "keys whoami": Typed(""),
    "context add": Typed(
        "north --target 127.0.0.1:1",
        (Bad("'a b' --target 127.0.0.1:1", "no name of a context", 2), Bad("north", "--target", 2)),
    ),
    "context use": Typed("{context}", (Bad("nosuch", "no context"),)),
    "context list": Typed(""),
    "context show": Typed("{context}", (Bad("nosuch", "no context"),)),
    "context remove": Typed("{context}", (Bad("nosuch", "no context"),)),
    "config show": Typed("", (Bad("--workers many", "--workers", 2), Bad("--config /no/such", "/no/such", 2))),
    "diagram": Typed(""),
}
"""By the words of the command."""

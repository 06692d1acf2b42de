"""What a request names: its workspace, its session, a filter; from messages to the values of commands and queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.commands.session_changes import Target
from exam_sessions.domain.records import AccessCode
from exam_sessions.domain.session_filter import NO, NOT_SET_ASIDE, SET_ASIDE, YES, SessionFilter
from exam_sessions.domain.states import MATURITY
from exam_sessions.domain.texts import flaw_of, fold_code
from exam_sessions.rpc.convert.times import micros

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions_client.v1 import session_pb2
    from exam_sessions_client.v1 import session_service_pb2 as pb


DEFAULT_WORKSPACE = "default"


def target_of(request: Any) -> Target:
    """The session a request names, and the version it saw."""
    # EnterKeycode names its session by no id, reads carry no etag.
    session_id, keycode = getattr(request, "session_id", ""), request.keycode
    handle: str | AccessCode = ""
    if keycode:
        handle = fold_code(keycode)
    elif not session_id:
        handle = _access_code_of(request.access_code)
    return Target(session_id.lower(), handle, getattr(request, "etag", ""))


def _access_code_of(key: session_pb2.AccessCodeKey) -> AccessCode:
    return AccessCode(key.release_id.lower(), fold_code(key.access_code))


def each_once(ids: Iterable[str]) -> tuple[str, ...]:
    """Ids as they are stored, in lower case, each once."""
    return tuple(dict.fromkeys(i.lower() for i in ids))


def check_filter(message: pb.SessionFilter) -> None:
    """Refuses a reference that no session can have. Raises InvalidField; not asked of a filter accepted earlier."""
    texts = [(f"candidate_ids[{n}]", text) for n, text in enumerate(message.candidate_ids)]
    texts += [(f"test_forms[{n}]", text) for n, text in enumerate(message.test_forms)]
    texts += [(name, getattr(message, name)) for name in ("school_id", "district_id", "centre_id")]
    texts += [("external_reference", message.external_reference), ("name", message.name)]
    for path, text in texts:
        if flaw := flaw_of(text, is_name=path == "name"):
            raise errors.invalid(f"filter.{path}", flaw)


def criteria_of(message: pb.SessionFilter) -> SessionFilter:
    """Which sessions a filter lets through. Raises InvalidField for a time out of range."""
    states: set[int] = set(message.states)
    if message.maturities:
        asked: set[int] = set(message.maturities)
        ripe = {state for state, maturity in MATURITY.items() if maturity in asked}
        states = states & ripe if states else ripe
        # No state fits both: 0 is never stored, so nothing matches.
        states = states or {0}
    return SessionFilter(
        each_once(message.release_ids),
        tuple(sorted(states)),
        tuple(dict.fromkeys(message.candidate_ids)),
        message.school_id,
        message.district_id,
        message.centre_id,
        micros(message.create_time, "start_time", "filter.create_time.start_time"),
        micros(message.create_time, "end_time", "filter.create_time.end_time"),
        micros(message.update_time, "start_time", "filter.update_time.start_time"),
        micros(message.update_time, "end_time", "filter.update_time.end_time"),
        test_forms=tuple(dict.fromkeys(message.test_forms)),
        external_reference=message.external_reference,
        name=message.name,
        finish_reasons=tuple(sorted(set(message.finish_reasons))),
        deadline_from=micros(message.deadline, "start_time", "filter.deadline.start_time"),
        deadline_until=micros(message.deadline, "end_time", "filter.deadline.end_time"),
        attempt=message.attempt,
        exception=(SET_ASIDE if message.exception else NOT_SET_ASIDE) if message.HasField("exception") else 0,
        accommodated=(YES if message.accommodated else NO) if message.HasField("accommodated") else 0,
        late=(YES if message.late else NO) if message.HasField("late") else 0,
    )

"""What a request names: the workspace where it names none, ids, a filter; from messages to values of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.session_filter import NO, NOT_SET_ASIDE, SET_ASIDE, YES, SessionFilter
from exam_sessions.domain.states import MATURITY
from exam_sessions.domain.texts import flaw_of
from exam_sessions.rpc.convert.times import micros

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions_client.v1 import session_service_pb2 as pb


DEFAULT_WORKSPACE = "default"


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

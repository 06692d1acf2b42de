"""The device that holds a session, where its release asks for one device: what is stored of it, who may take over.

An attempt token is drawn outside of the rules (random_codes.py); here are only digests of tokens. A session keeps its
device as long as the attempt: also when it was handed in, for it may be opened again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain import clock
from exam_sessions.domain.states import DevicePolicy, State

if TYPE_CHECKING:
    from exam_sessions.domain.records import Release, Session

ANY = int(DevicePolicy.ANY)
LAST_DEVICE = int(DevicePolicy.LAST_DEVICE)
OFFLINE = frozenset({State.OFFLINE, State.AWAITING_UPLOAD})
"""States in which answers are on the device alone; another device does not take over unasked."""

TOKENS_AT_MOST = 4
"""Tokens of one device: the first, and one for each of the last repetitions of the request that it entered with."""


class DeviceEntry(NamedTuple):
    """A device that enters a keycode."""

    label: str = ""
    """What it says it is."""
    presented: str = ""
    """Digest of the token it has already; empty without one."""
    issued: str = ""
    """Digest of the token it is to get; empty when it is only asked what would be."""
    request_id: str = ""


NO_ENTRY = DeviceEntry()


class Device(NamedTuple):
    """The device that holds a session."""

    label: str
    since: int
    """When it entered the keycode."""
    tokens: tuple[str, ...]
    """Digests of its tokens, the newest last. Any of them is good."""
    request_id: str = ""
    """The request it entered with; empty when that carried no id."""
    take_over_allowed: bool = False

    def facts(self) -> tuple[str, str]:
        """Its label and since when it holds the session, as refusals say it."""
        return self.label, clock.rfc3339(self.since)


UNKNOWN = Device("", 0, ())
"""What stands for a device whose column is damaged: no token is one of its own."""


def digest_of(token: str) -> str:
    """The digest by which a token is stored and compared; empty without a token."""
    return hashlib.sha256(token.encode()).hexdigest() if token else ""


def device_of(session: Session) -> Device | None:
    """The device of a session; None where none was bound."""
    return None if session.device is None else _read(session.device)


def _read(text: str) -> Device:
    try:
        label, since, tokens, request_id, allowed = json.loads(text)
        return Device(str(label), int(since), tuple(map(str, tokens)), str(request_id), bool(allowed))
    except (TypeError, ValueError, OverflowError):
        return UNKNOWN


def _written(device: Device) -> str:
    return json.dumps(device, separators=(",", ":"), ensure_ascii=False)


def holder_of(session: Session, release: Release) -> Device | None:
    """The device without whose token nothing is answered; None where any device may."""
    return device_of(session) if release.device_policy > ANY else None


def is_of(device: Device, digest: str) -> bool:
    """Whether a token is one of the device's, compared in constant time."""
    found = [hmac.compare_digest(digest.encode(), token.encode()) for token in device.tokens]
    return bool(digest) and any(found)


def may_be_replaced(device: Device, session: Session, release: Release) -> bool:
    """Whether another device may take the session over now."""
    at_once = release.device_policy == LAST_DEVICE and session.state not in OFFLINE
    return device.take_over_allowed or at_once


def entered(entry: DeviceEntry, now: int) -> str:
    """The column of a session that a device has just opened or taken over."""
    tokens = (entry.issued,) if entry.issued else ()
    return _written(Device(entry.label, now, tokens, entry.request_id))


def with_take_over_allowed(session: Session) -> str:
    """The column of a session once an invigilator allowed another device."""
    return _written((device_of(session) or UNKNOWN)._replace(take_over_allowed=True))


def without_label(session: Session) -> str | None:
    """The column of a session whose device is not to be recognized; its tokens go on."""
    device = device_of(session)
    return _written(device._replace(label="")) if device else None


def with_another_token(session: Session, release: Release, request_id: str, digest: str) -> str | None:
    """The column with one more token of the device, for a repetition of the request that it entered with.

    Returns:
        None where another device, or none, holds the session now.
    """
    device = holder_of(session, release)
    if device is None or not request_id or device.request_id != request_id:
        return None
    return _written(device._replace(tokens=(*device.tokens, digest)[-TOKENS_AT_MOST:]))


SHOWN = {"label": "device_label", "since": "device_enter_time", "take_over_allowed": "device_take_over_allowed"}
"""What the history shows of a device, and under which names."""


def shown_changes(before: object, after: object) -> dict[str, tuple[object, object]]:
    """What the history shows of a change of the column: no tokens, and no digests of them."""
    old, new = (_read(column) if isinstance(column, str) else None for column in (before, after))
    values = {name: (getattr(old, of, None), getattr(new, of, None)) for of, name in SHOWN.items()}
    return {name: (was, is_now) for name, (was, is_now) in values.items() if was != is_now}

"""Releases, between messages and records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.commands.session_changes import etag_of
from exam_sessions.domain.records import NO_GRACE, Release
from exam_sessions.domain.states import Delivery, Finalized
from exam_sessions.rpc.convert.result import fill_statistics
from exam_sessions.rpc.convert.times import micros, put
from exam_sessions_client.v1 import catalog_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.domain.statistics import Statistics

EDITABLE_RELEASE_FIELDS = (
    "name",
    "test_form",
    "window_start",
    "window_end",
    "duration",
    "invigilated",
    "requires_check_in",
    "auto_create_pin",
    "moderated",
    "max_attempts",
    "attempt_strategy",
    "grace_period",
    "online_grace_period",
    "allow_multiple_open_sessions",
    "device_policy",
)


def release_of(message: catalog_pb2.Release, release_id: str) -> Release:
    """A new release as a record; workspace and times are filled in when it is written."""
    return Release(
        workspace_id="",
        id=release_id,
        name=message.name,
        test_form=message.test_form,
        window_start=micros(message, "window_start", "release.window_start"),
        window_end=micros(message, "window_end", "release.window_end"),
        duration=micros(message, "duration", "release.duration"),
        delivery=message.delivery or Delivery.ONLINE,
        invigilated=int(message.invigilated),
        requires_check_in=int(message.requires_check_in),
        auto_create_pin=int(message.auto_create_pin),
        moderated=int(message.moderated),
        max_attempts=message.max_attempts,
        attempt_strategy=message.attempt_strategy or catalog_pb2.ATTEMPT_STRATEGY_HIGHEST,
        grace_period=micros(message, "grace_period", "release.grace_period", zero=NO_GRACE),
        allow_multiple_open_sessions=int(message.allow_multiple_open_sessions),
        finalized=int(Finalized.OPEN),
        create_time=0,
        update_time=0,
        version=1,
        online_grace_period=micros(message, "online_grace_period", "release.online_grace_period", zero=0),
        device_policy=message.device_policy or catalog_pb2.DEVICE_POLICY_ANY,
    )


def edited_fields(message: catalog_pb2.Release, paths: Iterable[str]) -> dict[str, Any]:
    """The columns a mask names, with their new values; `*` names all that are editable.

    Raises:
        errors.InvalidField: the mask is empty, or names what is not editable.
    """
    names = [name for path in paths for name in (EDITABLE_RELEASE_FIELDS if path == "*" else (path,))]
    unknown = [name for name in names if name not in EDITABLE_RELEASE_FIELDS]
    if unknown or not names:
        fault = f"{unknown[0]!r} cannot be edited" if unknown else "must name at least one field"
        raise errors.invalid("update_mask", f"{fault}; these can: {', '.join(EDITABLE_RELEASE_FIELDS)}")
    values = release_of(message, message.id)._asdict()
    return {name: values[name] for name in names}


def fill_release(message: catalog_pb2.Release, release: Release, statistics: Statistics | None = None) -> None:
    """Writes a release into a message."""
    message.workspace_id = release.workspace_id
    message.id = release.id
    message.name = release.name
    message.test_form = release.test_form
    for name in ("window_start", "window_end", "duration", "online_grace_period"):
        if value := getattr(release, name):
            put(getattr(message, name), value)
    if release.grace_period:
        message.grace_period.SetInParent()
        put(message.grace_period, max(0, release.grace_period))
    message.delivery = release.delivery  # type: ignore[assignment]
    message.invigilated = bool(release.invigilated)
    message.requires_check_in = bool(release.requires_check_in)
    message.auto_create_pin = bool(release.auto_create_pin)
    message.moderated = bool(release.moderated)
    message.max_attempts = release.max_attempts
    message.attempt_strategy = release.attempt_strategy  # type: ignore[assignment]
    message.allow_multiple_open_sessions = bool(release.allow_multiple_open_sessions)
    message.device_policy = release.device_policy  # type: ignore[assignment]
    message.finalized = bool(release.finalized)
    put(message.create_time, release.create_time)
    put(message.update_time, release.update_time)
    message.etag = etag_of(release.version)
    if statistics is not None:
        fill_statistics(message.statistics, statistics)

"""The rules of a release: which values it may have, how it is finalized, and what of its sessions an edit changes.

Which sessions a finalized release submits is in clock.py and decide.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain.booking import check_texts, check_window
from exam_sessions.domain.clock import UNDER_WAY
from exam_sessions.domain.decide import Decision, replace_fields
from exam_sessions.domain.marking import deciding_columns
from exam_sessions.domain.records import Event, Release, Session
from exam_sessions.domain.states import Action, Finalized, State
from exam_sessions.domain.texts import is_blank

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.domain.records import AttemptRecord


def create_release(release: Release) -> Release:
    """The release as it is created, once its fields have been found to fit each other. Raises InvalidField."""
    check_texts(release._asdict())
    return _checked(release)


def _checked(release: Release) -> Release:
    if is_blank(release.name):
        raise errors.invalid("name", "a release needs a name that is not blank")
    check_window(release.window_start, release.window_end)
    return release


def update_release(release: Release, fields: dict[str, Any], now: int) -> Release:
    """The release with some fields written anew.

    Raises:
        errors.ReleaseFinalized: the release is locked (ItemLogic, un-finalize).
        errors.InvalidField: the fields do not fit each other.
    """
    if release.finalized:
        raise errors.ReleaseFinalized(release.id)
    check_texts({name: value for name, value in fields.items() if value != getattr(release, name)})
    return _checked(_changed(release, now, **fields))


def finalize(release: Release, now: int) -> Release:
    """The release locked; what is in progress is still to be submitted.

    Raises:
        errors.ReleaseFinalized: it is locked already.
    """
    if release.finalized:
        raise errors.ReleaseFinalized(release.id)
    return _changed(release, now, finalized=int(Finalized.SUBMITTING))


def unfinalize(release: Release, now: int) -> Release:
    """The release open again (ItemLogic, un-finalize).

    Raises:
        errors.ReleaseNotFinalized: it is open.
    """
    if not release.finalized:
        raise errors.ReleaseNotFinalized(release.id)
    return _changed(release, now, finalized=int(Finalized.OPEN))


def is_submitting(release: Release) -> bool:
    """Whether the release is locked and waits for what is in progress to be submitted."""
    return release.finalized == Finalized.SUBMITTING


def close(release: Release, states: Collection[int], now: int) -> Release | None:
    """A submitting release closed: its statistics are shown from now on.

    Args:
        release: a release that is submitting.
        states: the states its sessions are in.
        now: the time of the change.

    Returns:
        None while a session is still in progress.
    """
    if any(state in UNDER_WAY for state in states):
        return None
    return _changed(release, now, finalized=int(Finalized.CLOSED))


def _changed(release: Release, now: int, **fields: Any) -> Release:
    return release._replace(**fields, update_time=now, version=release.version + 1)


def recount(session: Session, release: Release, attempts: Sequence[AttemptRecord], now: int) -> Decision | None:
    """A session whose deciding attempt is another, since the release has another strategy.

    Args:
        session: a session of the release.
        release: the release as it became.
        attempts: those of all attempts of the session.
        now: the time of the change.

    Returns:
        None where nothing changes: a voided session has no score, and the same attempt may count as before.
    """
    counted = deciding_columns(release.attempt_strategy, attempts)
    changes = {name: (old, new) for name, new in counted.items() if (old := getattr(session, name)) != new}
    if session.state == State.VOIDED or not changes:
        return None
    became = replace_fields(session, counted | {"update_time": now, "version": session.version + 1})
    event = Event(Action.UPDATE.value, session.state, session.state, "ATTEMPT_STRATEGY", changes=changes)
    return Decision(became, (event,), None, frozenset({*changes, "update_time", "version"}))

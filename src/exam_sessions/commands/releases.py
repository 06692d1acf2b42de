"""Creating and editing releases."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.commands.session_changes import check_release_etag, record
from exam_sessions.domain.attempts import UNREADABLE, cause_of
from exam_sessions.domain.release import create_release, recount, update_release
from exam_sessions.domain.states import State
from exam_sessions.execution.mutation import Mutation
from exam_sessions.execution.read_set import ReadSet

if TYPE_CHECKING:
    from exam_sessions.domain.records import Release, Session
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import ReleaseChanges

log = logging.getLogger(__name__)

CLOCKED = (State.SCHEDULED_BUT_LOCKED, State.IN_PROGRESS, State.OFFLINE)
"""States whose sessions the clock moves."""

TIMES = frozenset({"window_start", "window_end", "duration", "online_grace_period"})


class ReleaseMutation(Mutation):
    """A mutation of one release. The result is the release."""

    __slots__ = ()

    def replay_payload(self, result: Release) -> str:
        """Its id."""
        return result.id

    def replay(self, uow: ReleaseChanges, payload: str) -> Release:
        """The release as it is now."""
        return uow.releases.load(self.caller.workspace, payload)


class ChangeRelease(ReleaseMutation):
    """A mutation of a release that exists, of the version the caller saw (any when the etag is empty)."""

    __slots__ = ("etag", "release_id")

    def __init__(self, caller: Caller, release_id: str, etag: str) -> None:
        super().__init__(caller)
        self.release_id, self.etag = release_id, etag

    def declare_reads(self, reads: ReadSet) -> None:
        """The release."""
        reads.release(self.caller.workspace, self.release_id, to_change=True)

    def _current(self, uow: ReleaseChanges) -> Release:
        """The release as it stands. Raises ReleaseNotFound, StaleRelease."""
        release = uow.releases.get(self.caller.workspace, self.release_id)
        check_release_etag(release, self.etag)
        return release


class CreateRelease(ReleaseMutation):
    """A new release. The result is the release.

    It is refused for the name of another, by which people find releases, and for a form that the catalogue does not
    hold, unless these are allowed.
    """

    __slots__ = ("allow_duplicate_name", "allow_missing_form", "release")

    def __init__(
        self,
        caller: Caller,
        release: Release,
        *,
        allow_missing_form: bool = False,
        allow_duplicate_name: bool = False,
    ) -> None:
        super().__init__(caller)
        self.release = release
        self.allow_missing_form, self.allow_duplicate_name = allow_missing_form, allow_duplicate_name

    def declare_reads(self, reads: ReadSet) -> None:
        """Whatever has its id already."""
        reads.release(self.caller.workspace, self.release.id)

    def apply(self, uow: ReleaseChanges) -> Release:
        """Writes it, unless its id is taken."""
        workspace = self.caller.workspace
        release = self.release._replace(workspace_id=workspace, create_time=uow.clock.now, update_time=uow.clock.now)
        try:
            release = create_release(release)
        except errors.InvalidField as refusal:
            raise refusal.under("release") from None
        if uow.releases.exists(workspace, release.id):
            raise errors.DuplicateReleaseId(release.id)
        if not self.allow_duplicate_name:
            _check_name(uow, release)
        if not self.allow_missing_form:
            _check_form(uow, release)
        if not self.caller.validate_only:
            uow.releases.insert_now(release)
        return release


def _check_name(uow: ReleaseChanges, release: Release) -> None:
    """Refuses a release whose name another has. Raises DuplicateReleaseName."""
    if known := uow.releases.find_by_name(release.workspace_id, release.name):
        raise errors.DuplicateReleaseName(release.name, known.id)


def _check_form(uow: ReleaseChanges, release: Release) -> None:
    """Refuses a release whose form the catalogue does not hold; one may be without. Raises TestFormNotFound."""
    form = release.test_form
    if form and not uow.forms.revisions(release.workspace_id, {form}):
        raise errors.TestFormNotFound(form)


class UpdateRelease(ChangeRelease):
    """An edit of a release. The result is the release as it became.

    It is refused for a new name that another has, and for a new form that the catalogue does not hold, unless these
    are allowed.
    """

    __slots__ = ("allow_duplicate_name", "allow_missing_form", "fields")

    def __init__(
        self,
        caller: Caller,
        release_id: str,
        etag: str,
        fields: dict[str, Any],
        *,
        allow_missing_form: bool = False,
        allow_duplicate_name: bool = False,
    ) -> None:
        super().__init__(caller, release_id, etag)
        self.fields = fields
        self.allow_missing_form, self.allow_duplicate_name = allow_missing_form, allow_duplicate_name

    def apply(self, uow: ReleaseChanges) -> Release:
        """Writes it, and has the clock look at the sessions whose time may have changed."""
        release = self._current(uow)
        try:
            became = update_release(release, self.fields, uow.clock.moment(release))
        except errors.InvalidField as refusal:
            raise refusal.under("release") from None
        if became.name != release.name and not self.allow_duplicate_name:
            _check_name(uow, became)
        if became.test_form != release.test_form and not self.allow_missing_form:
            _check_form(uow, became)
        if not self.caller.validate_only:
            uow.releases.update_now(became)
            if TIMES & self.fields.keys():
                uow.sessions.mark_due_now(became, CLOCKED, self.caller)
            if became.attempt_strategy != release.attempt_strategy:
                self._count_anew(uow, became)
        return became

    def _count_anew(self, uow: ReleaseChanges, release: Release) -> None:
        """Another attempt may count now, of the few sessions that have had more than one; a damaged one stays."""
        for session in _locked_for_recount(uow, release):
            attempts = uow.attempts.of(session)
            decision = None
            try:
                if session.attempt > 1:
                    decision = recount(session, release, attempts, uow.clock.moment(session))
            except UNREADABLE as fault:
                cause = cause_of(fault, session, attempts)
                if not isinstance(cause, errors.SessionDamaged):
                    raise
                log.warning("release %s counts another attempt, but not of a session: %s", release.id, cause)
                continue
            if decision is not None:
                record(uow, session, decision, self.caller)


def _locked_for_recount(uow: ReleaseChanges, release: Release) -> list[Session]:
    """The sessions of a release that have had more than one attempt, locked, and others of it that were read."""
    known, reads = uow.sessions.known, ReadSet()
    for session_id in uow.sessions.ids_with_several_attempts(release):
        if (release.workspace_id, session_id) not in known:
            reads.session(release.workspace_id, session_id, "")
    if reads.sessions:
        uow.load(reads, to_write=True)
    return [session for session in known.values() if session.release_id == release.id]

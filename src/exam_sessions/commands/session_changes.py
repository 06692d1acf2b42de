"""Commands on sessions that exist: moves, edits, deletions; one, or many at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.attempts import UNREADABLE, cause_of, is_over
from exam_sessions.domain.decide import Decision, becomes_open, decide
from exam_sessions.domain.marking import NO_SCORE
from exam_sessions.domain.records import NO_MARKING_CONTEXT, SessionWithRelease, lost_release
from exam_sessions.domain.states import Action
from exam_sessions.domain.transition_table import ACTIONS
from exam_sessions.execution.mutation import Mutation
from exam_sessions.execution.reservation import BlockedByStagedImport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.records import AccessCode, Release, Session
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import SessionChanges
    from exam_sessions.execution.read_set import ReadSet


class Target(NamedTuple):
    """Which session, by id or else by keycode or access code, and the version the caller saw (any when empty)."""

    session_id: str = ""
    keycode: str | AccessCode = ""
    etag: str = ""


UNIQUE_FIELDS = {"candidate_id": "candidates", "access_code": "access_codes"}
"""Fields an edit may make collide with another session of the release."""


ENDING = frozenset({Action.VOID, Action.FAIL})
"""Actions on a session that need nothing of its release."""


def etag_of(version: int) -> str:
    """The etag of a version."""
    return f"v{version}"


def check_release_etag(release: Release, etag: str) -> None:
    """Refuses a release that is not as its caller saw it; any is when no etag is given. Raises StaleRelease."""
    if etag and etag != etag_of(release.version):
        raise errors.StaleRelease(release.id, etag_of(release.version))


def decide_target(
    uow: SessionChanges, caller: Caller, target: Target, command: Command
) -> tuple[Session, Release, Decision]:
    """The target session, its release, and the result of the command.

    Raises:
        errors.Refusal: a rule says no.
        errors.SessionNotFound: there is none, or it is of a centre that the caller is not bound to.
        errors.StaleSession: it is not what the caller saw.
    """
    session = uow.sessions.get(caller.workspace, target.session_id, target.keycode)
    if caller.centres is not None and session.centre_id not in caller.centres:
        raise errors.SessionNotFound(target.session_id or str(target.keycode))
    release = release_of(uow, session, command.action)
    if target.etag and target.etag != etag_of(session.version):
        raise errors.StaleSession(session.id, etag_of(session.version))
    try:
        decision = decide_on(uow, session, release, command)
    except errors.InvalidField as refusal:
        if command.action is Action.UPDATE:
            raise refusal.under("booking") from None
        raise
    if caller.centres is not None and decision.session:
        check_centre(caller, decision.session.centre_id, command.action.value)
    return session, release, decision


def release_of(uow: SessionChanges, session: Session, action: Action) -> Release:
    """The release of a session that was read; a blank one when it is gone and the action only ends the session.

    Raises:
        errors.SessionDamaged: it is gone.
    """
    release = uow.releases.known.get((session.workspace_id, session.release_id))
    if release is not None:
        return release
    if action not in ENDING:
        raise errors.SessionDamaged(session.id, "release")
    return lost_release(session.workspace_id, session.release_id)


def check_centre(caller: Caller, centre_id: str, action: str) -> None:
    """Keeps callers bound to centres from booking sessions, or moving them, elsewhere. Raises PermissionDenied."""
    if caller.centres is not None and centre_id not in caller.centres:
        raise errors.PermissionDenied(f"for sessions of centre {centre_id!r}", action)


def decide_on(uow: SessionChanges, session: Session, release: Release, command: Command) -> Decision:
    """The result of a command on a session.

    Raises:
        errors.Refusal: a rule says no, or the row of the session cannot be read (SessionDamaged).
    """
    marking_context = NO_MARKING_CONTEXT
    try:
        if ACTIONS[command.action].needs_form:
            marking_context = uow.forms.marking_context(session, command)
        return decide(session, release, command, uow.clock.moment(session), marking_context)
    except (errors.TestFormUnknown, *UNREADABLE) as fault:
        raise cause_of(fault, session, marking_context.attempts) from None


def record(uow: SessionChanges, session: Session, decision: Decision, caller: Caller) -> None:
    """Enters what was decided of a session: its attempts, and the session as it became, or its end; else nothing."""
    if decision.wiped:
        uow.attempts.clear(session)
    if decision.attempts:
        uow.attempts.put(session, decision.attempts)
    if decision.session is None:
        uow.sessions.delete(session, decision.events, caller)
    elif decision.events:
        uow.sessions.update(decision.session, decision.changed, decision.events, caller)


@dataclass(slots=True, eq=False)
class ChangeSession(Mutation):
    """One command on one session. The result is the session as it became; as it was, when it is deleted."""

    target: Target
    command: Command

    @property
    def leaves_refusals(self) -> bool:
        """A wrong PIN is counted."""
        return self.command.action is Action.ENTER_PIN

    def declare_reads(self, reads: ReadSet) -> None:
        """The session; its release comes with it, and its attempts where the command needs them."""
        reads.session(self.caller.workspace, self.target.session_id, self.target.keycode)
        reads.marking_context |= ACTIONS[self.command.action].followed_by is not None

    def apply(self, uow: SessionChanges) -> SessionWithRelease:
        """Decides the command; a refusal that must be counted is written all the same."""
        caller, command = self.caller, self.command
        session, release, decision = decide_target(uow, caller, self.target, command)
        became = decision.session or session
        if command.fields:
            check_unique(uow, release, [became], {name for name, _ in command.fields})
        if not caller.validate_only:
            record(uow, session, decision, caller)
        elif becomes_open(session, became) and uow.sessions.has_open_session(became):
            # What is written is watched by a unique index; what is only asked has to look.
            raise errors.CandidateHasOpenSession(session.candidate_id)
        if decision.refusal:
            raise decision.refusal
        if caller.validate_only and not is_over(session, release, session.attempt):
            # What the answers would earn must not be found out by asking.
            became = became._replace(**{name: getattr(session, name) for name in NO_SCORE})
        return SessionWithRelease(became, release)

    def replay_payload(self, result: SessionWithRelease) -> str:
        """The session's id, where the request does not say it itself."""
        return "" if self.target.session_id else result.session.id

    def replay(self, uow: SessionChanges, payload: str) -> SessionWithRelease:
        """The session as it is now, or as it was when it was deleted."""
        return load_with_release(uow, self.caller.workspace, self.target.session_id or payload)


class PinDisclosure(NamedTuple):
    """A session and the PIN its caller may see; empty where it is not to be seen."""

    pair: SessionWithRelease
    pin: str


class DisclosePin(ChangeSession):
    """A command whose first success shows the session's PIN (set_pin, get_pin). A check and a replay show none.

    Who shows a replay a PIN would show it without a row of history.
    """

    __slots__ = ()

    def apply(self, uow: SessionChanges) -> PinDisclosure:  # type: ignore[override]
        """Decides the command, as its base does."""
        pair = super().apply(uow)
        return PinDisclosure(pair, "" if self.caller.validate_only else pair.session.pin)

    def replay_payload(self, result: PinDisclosure) -> str:  # type: ignore[override]
        """The session's id, where the request does not say it itself."""
        return super().replay_payload(result.pair)

    def replay(self, uow: SessionChanges, payload: str) -> PinDisclosure:  # type: ignore[override]
        """The session as it is now, without its PIN."""
        return PinDisclosure(super().replay(uow, payload), "")


def load_with_release(uow: SessionChanges, workspace: str, session_id: str) -> SessionWithRelease:
    """A session as it is now, or as it was when it was deleted, with its release."""
    try:
        session = uow.sessions.get(workspace, session_id)
    except errors.SessionNotFound:
        session = uow.sessions.load_or_reconstruct(workspace, session_id)
    return SessionWithRelease(session, uow.releases.load(workspace, session.release_id))


def check_unique(uow: SessionChanges, release: Release, sessions: Sequence[Session], names: set[str]) -> None:
    """Refuses an edit that would make two sessions of a release share a candidate or an access code."""
    for row in collisions(uow, release, list(enumerate(sessions)), names):
        raise row.refusal


def collisions(
    uow: SessionChanges, release: Release, rows: Sequence[tuple[int, Session]], names: set[str]
) -> list[errors.RowRefusal]:
    """The rows whose edited candidate or access code is another session's, in the database or in the same call.

    `rows` are the sessions as they would become, each with its index in the call.

    Raises:
        BlockedByStagedImport: whether a value is free is known when a roster under way is done.
    """
    found: list[errors.RowRefusal] = []
    kinds = {"candidate_id": errors.DuplicateCandidate, "access_code": errors.DuplicateAccessCode}
    paths = {"candidate_id": "booking.candidate.candidate_id", "access_code": "booking.access_code"}
    for name in sorted(names & UNIQUE_FIELDS.keys()):
        before = {s.id: getattr(uow.sessions.get(s.workspace_id, s.id), name) for _, s in rows}
        changed = [(n, s) for n, s in rows if getattr(s, name) != before[s.id]]
        values = {getattr(s, name) for _, s in changed}
        kind = UNIQUE_FIELDS[name]
        conflicts = uow.conflicts.find(release, **{kind: values})
        if conflicts.blocked_by_staged_import:
            raise BlockedByStagedImport
        in_use: set[str] = getattr(conflicts.in_use, kind)
        used: dict[str, int] = {}
        for index, session in changed:
            value = getattr(session, name)
            if value in in_use or value in used:
                earlier = None if value in in_use else used[value]
                found.append(errors.RowRefusal(index, paths[name], kinds[name](value).of_row(earlier)))
            used.setdefault(value, index)
    return found

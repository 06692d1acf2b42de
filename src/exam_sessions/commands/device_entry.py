"""EnterKeycode: a device opens a session, and gets its attempt token where the release asks for one device."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.commands.session_changes import ChangeSession, record, release_of
from exam_sessions.domain import devices
from exam_sessions.domain.decide import renew_token
from exam_sessions.execution.random_codes import new_attempt_token

if TYPE_CHECKING:
    from exam_sessions.domain.records import Session, SessionWithRelease
    from exam_sessions.execution.capabilities import SessionChanges


class DeviceAdmission(NamedTuple):
    """A session, and the token of the device that entered it."""

    pair: SessionWithRelease
    token: str = ""
    """A token drawn for the device; empty where it gets none."""
    keeps_token: bool = False
    """Whether the token that the device presented is still good; the request holds it."""

    @property
    def session(self) -> Session:
        """The session alone."""
        return self.pair.session


class EnterKeycode(ChangeSession):
    """The command of a device that enters a keycode; its result says which token the device has from now on.

    Only the digest of a token is stored. A repetition of the request that the holding device entered with adds a
    token to those of the device, because the first reply may be lost and cannot be given again.
    """

    __slots__ = ()

    def apply(self, uow: SessionChanges) -> DeviceAdmission:  # type: ignore[override]
        """Decides the command, as its base does, with a token of its own where the release asks for one."""
        target, command = self.target, self.command
        session = uow.sessions.get(self.caller.workspace, target.session_id, target.keycode)
        release = release_of(uow, session, command.action)
        if release.device_policy <= devices.ANY:
            return DeviceAdmission(super().apply(uow))
        token = "" if self.caller.validate_only else new_attempt_token()
        entry = command.entry._replace(issued=devices.digest_of(token), request_id=self.caller.request_id)
        self.command = command._replace(entry=entry)
        pair = super().apply(uow)
        if self._is_holder(pair.session, entry.presented):
            return DeviceAdmission(pair, keeps_token=True)
        return DeviceAdmission(pair, token)

    @staticmethod
    def _is_holder(session: Session, digest: str) -> bool:
        device = devices.device_of(session)
        return device is not None and devices.is_of(device, digest)

    def replay_payload(self, result: DeviceAdmission) -> str:  # type: ignore[override]
        """The session's id, where the request does not say it itself."""
        return super().replay_payload(result.pair)

    def replay(self, uow: SessionChanges, payload: str) -> DeviceAdmission:  # type: ignore[override]
        """The session as it is now, with a token if the device still holds it."""
        pair = super().replay(uow, payload)
        session, release = pair
        if release.device_policy <= devices.ANY:
            return DeviceAdmission(pair)
        if self._is_holder(session, self.command.entry.presented):
            return DeviceAdmission(pair, keeps_token=True)
        token = new_attempt_token()
        now = uow.clock.moment(session)
        decision = renew_token(session, release, self.caller.request_id, devices.digest_of(token), now)
        if decision is None or (session.workspace_id, session.id) not in uow.sessions.known:
            return DeviceAdmission(pair)
        record(uow, session, decision, self.caller)
        return DeviceAdmission(pair._replace(session=decision.session or session), token)

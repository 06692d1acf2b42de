"""Wrong codes and credentials: whose they are, and who is locked out. Which calls name codes is guarded_methods.py's.

Counts are kept in background/lockouts.py, the rule is in domain/lockout.py.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from exam_sessions.background.lockouts import Watched
from exam_sessions.domain.access import Permission
from exam_sessions.domain.lockout import Guarded, Subject, SubjectKind, network_of
from exam_sessions.rpc.access.loopback import is_loopback
from exam_sessions.rpc.access.verified import ANYBODY

if TYPE_CHECKING:
    from exam_sessions.background.lockouts import Lockouts
    from exam_sessions.rpc.access.verified import CallIdentity

log = logging.getLogger(__name__)

CANDIDATE_ADDRESS = "x-candidate-address"
"""The metadata in which a principal that acts for others says for which address."""


class CodeGuard:
    """Counts wrong codes and credentials, and keeps out who is locked out.

    `counts_loopback`: whether those of loopback addresses and Unix sockets are counted by address.
    """

    def __init__(self, lockouts: Lockouts, *, counts_loopback: bool) -> None:
        self.lockouts, self._counts_loopback = lockouts, counts_loopback

    def watched(self, call: CallIdentity, workspace: str) -> list[Watched]:
        """Whose entries of codes a call counts for, in its workspace and in all together."""
        principal, rule, found = call.principal, self.lockouts.rule, []
        is_one_of_many = principal is not ANYBODY and principal.may(Permission.ACT_FOR_OTHERS)
        address, is_told = self._address_of(call)
        if address:
            wide = is_one_of_many and not is_told
            found.append((SubjectKind.ADDRESS, address, rule.widened() if wide else rule))
        if principal is not ANYBODY:
            found.append((SubjectKind.PRINCIPAL, principal.name, rule.widened() if is_one_of_many else rule))
        here = [Watched(Subject(workspace, Guarded.CODES, kind, value), rule) for kind, value, rule in found]
        for one in tuple(here):
            value = principal.identity if one.subject.kind is SubjectKind.PRINCIPAL else one.subject.value
            everywhere = one.subject._replace(workspace="", value=value)
            here.append(Watched(everywhere, one.rule.widened()))
        return here

    def check_codes(self, call: CallIdentity, workspace: str) -> None:
        """Keeps a call out that names a code. Raises TooManyWrongCodes."""
        locked = self.lockouts.locked_values
        principal = call.principal
        if principal.name in locked or principal.identity in locked or self._address_of(call)[0] in locked:
            self.lockouts.check(self.watched(call, workspace))

    def check_credential(self, call: CallIdentity) -> None:
        """Refuses a credential that was not verified before. Raises TooManyWrongCodes."""
        if self.lockouts.locked_values:
            self.lockouts.check(self._showing(call))

    def wrong_credential(self, call: CallIdentity) -> None:
        """Counts a wrong credential."""
        self.lockouts.failed(self._showing(call))

    def _showing(self, call: CallIdentity) -> list[Watched]:
        """Who is counted for a wrong credential: the address only, for the principal is not known."""
        address = _network_of(call.peer(), self._counts_loopback)
        subject = Subject("", Guarded.CREDENTIALS, SubjectKind.ADDRESS, address)
        return [Watched(subject, self.lockouts.rule)] if address else []

    def _address_of(self, call: CallIdentity) -> tuple[str, bool]:
        """The address that a call's entries count for, empty where none; and whether a trusted caller gave it."""
        peer = call.peer()
        own = _network_of(peer, self._counts_loopback)
        # Where callers are not authenticated, only programs of this machine are trusted.
        trusted = (
            _is_of_this_machine(peer) if call.principal is ANYBODY else call.principal.may(Permission.ACT_FOR_OTHERS)
        )
        given = call.metadata(CANDIDATE_ADDRESS) if trusted else ()
        if not given:
            return own, False
        try:
            return network_of(str(given[-1])), True
        except ValueError:
            log.warning("%s is not an IP address: %.60r", CANDIDATE_ADDRESS, given[-1])
            return own, False


@lru_cache(10_000)
def _is_of_this_machine(peer: str) -> bool:
    """Whether an address is that of a program on the same machine; so is one that the transport does not say."""
    try:
        return is_loopback(peer)
    except ValueError:
        return True


@lru_cache(10_000)
def _network_of(peer: str, counts_loopback: bool) -> str:
    """The network of an address; empty where it is not counted."""
    if _is_of_this_machine(peer):
        return peer if counts_loopback else ""
    return network_of(peer)

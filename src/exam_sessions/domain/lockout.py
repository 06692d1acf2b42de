"""When somebody who enters wrong codes is locked out, and for how long: counts and times in, counts and times out.

Wrong entries are counted for a subject: an address or a principal, and apart for codes (keycodes, access codes, PINs)
and for credentials (API keys, tokens). Who is asked, and where counts are kept, is background/lockouts.py's.
"""

from __future__ import annotations

from enum import IntEnum
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

FORGOTTEN_AFTER = 24 * 3600 * 1_000_000
"""Microseconds after the end of a lock-out from which the next one is as short as the first."""

WIDER = 10
"""How many times as many wrong entries are allowed where one subject stands for many: for a principal that acts for
others, and for a subject in all workspaces together."""

DOUBLINGS_AT_MOST = 30
"""How often the length of a lock-out is doubled at most; lock_at_most ends it long before."""

IPV6_NETWORK = 64
"""Bits of an IPv6 address that one network has; its holder may change the others at will."""


class Guarded(IntEnum):
    """What is guessed."""

    CODES = 1
    CREDENTIALS = 2


class SubjectKind(IntEnum):
    """Whose wrong entries are counted together."""

    ADDRESS = 1
    PRINCIPAL = 2


class Subject(NamedTuple):
    """Whose wrong entries of what are counted together, in one workspace or, with an empty one, in the deployment."""

    workspace: str
    guarded: Guarded
    kind: SubjectKind
    value: str
    """The address, of IPv6 its network; or the principal's name."""

    @property
    def key(self) -> str:
        """The subject within its workspace, as it is stored."""
        return f"{self.guarded.name.lower()}/{self.kind.name.lower()}/{self.value}"


def subject_of(workspace: str, key: str) -> Subject:
    """The subject that is stored under a key."""
    guarded, kind, value = key.split("/", 2)
    return Subject(workspace, Guarded[guarded.upper()], SubjectKind[kind.upper()], value)


def network_of(address: str) -> str:
    """An address as wrong entries are counted: an IPv4 address, or the /64 network of an IPv6 address.

    Raises:
        ValueError: it is not an IP address.
    """
    found = ip_address(address)
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    above = int(found) >> (128 - IPV6_NETWORK) << (128 - IPV6_NETWORK)
    return f"{IPv6Address(above)}/{IPV6_NETWORK}"


class Tries(NamedTuple):
    """What is counted for a subject. Times are in microseconds since 1970."""

    workspace_id: str
    subject: str
    """`Subject.key`."""
    wrong: int = 0
    """Wrong entries since the window began."""
    entered: int = 0
    """Sessions that were entered with a right code since then."""
    window_start: int = 0
    lockouts: int = 0
    """Lock-outs so far that have not expired."""
    locked_until: int = 0
    update_time: int = 0

    def is_locked(self, now: int) -> bool:
        """Whether the subject is locked out."""
        return now < self.locked_until


class LockoutRule(NamedTuple):
    """How many wrong entries lock a subject out, and for how long. Times are in microseconds."""

    at_most: int
    """Wrong entries that lock out, in addition to one for each session entered; 0 locks nobody out."""
    window: int
    """How long entries are counted together."""
    lock: int
    """How long the first lock-out lasts; each further one twice as long."""
    lock_at_most: int
    """How long a lock-out lasts at most."""

    def widened(self) -> LockoutRule:
        """The rule of a subject that stands for many."""
        return self._replace(at_most=self.at_most * WIDER)

    def length_of(self, earlier: int) -> int:
        """How long a lock-out lasts that follows so many."""
        return min(self.lock << min(earlier, DOUBLINGS_AT_MOST), self.lock_at_most)


NO_LOCKOUT = LockoutRule(0, 1, 0, 0)
"""Locks nobody out."""


def count(tries: Tries, wrong: int, entered: int, now: int, rule: LockoutRule) -> Tries:
    """What is counted after more entries; locked out, where they are too many.

    A subject that is locked out stays so until then: what it entered before it was refused changes nothing.
    """
    if tries.is_locked(now):
        return tries._replace(update_time=now)
    if not 0 <= now - tries.window_start < rule.window:
        tries = tries._replace(wrong=0, entered=0, window_start=now)
    if tries.lockouts and now - tries.locked_until >= FORGOTTEN_AFTER:
        tries = tries._replace(lockouts=0)
    tries = tries._replace(wrong=tries.wrong + wrong, entered=tries.entered + entered, update_time=now)
    if not rule.at_most or tries.wrong < rule.at_most + tries.entered:
        return tries
    end = now + rule.length_of(tries.lockouts)
    return tries._replace(entered=0, lockouts=tries.lockouts + 1, locked_until=end, window_start=0)

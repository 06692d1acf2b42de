"""Limits of calls, by principal and by workspace: so many within a time, so many at once. Off unless a file has some.

Each server counts for itself: N servers together let N times as many through. The rule is domain/rates.py's.
"""

from __future__ import annotations

import tomllib
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.rates import Rate
from exam_sessions.rpc.cannot_serve import CannotServe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.rpc.access.verified import CallIdentity

PRINCIPAL, WORKSPACE = "principal", "workspace"

KEPT = 20_000
"""Principals or workspaces of one limit that are kept; those who have not called for a while go first."""

AGAIN_S = 0.5
"""After how long a call may be tried again that was one too many at once, in seconds."""

FILE_AT_MOST = 1024 * 1024
MOST = 1_000_000_000


class CannotLimit(CannotServe):
    """The file of `--limits` cannot be used; the text names file, table and key."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "mend it, or serve without --limits")


class Limit(NamedTuple):
    """One table of the file."""

    by: str
    """PRINCIPAL or WORKSPACE: whose calls are counted together."""
    only: frozenset[str]
    """Names of principals or workspaces; empty: each of them by itself."""
    rpcs: frozenset[str]
    """Names of RPCs, which are counted together; empty: all."""
    rate: Rate | None
    at_once: int
    """0: any number."""

    def in_words(self) -> str:
        """The limit as a refusal says it."""
        parts = [f"{self.rate.calls} calls within {self.rate.within_s:g} s"] if self.rate else []
        return " and ".join(parts + ([f"{self.at_once} at once"] if self.at_once else []))


class Counter:
    """Counts the calls of one limit."""

    def __init__(self, limit: Limit, clock: Callable[[], float] = monotonic) -> None:
        self.limit, self._clock = limit, clock
        self._full_at: dict[str, float] = {}
        self._under_way: dict[str, int] = {}

    def concerns(self, name: str) -> bool:
        """Whether the limit is of a principal or workspace of that name."""
        return not self.limit.only or name in self.limit.only

    def enter(self, name: str) -> None:
        """Counts a call in. Raises RateLimited."""
        limit = self.limit
        if limit.at_once and self._under_way.get(name, 0) >= limit.at_once:
            raise errors.RateLimited(limit.by, limit.in_words(), AGAIN_S)
        if rate := limit.rate:
            now, full_at = self._clock(), self._full_at.get(name, 0.0)
            if (wait := rate.wait(full_at, now)) > 0:
                raise errors.RateLimited(limit.by, limit.in_words(), wait)
            if name not in self._full_at and len(self._full_at) >= KEPT:
                self._let_go(now)
            self._full_at[name] = rate.taken(full_at, now)
        if limit.at_once:
            self._under_way[name] = self._under_way.get(name, 0) + 1

    def leave(self, name: str) -> None:
        """Counts a call out that was counted in."""
        left = self._under_way.get(name, 0) - 1
        if left > 0:
            self._under_way[name] = left
        else:
            self._under_way.pop(name, None)

    def _let_go(self, now: float) -> None:
        """Makes room: of those whose buckets are full, for they begin anew in the same way; else of the oldest."""
        self._full_at = {name: full_at for name, full_at in self._full_at.items() if full_at > now}
        while len(self._full_at) >= KEPT:
            del self._full_at[next(iter(self._full_at))]


class MethodLimits:
    """The limits that concern the calls of one RPC."""

    def __init__(self, counters: Sequence[Counter]) -> None:
        self._of_principal = tuple(c for c in counters if c.limit.by == PRINCIPAL)
        self._of_workspace = tuple(c for c in counters if c.limit.by == WORKSPACE)

    def enter(self, call: CallIdentity) -> None:
        """Counts a call for its principal, before its request is read. Raises RateLimited."""
        call.counted = []
        if self._of_principal:
            self._enter(self._of_principal, call.principal.name, call.principal.identity, call)

    def enter_workspace(self, call: CallIdentity, workspace: str) -> None:
        """Counts a call for its workspace. Raises RateLimited."""
        if self._of_workspace:
            self._enter(self._of_workspace, workspace, workspace, call)

    @staticmethod
    def _enter(counters: Sequence[Counter], name: str, counted_as: str, call: CallIdentity) -> None:
        for counter in counters:
            if not counter.concerns(name):
                continue
            try:
                counter.enter(counted_as)
            except errors.RateLimited:
                MethodLimits.leave(call)
                raise
            if counter.limit.at_once:
                call.counted.append((counter, counted_as))

    @staticmethod
    def leave(call: CallIdentity) -> None:
        """Counts a call out, however it ended; more than once does no harm."""
        for counter, name in getattr(call, "counted", ()):
            counter.leave(name)
        call.counted = []


class Limits:
    """All limits of a server."""

    def __init__(self, limits: Sequence[Limit], clock: Callable[[], float] = monotonic) -> None:
        self._counters = [Counter(limit, clock) for limit in limits]

    def of(self, rpc: str) -> MethodLimits | None:
        """Those that concern an RPC; None without any."""
        counters = [c for c in self._counters if not c.limit.rpcs or rpc in c.limit.rpcs]
        return MethodLimits(counters) if counters else None


def limits_in(path: str, known: frozenset[str]) -> list[Limit]:
    """The limits of a TOML file, `[[limit]]` after `[[limit]]`; `known` are the names of the RPCs there are.

    Raises:
        CannotLimit: the file cannot be read, or something in it is no limit.
    """
    try:
        data = Path(path).read_bytes()
        if len(data) > FILE_AT_MOST:
            raise CannotLimit(f"{path} is longer than {FILE_AT_MOST:,} bytes")
        content = tomllib.loads(data.decode())
    except OSError as error:
        raise CannotLimit(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CannotLimit(f"{path} is not TOML: {error}") from error
    tables = content.pop("limit", [])
    if content or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise CannotLimit(f"{path} may hold tables [[limit]] only")
    return [_limit_of(table, f"{path}, [[limit]] number {number}", known) for number, table in enumerate(tables, 1)]


def _limit_of(table: dict[str, Any], where: str, known: frozenset[str]) -> Limit:
    for key in table:
        if key not in {"by", "only", "rpcs", "calls", "within_s", "at_once"}:
            raise CannotLimit(f"{where}: {key} is not known; these are: by, only, rpcs, calls, within_s, at_once")
    if table.get("by") not in {PRINCIPAL, WORKSPACE}:
        raise CannotLimit(f'{where}: by must be "{PRINCIPAL}" or "{WORKSPACE}"')
    names = {key: _names(table.get(key, []), f"{where}: {key}") for key in ("only", "rpcs")}
    if unknown := sorted(names["rpcs"] - known):
        raise CannotLimit(f"{where}: rpcs: there is no RPC {unknown[0]}")
    calls, at_once = (_count(table.get(key, 0), f"{where}: {key}") for key in ("calls", "at_once"))
    within = table.get("within_s", 1)
    if isinstance(within, bool) or not isinstance(within, int | float) or not isfinite(within) or within <= 0:
        raise CannotLimit(f"{where}: within_s must be seconds, more than 0")
    if not calls and not at_once:
        raise CannotLimit(f"{where}: says neither calls nor at_once, and so limits nothing")
    rate = Rate(calls, float(within)) if calls else None
    return Limit(table["by"], names["only"], names["rpcs"], rate, at_once)


def _names(value: object, where: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise CannotLimit(f"{where} must be a list of names")
    return frozenset(value)


def _count(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise CannotLimit(f"{where} must be a whole number from 0 to {MOST:,}")
    return value

"""Who is locked out after wrong codes: in memory, stored in batches, shared with the other servers of the database.

Entries are counted here at once, so that a server locks out by itself. They are stored a moment later, many in one
transaction; what another server locked out, or lifted, is read within a second. The rule is in domain/lockout.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.commands.lockouts import CountTries, Entries, ForgetTries, PurgeLockouts
from exam_sessions.domain.lockout import FORGOTTEN_AFTER, LockoutRule, Subject, Tries, count, subject_of
from exam_sessions.execution.outages import OUTAGES
from exam_sessions.store.database_errors import DatabaseDown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from exam_sessions.execution.group_commit import GroupCommitQueue
    from exam_sessions.execution.lockout_queries import LockoutReads
    from exam_sessions.execution.mutation import SystemMutation

log = logging.getLogger(__name__)

SYNC_EVERY_S = 0.3
"""Seconds between two looks at what is to be stored and at what others have stored."""

TRACKED_AT_MOST = 20_000
"""Subjects counted in memory. What is counted of others is in the database, and is read with their next entry."""

PENDING_AT_MOST = 10_000
"""Subjects with entries that are not stored yet. Where more come at a time, the later ones are counted here only."""

LOCKED_AT_MOST = 50_000
"""Lock-outs in force that are read from the database."""

ENTERED_AT_MOST = 50_000
"""Sessions whose entry was counted, so that none is counted twice."""

STORED_AT_ONCE = 100
"""Subjects of one transaction, so that callers wait for no more than that."""

PURGE_EVERY = 2_000
"""Looks between two removals of what is old: about ten minutes."""

PURGED_AT_ONCE = 1_000
"""Rows removed of each kind at a time."""

KEPT = 400 * 24 * 3600 * 1_000_000
"""Microseconds for which a lock-out is kept after its end: addresses are personal data."""


FAILURES: tuple[type[Exception], ...] = (*OUTAGES, DatabaseDown, errors.Overloaded, errors.ShuttingDown)
"""After which what was counted is stored later."""


class Watched(NamedTuple):
    """A subject whose entries are counted, and by which rule."""

    subject: Subject
    rule: LockoutRule


class Lockouts:
    """The lock-outs of a server. It is called on the event loop."""

    def __init__(
        self, reads: LockoutReads, queue: GroupCommitQueue, now: Callable[[], int], rule: LockoutRule
    ) -> None:
        self._reads, self._queue, self._now = reads, queue, now
        self.rule = rule
        self.locked_values: set[str] = set()
        """Addresses and names of principals that may be locked out of something; all others need no further check."""
        self._locked: dict[Subject, int] = {}
        self._tries: OrderedDict[Subject, Tries] = OrderedDict()
        self._pending: dict[Subject, Entries] = {}
        self._entered: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lifts = self._looks = self._dropped = 0
        self._sharing: asyncio.Task[None] | None = None

    @property
    def in_force(self) -> int:
        """How many subjects are locked out, as far as this server has seen."""
        return len(self._locked)

    def check(self, watched: Iterable[Watched]) -> None:
        """Refuses a call of subjects that are locked out.

        Raises:
            errors.TooManyWrongCodes: one is.
        """
        now = self._now()
        for subject, _ in watched:
            end = self._locked.get(subject, 0)
            if now < end:
                raise errors.TooManyWrongCodes(
                    subject.guarded.name.lower(), subject.kind.name.lower(), _as_text(end), (end - now) / 1e6
                )

    def failed(self, watched: Iterable[Watched]) -> None:
        """Counts a wrong entry of each of these subjects."""
        for subject, rule in watched:
            self._count(subject, rule, wrong=1)

    def entered(self, workspace: str, entry: str, watched: Iterable[Watched]) -> None:
        """Counts a session that was entered with a right code, once: `entry` is the session and what was entered."""
        if (workspace, entry) in self._entered:
            return
        self._entered[workspace, entry] = None
        if len(self._entered) > ENTERED_AT_MOST:
            self._entered.popitem(last=False)
        for subject, rule in watched:
            self._count(subject, rule, entered=1)

    def lifted(self, subject: Subject) -> None:
        """Removes a subject whose lock-out was lifted."""
        self._lifts += 1
        self._locked.pop(subject, None)
        self._tries.pop(subject, None)
        self._pending.pop(subject, None)

    async def start(self) -> None:
        """Takes over who is locked out, and begins to share what is counted."""
        if self.rule.at_most:
            await self.sync()
            self._sharing = asyncio.create_task(self._share())

    async def close(self) -> None:
        """Stores what was counted last, unless the database is away, and ends."""
        if self._sharing:
            self._sharing.cancel()
            await asyncio.gather(self._sharing, return_exceptions=True)
            with suppress(*FAILURES):
                await self._store()

    async def _share(self) -> None:
        while True:
            await asyncio.sleep(SYNC_EVERY_S)
            try:
                await self.sync()
            except FAILURES:
                pass  # counted where it failed
            except Exception:
                log.exception("lock-outs were not stored or read; the next look tries again")

    async def sync(self) -> None:
        """Stores what was counted, and reads what others have."""
        await self._store()
        await self._refresh()
        self._looks += 1
        if self._looks % PURGE_EVERY == 0:
            await self._purge()

    def _count(self, subject: Subject, rule: LockoutRule, *, wrong: int = 0, entered: int = 0) -> None:
        tries = self._tries.pop(subject, None) or Tries(subject.workspace, subject.key)
        self._learn(subject, count(tries, wrong, entered, self._now(), rule))
        known = self._pending.get(subject)
        if known is None and len(self._pending) >= PENDING_AT_MOST:
            self._dropped += 1
            return
        self._pending[subject] = _added(known, Entries(rule, wrong, entered))

    def _learn(self, subject: Subject, tries: Tries) -> None:
        """Takes over what is counted for a subject."""
        self._tries[subject] = tries
        if len(self._tries) > TRACKED_AT_MOST:
            self._tries.popitem(last=False)
        if tries.is_locked(self._now()):
            if subject not in self._locked:
                log.warning("%s is locked out until %s", _in_words(subject), _as_text(tries.locked_until))
            self._locked[subject] = tries.locked_until
            self.locked_values.add(subject.value)
        else:
            self._locked.pop(subject, None)

    async def _store(self) -> None:
        """Stores what was counted since the last time; what cannot be stored now waits for the next."""
        if self._dropped:
            log.warning("wrong entries of %s subjects were counted on this server only", self._dropped)
            self._dropped = 0
        pending, self._pending = self._pending, {}
        waiting = list(pending.items())
        try:
            while waiting:
                batch = _first_batch(waiting)
                workspace = batch[0][0].workspace
                entries = {subject.key: found for subject, found in sorted(batch, key=lambda one: one[0].key)}
                for tries in await self._queue.submit(CountTries(workspace, entries)):
                    self._stored(subject_of(workspace, tries.subject), tries)
                waiting = waiting[len(batch) :]
        finally:
            for subject, found in waiting:
                self._pending[subject] = _added(found, self._pending.get(subject))

    def _stored(self, subject: Subject, tries: Tries) -> None:
        """Takes over what is stored of a subject, with what was entered meanwhile."""
        if later := self._pending.get(subject):
            tries = count(tries, later.wrong, later.entered, self._now(), later.rule)
        self._tries.pop(subject, None)
        self._learn(subject, tries)

    async def _refresh(self) -> None:
        """Takes over who is locked out by the database, and who is no more."""
        lifts, now = self._lifts, self._now()
        stored = await self._reads.locked(now, LOCKED_AT_MOST)
        if lifts != self._lifts:
            return
        locked = {subject_of(tries.workspace_id, tries.subject): tries.locked_until for tries in stored}
        for subject, end in self._locked.items():
            if subject in self._pending:
                locked.setdefault(subject, end)
            elif subject not in locked:
                # Lifted on another server, or over.
                self._tries.pop(subject, None)
        self._locked = locked
        self.locked_values = {subject.value for subject in locked}

    async def _purge(self) -> None:
        """Removes counts that are not needed any more, and lock-outs that have been kept long enough."""
        now = self._now()
        forgotten = max(self.rule.window, FORGOTTEN_AFTER + self.rule.lock_at_most)
        await self._remove(ForgetTries, await self._reads.old_tries(now - forgotten, PURGED_AT_ONCE))
        await self._remove(PurgeLockouts, await self._reads.old(now - KEPT, PURGED_AT_ONCE))

    async def _remove(
        self, mutation: Callable[[str, Sequence[str]], SystemMutation], rows: Sequence[tuple[str, str]]
    ) -> None:
        by_workspace: dict[str, list[str]] = {}
        for workspace, key in rows:
            by_workspace.setdefault(workspace, []).append(key)
        for workspace, keys in by_workspace.items():
            await self._queue.submit(mutation(workspace, keys))


def _added(before: Entries | None, after: Entries | None) -> Entries:
    """Both together; one of them is there."""
    if before is None or after is None:
        found = before or after
        assert found is not None
        return found
    return Entries(after.rule, before.wrong + after.wrong, before.entered + after.entered)


def _first_batch(waiting: Sequence[tuple[Subject, Entries]]) -> list[tuple[Subject, Entries]]:
    """The first entries that are of one workspace, and no more than one transaction takes."""
    workspace = waiting[0][0].workspace
    batch = []
    for one in waiting[:STORED_AT_ONCE]:
        if one[0].workspace != workspace:
            break
        batch.append(one)
    return batch


def _as_text(moment: int) -> str:
    """Microseconds since 1970 as RFC 3339, to the second, rounded up."""
    return datetime.fromtimestamp(-(-moment // 1_000_000), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_words(subject: Subject) -> str:
    where = f"of workspace {subject.workspace}" if subject.workspace else "of all workspaces"
    return f"{subject.kind.name.lower()} {subject.value!r} after wrong {subject.guarded.name.lower()} {where}"

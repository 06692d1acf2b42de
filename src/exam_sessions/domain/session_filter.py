"""Which sessions a caller asks for, and in which order: values that the store turns into statements."""

from __future__ import annotations

from typing import NamedTuple

NO_CENTRE = ("\n",)
"""Centres that no session has: no reference holds a line feed."""


class SessionFilter(NamedTuple):
    """Which sessions: those that match every criterion that is not empty. Times are half-open, 0 is open."""

    release_ids: tuple[str, ...] = ()
    states: tuple[int, ...] = ()
    candidate_ids: tuple[str, ...] = ()
    school_id: str = ""
    district_id: str = ""
    centre_id: str = ""
    created_from: int = 0
    created_until: int = 0
    updated_from: int = 0
    updated_until: int = 0
    session_ids: tuple[str, ...] = ()
    test_forms: tuple[str, ...] = ()
    external_reference: str = ""
    name: str = ""
    """A part of the candidate's name, in any case."""
    finish_reasons: tuple[int, ...] = ()
    deadline_from: int = 0
    deadline_until: int = 0
    attempt: int = 0
    exception: int = 0
    """SET_ASIDE, NOT_SET_ASIDE, or 0 for either."""
    accommodated: int = 0
    """Whether the candidate has extra time, or a time limit or a window of their own: YES, NO, or 0 for either."""
    late: int = 0
    """Whether anything of the attempt came late: YES, NO, or 0 for either."""

    centres: tuple[str, ...] | None = None
    """The centres that the caller is bound to; None: all."""
    schools: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()

    def within(self, centres: frozenset[str] | None) -> SessionFilter:
        """Of these, the sessions of some centres only; None: of all."""
        return self if centres is None else self._replace(centres=tuple(sorted(centres)) or NO_CENTRE)

    @property
    def by_deadline(self) -> bool:
        """Whether it asks for the deadline, which depends on the release too."""
        return bool(self.deadline_from or self.deadline_until)


YES, NO = SET_ASIDE, NOT_SET_ASIDE = 1, 2


ORDERS = ("create_time", "create_time desc", "id")


ID_SCAN = "id scan"
"""By id, reading all sessions of the workspace: cheaper for many pages than to sort all that match for each."""


class PageCursor(NamedTuple):
    """Where a page ended: the last row's values of the columns it is ordered by."""

    create_time: int
    id: str

"""Who may do what: permissions, the roles that bundle them, and principals. Credentials are verified in rpc/access/.

The numbers of Permission are those of the protos. Roles are this one table; docs/reference/roles is made from it.
"""

from __future__ import annotations

import hashlib
import json
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection


LISTED_AT_MOST = 200
"""Characters of workspaces that an identity names."""


class Permission(IntEnum):
    """What a principal may do; the meaning of each is in access.proto."""

    NONE = 1
    OF_ACTION = 2
    READ_SESSION = 3
    LIST_SESSIONS = 4
    WATCH_SESSIONS = 5
    BOOK_SESSIONS = 6
    PREPARE_SESSIONS = 7
    DELIVER_SESSIONS = 8
    HAND_IN_SESSIONS = 9
    INVIGILATE_SESSIONS = 10
    VOID_SESSIONS = 11
    RESTORE_SESSIONS = 12
    RECOVER_SESSIONS = 13
    MARK_SESSIONS = 14
    MODERATE_SESSIONS = 15
    READ_RESPONSES = 16
    READ_RESULTS = 17
    READ_KEYS = 18
    READ_FORMS = 19
    MANAGE_FORMS = 20
    READ_RELEASES = 21
    MANAGE_RELEASES = 22
    FINALIZE_RELEASES = 23
    READ_OPERATIONS = 24
    MANAGE_OPERATIONS = 25
    READ_PERSONAL_DATA = 26
    MANAGE_PERSONAL_DATA = 27
    READ_CODES = 28
    MANAGE_ACCESS = 29
    MANAGE_WORKSPACES = 30
    READ_LOCKOUTS = 31
    LIFT_LOCKOUTS = 32
    ACT_FOR_OTHERS = 33


P = Permission

_READER = frozenset(
    {P.READ_SESSION, P.LIST_SESSIONS, P.WATCH_SESSIONS, P.READ_RELEASES, P.READ_RESULTS, P.READ_OPERATIONS}
)
_MARKER = frozenset(
    {
        P.READ_SESSION,
        P.LIST_SESSIONS,
        P.READ_RELEASES,
        P.READ_FORMS,
        P.READ_RESPONSES,
        P.READ_RESULTS,
        P.READ_KEYS,
        P.MARK_SESSIONS,
    }
)

ROLES: dict[str, frozenset[Permission]] = {
    "admin": frozenset(Permission),
    "author": frozenset({P.READ_FORMS, P.MANAGE_FORMS, P.READ_RELEASES, P.READ_KEYS}),
    "scheduler": frozenset(
        {
            P.READ_SESSION,
            P.LIST_SESSIONS,
            P.WATCH_SESSIONS,
            P.BOOK_SESSIONS,
            P.PREPARE_SESSIONS,
            P.READ_RELEASES,
            P.MANAGE_RELEASES,
            P.READ_OPERATIONS,
            P.READ_PERSONAL_DATA,
            P.READ_CODES,
        }
    ),
    "invigilator": frozenset(
        {
            P.READ_SESSION,
            P.LIST_SESSIONS,
            P.WATCH_SESSIONS,
            P.HAND_IN_SESSIONS,
            P.INVIGILATE_SESSIONS,
            P.VOID_SESSIONS,
            P.READ_RELEASES,
            P.READ_OPERATIONS,
            P.READ_PERSONAL_DATA,
            P.READ_CODES,
            P.READ_LOCKOUTS,
            P.LIFT_LOCKOUTS,
        }
    ),
    "candidate": frozenset({P.READ_SESSION, P.DELIVER_SESSIONS, P.HAND_IN_SESSIONS, P.READ_RESPONSES}),
    "marker": _MARKER,
    "moderator": _MARKER
    | {
        P.WATCH_SESSIONS,
        P.MODERATE_SESSIONS,
        P.RESTORE_SESSIONS,
        P.RECOVER_SESSIONS,
        P.FINALIZE_RELEASES,
        P.READ_OPERATIONS,
        P.MANAGE_OPERATIONS,
    },
    "reader": _READER,
    "auditor": _READER
    | {P.READ_RESPONSES, P.READ_KEYS, P.READ_FORMS, P.READ_PERSONAL_DATA, P.READ_CODES, P.READ_LOCKOUTS},
    "operator": frozenset(
        {
            P.READ_SESSION,
            P.LIST_SESSIONS,
            P.WATCH_SESSIONS,
            P.PREPARE_SESSIONS,
            P.RECOVER_SESSIONS,
            P.READ_RELEASES,
            P.READ_OPERATIONS,
            P.MANAGE_OPERATIONS,
            P.READ_LOCKOUTS,
            P.LIFT_LOCKOUTS,
        }
    ),
}
"""What each role may do. Roles add up: a principal of several may do what any of them may."""


class Principal(NamedTuple):
    """Who calls, as far as a credential proves it."""

    name: str
    """What history shows as the actor; 1 to 128 printable ASCII characters."""
    permissions: frozenset[Permission]
    workspaces: frozenset[str] | None = None
    """The workspaces it is bound to; None: all."""
    centres: frozenset[str] | None = None
    """The centres whose sessions it reads and changes; None: all."""
    roles: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """What is counted for it beyond one workspace goes by: another tenant may give the same name to another."""
        return self.name if self.workspaces is None else _bound_identity(self.name, self.workspaces)

    def may(self, permission: Permission) -> bool:
        """Whether it has a permission; everybody has NONE."""
        return permission in self.permissions or permission is Permission.NONE


@lru_cache(10_000)
def _bound_identity(name: str, workspaces: frozenset[str]) -> str:
    """A name with the workspaces of its principal; names hold no blanks, so that it is no other's."""
    listed = ", ".join(sorted(workspaces))
    if len(listed) <= LISTED_AT_MOST:
        return f"{name} of {listed}"
    return f"{name} of {len(workspaces)} workspaces, {hashlib.blake2b(listed.encode(), digest_size=8).hexdigest()}"


def stored_names(names: Collection[str] | None) -> str:
    """The workspaces or centres a principal is bound to as they are stored: sorted, each once; empty: all."""
    return "" if names is None else json.dumps(sorted(set(names)), ensure_ascii=False)


def names_of(text: str) -> frozenset[str] | None:
    """The workspaces or centres that are stored; None: all."""
    return frozenset(json.loads(text)) if text else None


def permissions_of(roles: tuple[str, ...]) -> frozenset[Permission]:
    """What principals of these roles may do. Raises KeyError for a role that is none."""
    return frozenset().union(*(ROLES[role] for role in roles))

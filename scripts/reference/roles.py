"""docs/reference/roles.md: what each role may do, and what each RPC needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.longrunning import operations_pb2

from exam_sessions.domain.access import ROLES, Permission
from exam_sessions.rpc.access.requirements import Requirement, requirement_of
from reference.protos import PACKAGE, comment_of, services, table

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRODUCTION = """\
# Roles and permissions

Where callers are authenticated ([security](../operate/security.md)), each RPC needs one permission, which stands in
the protos as the option `(exam_sessions.v1.permission)`. Roles hold permissions; a caller of several roles may do
what any of them may. Every other caller is refused with [PERMISSION_DENIED](errors.md#permission_denied).
"""

RPCS = """\
## What each RPC needs

An RPC of the whole workspace cannot be called by who is bound to centres: it reads or changes more than the sessions
of those.
"""

NO_ROLE = frozenset({Permission.NONE, Permission.OF_ACTION})
"""What needs no role of its own."""


def page() -> str:
    """The page."""
    return "\n".join(
        [
            INTRODUCTION,
            "## What each permission allows\n",
            table(("Permission", "Allows", "Roles"), list(_permissions())),
            RPCS,
            table(("RPC", "Permission", "Whole workspace", "Fields that need another"), list(_rpcs())),
        ]
    )


def _permissions() -> Iterator[tuple[str, ...]]:
    for permission in Permission:
        if permission not in NO_ROLE:
            meaning = comment_of(f"{PACKAGE}.Permission.PERMISSION_{permission.name}")
            roles = [role for role, permissions in ROLES.items() if permission in permissions]
            yield f"`{permission.name}`", meaning, ", ".join(roles)


def _rpcs() -> Iterator[tuple[str, ...]]:
    operations = operations_pb2.DESCRIPTOR.services_by_name["Operations"]
    for service in (*services(), operations):
        for method in service.methods:
            requirement = requirement_of(method)
            fields = "; ".join(f"`{'.'.join(path)}`: {needed.name}" for path, needed in requirement.fields)
            yield f"{method.name}", _needed(requirement), "yes" if requirement.whole_workspace else "", fields


def _needed(requirement: Requirement) -> str:
    words = {Permission.NONE: "any credential", Permission.OF_ACTION: "that of the action's own RPC"}
    return words.get(requirement.permission, requirement.permission.name)

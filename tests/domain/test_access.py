from __future__ import annotations

from exam_sessions.domain.access import ROLES, Permission, permissions_of
from exam_sessions_client.v1 import access_pb2


def test_permissions_have_the_names_and_numbers_of_the_protos():
    ours = {f"PERMISSION_{permission.name}": permission.value for permission in Permission}
    assert {"PERMISSION_UNSPECIFIED": 0} | ours == dict(access_pb2.Permission.items())


def test_the_roles_are_those_of_the_contract():
    assert list(ROLES) == [
        "admin",
        "author",
        "scheduler",
        "invigilator",
        "candidate",
        "marker",
        "moderator",
        "reader",
        "auditor",
        "operator",
    ]


def test_every_permission_is_given_by_a_role_besides_admin_or_is_the_admins_alone():
    given = frozenset().union(*(ROLES[role] for role in ROLES if role != "admin"))
    assert set(Permission) - given == {
        Permission.NONE,
        Permission.OF_ACTION,
        Permission.MANAGE_PERSONAL_DATA,
        Permission.MANAGE_ACCESS,
        Permission.MANAGE_WORKSPACES,
        Permission.ACT_FOR_OTHERS,
    }


def test_roles_add_up():
    assert permissions_of(("author", "marker")) == ROLES["author"] | ROLES["marker"]

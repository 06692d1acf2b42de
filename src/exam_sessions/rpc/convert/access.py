"""Principals and API keys, between messages and records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from exam_sessions import errors
from exam_sessions.domain.access import Permission, names_of
from exam_sessions.domain.actor import Actor
from exam_sessions.domain.api_keys import Grant
from exam_sessions.domain.texts import flaw_of
from exam_sessions.rpc.access.verified import UNVERIFIED
from exam_sessions.rpc.convert.times import put

if TYPE_CHECKING:
    from exam_sessions.domain.stored_records import ApiKeyRow
    from exam_sessions.rpc.access.verified import Verified
    from exam_sessions_client.v1 import access_pb2
    from exam_sessions_client.v1 import access_service_pb2 as pb


def grant_of(request: pb.CreateApiKeyRequest) -> Grant:
    """What a key is to be allowed. Raises InvalidField."""
    if request.all_workspaces and request.workspaces:
        raise errors.invalid("workspaces", "must be empty with all_workspaces")
    if not request.all_workspaces and not request.workspaces:
        raise errors.invalid("workspaces", "must name one at least, unless all_workspaces is set")
    for n, centre in enumerate(request.centres):
        if flaw := flaw_of(centre):
            raise errors.invalid(f"centres[{n}]", flaw)
    workspaces = None if request.all_workspaces else tuple(request.workspaces)
    return Grant(request.name, tuple(request.roles), workspaces, tuple(request.centres) or None)


def fill_api_key(message: pb.ApiKey, row: ApiKeyRow) -> None:
    """Writes a key, without its digest."""
    message.id, message.name = row.id, row.name
    message.roles.extend(json.loads(row.roles))
    workspaces = names_of(row.workspaces)
    message.workspaces.extend(sorted(workspaces or ()))
    message.all_workspaces = workspaces is None
    message.centres.extend(sorted(names_of(row.centres) or ()))
    for field, time in (
        (message.create_time, row.create_time),
        (message.expire_time, row.expire_time),
        (message.revoke_time, row.revoke_time),
        (message.last_use_time, row.last_use_time),
    ):
        if time:
            put(field, time)
    message.rotated_from = row.rotated_from
    message.creator, message.created_for = Actor.stored(row.creator)


def fill_principal(message: pb.Principal, verified: Verified, actor: str) -> None:
    """Writes who calls; where nobody is authenticated, under the name it gives itself."""
    principal = verified.principal
    message.authenticated = verified is not UNVERIFIED
    message.name = principal.name if message.authenticated else actor
    message.credential = verified.credential
    if verified.expires:
        put(message.expire_time, verified.expires)
    message.roles.extend(principal.roles)
    # Its numbers are those of the protos; the first two are no permissions of anybody.
    held = sorted(int(permission) for permission in principal.permissions if permission > Permission.OF_ACTION)
    message.permissions.extend(cast("list[access_pb2.Permission]", held))
    message.workspaces.extend(sorted(principal.workspaces or ()))
    message.all_workspaces = principal.workspaces is None
    message.centres.extend(sorted(principal.centres or ()))
    message.all_centres = principal.centres is None

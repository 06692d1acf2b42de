"""AccessService: who calls, and API keys. Converts, submits, converts; decides nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from exam_sessions.commands.api_keys import CreateApiKey, RevokeApiKey, RotateApiKey
from exam_sessions.domain.actor import Actor
from exam_sessions.execution.random_codes import new_credential
from exam_sessions.rpc import pages
from exam_sessions.rpc.convert.access import fill_api_key, fill_principal, grant_of
from exam_sessions.rpc.convert.reply_size import fitting
from exam_sessions.rpc.convert.times import micros
from exam_sessions_client.v1 import access_service_pb2 as pb

if TYPE_CHECKING:
    from exam_sessions.commands.api_keys import KeyMutation
    from exam_sessions.domain.stored_records import ApiKeyRow
    from exam_sessions.rpc.methods import Call, Method, QueuedMethod
    from exam_sessions.service import Service

log = logging.getLogger(__name__)

OVERLAP = 24 * 3600 * 1_000_000
"""How long a rotated key goes on where the request does not say, in microseconds."""

API_KEY_AT_MOST = 400_000
"""Bytes of a key: it may name a thousand workspaces and a thousand centres."""

NO_OVERLAP = -1
"""Stands for an overlap that is set to zero."""


class AccessServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | QueuedMethod]:
        """The methods by the names of their RPCs."""
        return {
            "GetPrincipal": self.get_principal,
            "CreateApiKey": self.create,
            "ListApiKeys": self.list,
            "RotateApiKey": self.rotate,
            "RevokeApiKey": self.revoke,
        }

    async def get_principal(self, _: pb.GetPrincipalRequest, call: Call) -> pb.GetPrincipalResponse:
        """Says who calls."""
        reply = pb.GetPrincipalResponse()
        fill_principal(reply.principal, call.verified, call.actor())
        return reply

    async def create(self, request: pb.CreateApiKeyRequest, call: Call) -> pb.CreateApiKeyResponse:
        """Creates a key."""
        expire_time = micros(request, "expire_time", "expire_time")
        grant, credential = grant_of(request), new_credential()
        mutation = CreateApiKey(call.outside_workspaces(request), call.principal, grant, expire_time, credential)
        reply = pb.CreateApiKeyResponse()
        self._fill_new(reply, await self._service.write(mutation), mutation)
        _log(mutation, "created", reply.api_key)
        return reply

    async def rotate(self, request: pb.RotateApiKeyRequest, call: Call) -> pb.RotateApiKeyResponse:
        """Creates the successor of a key."""
        overlap = micros(request, "overlap", "overlap", zero=NO_OVERLAP) or OVERLAP
        mutation = RotateApiKey(
            call.outside_workspaces(request),
            call.principal,
            request.api_key_id,
            max(overlap, 0),
            micros(request, "expire_time", "expire_time"),
            new_credential(),
        )
        reply = pb.RotateApiKeyResponse()
        self._fill_new(reply, await self._service.write(mutation), mutation)
        _log(mutation, f"rotated from {reply.api_key.rotated_from}", reply.api_key)
        return reply

    @staticmethod
    def _fill_new(
        reply: pb.CreateApiKeyResponse | pb.RotateApiKeyResponse,
        row: ApiKeyRow,
        mutation: CreateApiKey | RotateApiKey,
    ) -> None:
        """Writes a new key with its credential; without it where this call did not make the key."""
        fill_api_key(reply.api_key, row)
        if mutation.has_made(row):
            reply.credential = mutation.credential

    async def list(self, request: pb.ListApiKeysRequest, call: Call) -> pb.ListApiKeysResponse:
        """Reads a page: one row more than asked shows whether there is another."""
        most, found = pages.size(request.page_size), pages.cursor(request, request.page_token)
        page = await self._service.reads.api_keys.page(call.principal, found[1] if found else "", most + 1)
        reply = pb.ListApiKeysResponse()
        for row in page[:most]:
            fill_api_key(reply.api_keys.add(), row)
        shown = fitting(reply.api_keys, API_KEY_AT_MOST)
        del reply.api_keys[shown:]
        if len(page) > shown:
            reply.next_page_token = pages.token(request, 0, page[shown - 1].id)
        return reply

    async def revoke(self, request: pb.RevokeApiKeyRequest, call: Call) -> pb.RevokeApiKeyResponse:
        """Ends a key."""
        mutation = RevokeApiKey(call.outside_workspaces(request), call.principal, request.api_key_id)
        reply = pb.RevokeApiKeyResponse()
        fill_api_key(reply.api_key, await self._service.write(mutation))
        _log(mutation, "revoked", reply.api_key)
        return reply


def _log(mutation: KeyMutation, done: str, key: pb.ApiKey) -> None:
    """Leaves in the log who did what to a key."""
    if not mutation.caller.validate_only:
        principal, acting_for = Actor.stored(mutation.caller.actor)
        by = f"{principal} for {acting_for}" if acting_for else principal
        log.info("API key %s of %s: %s by %s", key.id, key.name, done, by)

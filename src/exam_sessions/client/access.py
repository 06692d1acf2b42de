"""Calls to AccessService: who calls, and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.client.channel import PAGE, Channel
from exam_sessions.client.times import put
from exam_sessions_client.v1 import access_service_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ApiKey = access_service_pb2.ApiKey
Principal = access_service_pb2.Principal


class NewKey(NamedTuple):
    """A key, and the credential, which is not shown again."""

    key: ApiKey
    credential: str


class AccessCalls(Channel):
    """Calls about principals and keys."""

    def principal(self) -> Principal:
        """Who calls, and what it may do."""
        return self._call(self._rpc.access.GetPrincipal, access_service_pb2.GetPrincipalRequest()).principal

    def create_key(
        self,
        name: str,
        roles: Sequence[str],
        *,
        workspaces: Sequence[str] = (),
        centres: Sequence[str] = (),
        expire_time: int = 0,
    ) -> NewKey:
        """Creates an API key.

        Args:
            name: of its principal.
            roles: by name.
            workspaces: that it is bound to; all when empty.
            centres: whose sessions it may read; all when empty.
            expire_time: microseconds since 1970; 0 is never.
        """
        request = access_service_pb2.CreateApiKeyRequest(
            name=name,
            roles=roles,
            workspaces=workspaces,
            all_workspaces=not workspaces,
            centres=centres,
        )
        if expire_time:
            put(request.expire_time, expire_time)
        reply = self._call(self._rpc.access.CreateApiKey, request)
        return NewKey(reply.api_key, reply.credential)

    def keys(self) -> Iterator[ApiKey]:
        """The keys that the caller may manage, by id."""
        request = access_service_pb2.ListApiKeysRequest(page_size=PAGE)
        for page in self._pages(self._rpc.access.ListApiKeys, request):
            yield from page.api_keys

    def rotate_key(self, key_id: str, overlap: int, expire_time: int = 0) -> NewKey:
        """Creates the successor of a key, which goes on for `overlap` microseconds. `expire_time` as above."""
        request = access_service_pb2.RotateApiKeyRequest(api_key_id=key_id)
        request.overlap.SetInParent()
        put(request.overlap, overlap)
        if expire_time:
            put(request.expire_time, expire_time)
        reply = self._call(self._rpc.access.RotateApiKey, request)
        return NewKey(reply.api_key, reply.credential)

    def revoke_key(self, key_id: str) -> ApiKey:
        """Ends a key."""
        request = access_service_pb2.RevokeApiKeyRequest(api_key_id=key_id)
        return self._call(self._rpc.access.RevokeApiKey, request).api_key

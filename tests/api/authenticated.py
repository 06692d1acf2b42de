"""Servers that authenticate their callers, and API keys for them."""

from __future__ import annotations

from contextlib import contextmanager

from exam_sessions.commands.api_keys import CreateApiKey
from exam_sessions.domain.access import ROLES, Principal
from exam_sessions.domain.api_keys import SYSTEM_WORKSPACE, Grant
from exam_sessions.execution.caller import Caller
from exam_sessions.execution.random_codes import new_credential
from serving import ApiClient, serving

ADMIN = Principal("root", ROLES["admin"], roles=("admin",))


def key_of(server, *roles, name="somebody", workspaces=None, centres=None, expires=0):
    """A new API key, made on the server's machine."""
    grant = Grant(name, tuple(roles), _names(workspaces), _names(centres))
    credential = new_credential()
    server.run(_written(server, CreateApiKey(Caller(SYSTEM_WORKSPACE, "root"), ADMIN, grant, expires, credential)))
    return credential


def _names(names):
    return None if names is None else tuple(names)


async def _written(server, mutation):
    return await server.app.service.write(mutation)


def client_of(server, *roles, workspace="default", **grant):
    """A client with a key of its own."""
    client = ApiClient(server.target, workspace)
    client.metadata = bearer(key_of(server, *roles, **grant))
    return client


def bearer(credential, *more):
    """The metadata that carries a credential."""
    return (("authorization", f"Bearer {credential}"), *more)


@contextmanager
def guarded(database, *arguments, **settings):
    """A server that takes API keys only."""
    with serving(database, *arguments, auth="keys", **settings) as server:
        yield server

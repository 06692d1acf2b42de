"""How to be refused for a credential, and managing access; entered with the others when it is imported."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from authenticated import bearer, client_of, guarded, key_of
from grpc import StatusCode as Code
from messages import new_id
from refusal_cases import refused_with

from issuing import EVERYBODY_READS, IssuerKeys, config_file
from serving import ApiClient, serving

KEYS = IssuerKeys(e="ES256")
YEAR = 365 * 24 * 3600


@contextmanager
def caller(stage, credential=None, **settings):
    """A client of a server of its own; `credential` makes what it calls with."""
    with stage.new_database() as database, guarded(database, stage.clock, **settings) as server:
        client = ApiClient(server.target, "default")
        client.metadata = bearer(credential(server)) if credential else ()
        yield client
        client.close()


def get_principal(client):
    return lambda: client.call("GetPrincipal")


@refused_with(Code.NOT_FOUND)
def api_key_not_found(stage):
    yield lambda: stage.api.call("RevokeApiKey", api_key_id="nobody"), {"api_key_id": "nobody"}


@refused_with(Code.FAILED_PRECONDITION)
def api_key_ended(stage):
    created = stage.api.call("CreateApiKey", name="anna", roles=["reader"], all_workspaces=True).api_key
    stage.api.call("RevokeApiKey", api_key_id=created.id)
    yield lambda: stage.api.call("RotateApiKey", api_key_id=created.id), {"api_key_id": created.id}


@refused_with(Code.UNAUTHENTICATED)
def credential_missing(stage):
    with caller(stage) as client:
        yield get_principal(client), {}


@refused_with(Code.UNAUTHENTICATED)
def credential_invalid(stage):
    with caller(stage, lambda _: "es_000000000000_" + "0" * 64) as client:
        yield get_principal(client), {}


@refused_with(Code.UNAUTHENTICATED)
def credential_expired(stage):
    with caller(stage, lambda server: key_of(server, "reader", expires=stage.clock() + 1_000_000)) as client:
        stage.clock.advance(1)
        yield get_principal(client), {}


@refused_with(Code.UNAUTHENTICATED)
def credential_revoked(stage):
    def revoked(server):
        credential = key_of(server, "reader")
        client_of(server, "admin").call("RevokeApiKey", api_key_id=credential.split("_")[1])
        return credential

    with caller(stage, revoked) as client:
        yield get_principal(client), {}


@refused_with(Code.UNAUTHENTICATED)
def credential_not_yet_valid(stage):
    with TemporaryDirectory() as directory, stage.new_database() as database:
        file = config_file(Path(directory), KEYS.jwks(), EVERYBODY_READS)
        with serving(database, auth="jwt", auth_config=str(file)) as server:
            client = ApiClient(server.target, "default")
            client.metadata = bearer(KEYS.token("e", nbf=32_503_680_000))
            yield get_principal(client), {}
            client.close()


@refused_with(Code.PERMISSION_DENIED)
def permission_denied(stage):
    with caller(stage, lambda server: key_of(server, "reader")) as client:
        facts = {"permission": "VOID_SESSIONS", "rpc": "VoidSession"}
        yield lambda: client.call("VoidSession", session_id=new_id()), facts


@refused_with(Code.PERMISSION_DENIED)
def grant_exceeds_caller(stage):
    with caller(stage, lambda server: key_of(server, "admin", workspaces=["north"])) as client:
        grant = {"name": "anna", "roles": ["reader"], "workspaces": ["north", "south"]}
        yield lambda: client.call("CreateApiKey", **grant), {"kind": "workspace", "value": "south"}

"""An issuer of tokens that tests share, and what becomes of calls with a credential."""

from __future__ import annotations

from grpc import StatusCode

from issuing import IssuerKeys
from serving import ApiClient, Refused

KEYS = IssuerKeys(r="RS256", e="ES256", d="EdDSA")
SSO = (
    'name_prefix = "sso:"\nroles_claim = "roles"\nworkspaces_claim = "ws"\ncentres_claim = "centres"\nleeway_s = 0\n'
)
WATCHER = {"roles": ["admin"], "ws": "*", "centres": "*"}


def client_with(server, *metadata, workspace="default"):
    client = ApiClient(server.target, workspace)
    client.metadata = metadata
    return client


def reason_of(client, rpc="GetPrincipal", **fields):
    """Why a call is refused; empty when it is not."""
    try:
        client.call(rpc, **fields)
    except Refused as refused:
        found = refused
    else:
        return ""
    assert (found.code, found.metadata) == (StatusCode.UNAUTHENTICATED, {})
    return found.reason

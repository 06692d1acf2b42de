"""Refusals of a caller: its credential does not hold, or what it proves is not enough.

No text says which part of a credential was wrong, and none repeats any of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from exam_sessions.errors.refusal import Denied, NotFound, Unauthenticated, WrongState


@dataclass(eq=False)
class CredentialMissing(Unauthenticated):
    """The call carries no credential, and its RPC needs one."""

    text = (
        "this call needs a credential; send an API key or a token in the metadata `authorization: Bearer ...`, "
        "or connect with a client certificate"
    )


@dataclass(eq=False)
class CredentialInvalid(Unauthenticated):
    """The credential is none that this service accepts."""

    text = (
        "the credential is not accepted; check that it is complete and was issued for this service, "
        "or ask an administrator for a new one"
    )


@dataclass(eq=False)
class CredentialExpired(Unauthenticated):
    """The credential was valid until a time that has passed."""

    text = "the credential has expired; get a new one and repeat the call"


@dataclass(eq=False)
class CredentialRevoked(Unauthenticated):
    """The credential was revoked, or replaced by a rotation whose overlap has ended."""

    text = "the credential was revoked; ask an administrator for a new one"


@dataclass(eq=False)
class CredentialNotYetValid(Unauthenticated):
    """The credential is valid from a time that has not come."""

    text = "the credential is not valid yet; check the clock of the issuer, or wait and repeat the call"


@dataclass(eq=False)
class PermissionDenied(Denied):
    """The credential is valid, and its principal lacks the permission that the RPC needs."""

    permission: str
    rpc: str
    text = (
        "{rpc} needs the permission {permission}, which this credential does not have; "
        "ask an administrator for a role that includes it"
    )


@dataclass(eq=False)
class GrantExceedsCaller(Denied):
    """A key was to be given more than its giver has."""

    kind: str
    value: str
    text = "a key cannot be given the {kind} {value}, which the caller does not have; ask somebody who has it"


@dataclass(eq=False)
class ApiKeyNotFound(NotFound):
    """No such key, or none the caller may see."""

    api_key_id: str
    text = "there is no API key {api_key_id} that this caller may manage; list the keys to find its id"


@dataclass(eq=False)
class ApiKeyEnded(WrongState):
    """The key is revoked, has expired, or was rotated already."""

    api_key_id: str
    text = "the API key {api_key_id} is revoked, expired or rotated already; create a new key instead"

"""What a call carries as its credential, and what verifiers make of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple, Protocol

from exam_sessions.domain.access import ROLES, Principal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Credentials(NamedTuple):
    """What a call carries."""

    token: str
    """The bearer token of the metadata `authorization`; empty: none."""
    sans: tuple[str, ...]
    """The subject alternative names of the client certificate, whose signature TLS has checked."""
    peer: str
    """The address of the other side."""
    certificate: bytes = b""
    """The client certificate itself, in PEM; empty without one."""


class ClientCertificate(NamedTuple):
    """What TLS has verified of the other side."""

    sans: tuple[str, ...] = ()
    """Its subject alternative names."""
    pem: bytes = b""


NO_CERTIFICATE = ClientCertificate()


class Verified(NamedTuple):
    """A principal, and the credential that proves it."""

    principal: Principal
    credential: str
    """The credential's id, such as `key:4f2k9`; never the credential itself."""
    expires: int = 0
    """When it ends, in microseconds since 1970; 0: never."""


ANYBODY = Principal("anonymous", ROLES["admin"], roles=("admin",))
"""The principal of every call where nobody is authenticated."""

NOBODY = Principal("", frozenset(), frozenset(), frozenset())
"""The principal of a call that has not passed the gate."""

UNVERIFIED = Verified(ANYBODY, "")


class Counts(Protocol):
    """Counts calls that are under way, by a name."""

    def leave(self, name: str) -> None:
        """Counts one out."""


class CallIdentity(ABC):
    """What a call carries of its caller, and its principal once it has passed the gate."""

    __slots__ = ("code_workspace", "counted", "principal", "verified")

    counted: list[tuple[Counts, str]]
    """Where it is counted as under way. Set where calls are limited."""

    code_workspace: str
    """The workspace in which its request names a code; empty without one, and where codes are not guarded."""

    principal: Principal
    """Who calls; NOBODY until it has passed the gate."""

    verified: Verified
    """The principal with the credential that proves it."""

    @abstractmethod
    def metadata(self, key: str) -> Sequence[str | bytes]:
        """The values of a key of the metadata as they came: as often as it was given."""

    @abstractmethod
    def peer(self) -> str:
        """The address of the other side, without its port; `unix` on a Unix socket."""

    @abstractmethod
    def certificate(self) -> ClientCertificate:
        """The client certificate; NO_CERTIFICATE without one."""


class Verifier(Protocol):
    """Verifies one kind of credential."""

    async def verify(self, credentials: Credentials) -> Verified | None:
        """Returns who it is; None where the credentials are of another kind.

        Raises:
            errors.Unauthenticated: they are of this kind, and prove nothing.
        """

    async def revoked(self, credentials: Collection[str]) -> set[str]:
        """Returns those of these ids of credentials that do not hold any more. Asked every second."""

    async def used(self, credentials: Collection[str]) -> None:
        """Takes note of the credentials in use since the last time, by their ids. Called every second."""

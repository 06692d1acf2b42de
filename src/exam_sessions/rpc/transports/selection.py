"""The transport that settings name, if it can do what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.rpc.cannot_serve import CannotServe
from exam_sessions.rpc.transports.admission import Admission
from exam_sessions.rpc.transports.base import Capability, ConnectionAge, Transport
from exam_sessions.rpc.transports.grpcio import Grpcio
from exam_sessions.settings import TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exam_sessions.rpc.transports.listen_addresses import ListenAddress
    from exam_sessions.settings import Settings

HEALTH_BYTES = 64 * 1024
"""Bytes that all requests of probes may take."""


def transport_for(settings: Settings, addresses: Sequence[ListenAddress]) -> type[Transport]:
    """The transport of a server with these settings at these addresses.

    Raises:
        CannotServe: there is none of that name, it is not installed, or it cannot do what is asked for.
    """
    transport = transport_named(settings.transport)
    for need in _needs(settings, addresses):
        if need not in transport.capabilities:
            way_out = "serve with --transport grpcio, or leave that out"
            raise CannotServe(f"the transport {settings.transport!r} cannot do what is asked for: {need}", way_out)
    return transport


def connection_age(settings: Settings) -> ConnectionAge | None:
    """How old connections get; None: they stay."""
    if not settings.max_connection_age_s:
        return None
    return ConnectionAge(settings.max_connection_age_s, settings.max_connection_age_grace_s)


def health_transport(addresses: Sequence[ListenAddress], *, share_port: bool) -> Transport | None:
    """A transport for health only, without TLS and small; None where it has no address. Raises CannotServe."""
    if not addresses:
        return None
    return Grpcio(addresses, Admission(HEALTH_BYTES, HEALTH_BYTES), share_port=share_port, certificates=None)


def _needs(settings: Settings, addresses: Sequence[ListenAddress]) -> Iterator[Capability]:
    """What settings ask of a transport."""
    if settings.tls_cert:
        yield Capability.TLS
    if any(address.path for address in addresses):
        yield Capability.UNIX_SOCKETS
    if len(addresses) > 1:
        yield Capability.SEVERAL_ADDRESSES
    if settings.default_deadline_s:
        yield Capability.DEADLINES
    if settings.max_connection_age_s:
        yield Capability.CONNECTION_AGE
    if settings.limit_loopback:
        yield Capability.ADDRESSES


def transport_named(name: str) -> type[Transport]:
    """The transport of a name.

    Raises:
        CannotServe: there is none, or it is not installed.
    """
    if name == "grpcio":
        return Grpcio
    if name != "native":
        raise CannotServe(f"{name!r} is no transport", f"choose one of {', '.join(TRANSPORTS)}")
    try:
        from exam_sessions.rpc.transports.native import Native  # noqa: PLC0415 - an extra, which need not be there
    except ImportError as error:
        way_out = "pip install 'exam-sessions[native]', or serve with --transport grpcio"
        raise CannotServe(f"the transport 'native' is not installed: {error}", way_out) from error
    return Native

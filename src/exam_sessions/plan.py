"""Settings and the files they name, read and checked before a database is opened or anything is begun."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.candidate_ids import UnfitKeys
from exam_sessions.rpc.access.limits import Limit, limits_in
from exam_sessions.rpc.access.selection import Authentication, authentication_of
from exam_sessions.rpc.cannot_serve import CannotServe
from exam_sessions.rpc.server import rpc_names
from exam_sessions.rpc.transports.listen_addresses import (
    HEALTH,
    METRICS,
    check_free,
    health_addresses,
    listen_addresses,
    metrics_addresses,
)
from exam_sessions.rpc.transports.selection import connection_age, health_transport, transport_for
from exam_sessions.rpc.transports.tls import certificates_of
from exam_sessions.store.candidate_keys import read_keys
from exam_sessions.telemetry.traces import check_traces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.domain.candidate_ids import CandidateIdKeys
    from exam_sessions.rpc.transports.admission import Admission
    from exam_sessions.rpc.transports.base import Transport
    from exam_sessions.rpc.transports.listen_addresses import ListenAddress
    from exam_sessions.rpc.transports.tls import Certificates
    from exam_sessions.settings import Settings


class Plan(NamedTuple):
    """How a server is to be made."""

    transport: Callable[[Admission], Transport]
    """What makes the transport."""
    health_transport: Callable[[], Transport | None]
    """What makes the transport of health, where that has a place of its own."""
    candidate_id_keys: CandidateIdKeys | None
    limits: Sequence[Limit]
    certificates: Certificates | None
    metrics: Sequence[ListenAddress]
    """Where metrics are scraped: an address for each process, none where they are not."""
    authentication: Authentication
    traces: bool
    """Whether calls are traced."""


def planned(settings: Settings) -> Plan:
    """Reads the files that settings name, and finds out whether a server can do what they ask for.

    Raises:
        CannotServe: it cannot, or a file has a mistake. Nothing has been begun, and no database been opened.
    """
    addresses = listen_addresses(settings)
    authentication = authentication_of(settings)
    _check_authentication(settings, authentication, addresses)
    kind, certificates = transport_for(settings, addresses), certificates_of(settings)
    transport = partial(
        kind,
        addresses,
        share_port=bool(settings.share_port),
        certificates=certificates,
        age=connection_age(settings),
    )
    limits = limits_in(settings.limits, rpc_names()) if settings.limits else []
    metrics = metrics_addresses(settings)
    for address in metrics:
        check_free(address, shared=False, setting=METRICS)
    for_health = partial(health_transport, health_addresses(settings), share_port=bool(settings.share_port))
    keys = _candidate_id_keys(settings)
    return Plan(transport, for_health, keys, limits, certificates, metrics, authentication, check_traces(settings))


def _candidate_id_keys(settings: Settings) -> CandidateIdKeys | None:
    """The keys of candidate ids; None where there are none. Raises CannotServe."""
    try:
        return read_keys(settings.candidate_id_keys) if settings.candidate_id_keys else None
    except UnfitKeys as error:
        raise unfit_keys(error) from error


def unfit_keys(error: UnfitKeys) -> CannotServe:
    """The message that keys of candidate ids do not fit, for the one who starts the server."""
    return CannotServe(str(error), "see --candidate-id-keys, and docs/operate/personal-data")


def check_addresses(settings: Settings) -> None:
    """Finds out whether a server with these settings could listen where they say.

    Raises:
        CannotServe: it could not; nothing has been begun.
    """
    shared = bool(settings.share_port)
    for address in listen_addresses(settings):
        check_free(address, shared=shared)
    for address in health_addresses(settings):
        check_free(address, shared=shared, setting=HEALTH)


def _check_authentication(
    settings: Settings, authentication: Authentication, addresses: Sequence[ListenAddress]
) -> None:
    """Refuses to let everybody on other machines do everything, unless that is said. Raises CannotServe."""
    if authentication.methods or settings.insecure:
        return
    for address in addresses:
        if not (address.asks_certificate or address.is_local()):
            way_out = "authenticate callers, such as with --auth keys, or say --insecure"
            raise CannotServe(f"other machines can reach {address}, and nobody is authenticated", way_out)

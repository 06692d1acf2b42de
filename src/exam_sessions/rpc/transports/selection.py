"""The transport that a setting names."""

from __future__ import annotations

from exam_sessions.rpc.transports.base import CannotServe, Transport
from exam_sessions.rpc.transports.grpcio import Grpcio
from exam_sessions.settings import TRANSPORTS


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

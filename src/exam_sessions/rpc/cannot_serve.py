"""Why a server does not start: conditions that the command line explains."""

from __future__ import annotations


class CannotServe(Exception):  # noqa: N818 - a condition the command line explains
    """Settings, or a file they name, that cannot be served with. `way_out` says what would help."""

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(what)
        self.way_out = way_out


class CannotListen(CannotServe):
    """An address at which listening is impossible."""

    def __init__(
        self, listen: str, why: str, way_out: str = "choose another address with --listen HOST:PORT"
    ) -> None:
        super().__init__(f"nobody can listen at {listen}: {why}", way_out)


class AddressTaken(CannotListen):
    """An address at which another program listens already."""

    def __init__(self, listen: str, way_out: str) -> None:
        what = f"{listen} is taken: another program listens there, perhaps a server of yours"
        CannotServe.__init__(self, what, way_out)

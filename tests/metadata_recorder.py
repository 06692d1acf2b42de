"""A server that keeps the metadata of calls and answers none of them."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc


@contextmanager
def recording(seen):
    """The target of such a server, a Unix socket; `seen` is the list that it keeps them in."""

    class Kept(grpc.GenericRpcHandler):
        def service(self, details):
            seen.append(dict(details.invocation_metadata))

    with tempfile.TemporaryDirectory(prefix="exams-") as short:
        server = grpc.server(ThreadPoolExecutor(2), handlers=[Kept()])
        target = f"unix:{short}/s"
        server.add_insecure_port(target)
        server.start()
        yield target
        server.stop(0)

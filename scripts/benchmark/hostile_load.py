"""Eight callers that send one message again and again, each on a connection of its own.

Usage: hostile_load.py PORT PATH STREAMS FILE. Sends what is in the file until its input is closed, then prints how
many calls were answered, as JSON: refused with a reason, refused without one, and accepted.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

CONNECTIONS = 8
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]


def reason_of(error: Any) -> str:
    """The reason a refusal carries."""
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return f"bare {error.code().name}"


def send(port: int, path: str, streams: str, data: bytes, ended: threading.Event, counts: Counter[str]) -> None:
    """One caller."""
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        while not ended.is_set():
            try:
                if streams == "both":
                    for _ in channel.stream_stream(path, None, None)(iter([data]), timeout=60):
                        pass
                elif streams == "replies":
                    call: Any = channel.unary_stream(path, None, None)(data, timeout=60)
                    next(call)
                    call.cancel()
                else:
                    channel.unary_unary(path, None, None)(data, timeout=60)
                counts["accepted"] += 1
            except grpc.RpcError as error:
                counts[reason_of(error)] += 1


def main() -> None:
    port, path, streams, file = sys.argv[1:]
    # The healthy caller shares the core, and it is the server that is measured.
    os.nice(19)
    data, ended, counts = Path(file).read_bytes(), threading.Event(), Counter[str]()
    arguments = (int(port), path, streams, data, ended, counts)
    threads = [threading.Thread(target=send, args=arguments) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()
    print(json.dumps(counts))


if __name__ == "__main__":
    main()

"""etcd, one member, durable as it is by default: a transaction compares the version of a key and puts the key.

The messages are written by hand. Field numbers as in etcd's rpc.proto:
  TxnRequest{compare=1, success=2}  Compare{result=1, target=2, key=3, version=4}  RequestOp{request_put=2}
  PutRequest{key=1, value=2}  RangeRequest{key=1}  RangeResponse{kvs=2}  KeyValue{version=4}
"""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import grpc

from benchmark.processes import Process
from benchmark.results import Missing
from benchmark.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmark.load import Call
    from benchmark.processes import Cores

TXN, RANGE = "/etcdserverpb.KV/Txn", "/etcdserverpb.KV/Range"
VALUE = bytes(100)
"""What is put: less than a session, its event and its request id are, which is in etcd's favour."""
READY_WITHIN = 20.0
STEP = 50
"""Every so manieth key is looked at afterwards."""


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 128:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    return _number(number << 3 | 2) + _number(len(value)) + value


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    place = 0

    def read() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place, value, shift = place + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:  # noqa: PLR2004 - the last one
                return value

    while place < len(data):
        tag = read()
        value = read()
        if tag & 7 == 2:  # noqa: PLR2004 - bytes
            yield tag >> 3, data[place : place + value]
            place += value
        else:
            yield tag >> 3, value


class Keys:
    """So many keys, and the endless transactions on them, one key after the other."""

    def __init__(self, count: int) -> None:
        self._versions = [0] * count

    def transactions(self) -> Iterator[Call]:
        """Put of a key on the condition that its version is that of the last put. Between two of one key are all."""
        while True:
            for n, version in enumerate(self._versions):
                key = b"/bench/%d" % n
                compare = _field(1, 0) + _field(2, 0) + _field(3, key) + _field(4, version)  # EQUAL, VERSION
                self._versions[n] = version + 1
                yield TXN, _field(1, compare) + _field(2, _field(2, _field(1, key) + _field(2, VALUE)))

    def wrong(self, port: int) -> int:
        """How many of some keys have a version that is not the number of their puts: puts whose condition failed."""
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call, wrong = channel.unary_unary(RANGE, None, None), 0
            for n in range(0, len(self._versions), STEP):
                found = [value for number, value in _fields(call(_field(1, b"/bench/%d" % n))) if number == 2]  # noqa: PLR2004
                version = dict(_fields(found[0])).get(4, 0) if found else 0
                wrong += version != self._versions[n]
        return wrong


@contextmanager
def etcd(directory: Path, cores: Cores) -> Iterator[Process]:
    """Etcd on the server's core, with its data in a directory.

    Raises:
        Missing: it is not installed.
    """
    program = shutil.which("etcd")
    if not program:
        raise Missing("no etcd on the path: apt-get install etcd-server (Debian), or put etcd's own binary there")
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    log = directory / "etcd.log"
    command = [program, f"--data-dir={directory / 'etcd'}", f"--listen-client-urls={client}"]
    command += [f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}"]
    command += [f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"]
    command += [f"--quota-backend-bytes={8 << 30}"]
    with cores.on_server(), log.open("w") as output:
        popen = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True)
    process = Process(popen, int(client.rpartition(":")[2]))
    try:
        _wait_until_ready(process, log)
        yield process
    finally:
        process.stop()


def version() -> str:
    """What etcd says it is."""
    return subprocess.run(["etcd", "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]


def _wait_until_ready(process: Process, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and process.process.poll() is None:
        with grpc.insecure_channel(f"127.0.0.1:{process.port}") as channel, suppress(grpc.RpcError):
            channel.unary_unary(RANGE, None, None)(_field(1, b"/ready"), timeout=1)
            return
        time.sleep(0.05)
    raise RuntimeError(f"etcd does not answer\n{log.read_text()[-2000:]}")

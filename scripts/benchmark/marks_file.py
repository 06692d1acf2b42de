"""Marks of 10,000 papers, from a CSV through the command line and the API: rows a second, and where the time goes."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import grpc

from benchmark.load_sessions import LARGE, bookings
from benchmark.results import Figure
from benchmark.servers import service
from exam_sessions_client.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
    test_form_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmark.bench import Bench

PAPERS, QUESTIONS = 10_000, 10


def marks(bench: Bench) -> Iterator[Figure]:
    """`exam-sessions marks import`: the whole command, which checks every paper before it writes any."""
    with service(bench.cores, bench.database("marks")) as process:
        bench.say(f"booking {PAPERS:,} papers")
        file = _file(bench.directory / "marks.csv", process.port)
        bench.say(f"importing {PAPERS * QUESTIONS:,} marks")
        command = [sys.executable, "-m", "exam_sessions", "marks", "import", str(file)]
        command += ["--completed", "2026-01-31T12:00:00Z", "--target", f"127.0.0.1:{process.port}"]
        server, client, began = process.cpu_seconds(), _children(), time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        took = time.perf_counter() - began
        server, client = process.cpu_seconds() - server, _children() - client
    if f"{PAPERS:,} sessions" not in done.stdout + done.stderr:
        raise RuntimeError(f"not every paper was entered:\n{done.stdout}{done.stderr}")
    yield Figure(
        f"{PAPERS * QUESTIONS:,} marks of {PAPERS:,} papers from a CSV",
        value=f"{PAPERS * QUESTIONS / took:,.0f} marks/s, {took:.1f} s",
        floor=f"server {server:.1f} s CPU, command line {client:.1f} s",
        notes="one run; each paper is checked, then written, in calls of 128 papers: "
        f"{server / PAPERS * 1e6:.0f} µs of the server's time, {client / PAPERS * 1e6:.0f} of the command line's",
        runs=[{"value": {"seconds": took, "server_cpu": server, "client_cpu": client}}],
    )


def _children() -> float:
    """Processor seconds of the programs that were run and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _file(path: Path, port: int) -> Path:
    """Books the papers, and writes marks for all of them."""
    form = test_form_pb2.TestForm(reference="PAPER-10", name="Paper")
    for _ in range(QUESTIONS):
        form.questions.add().available_mark = "5"
    release = catalog_pb2.Release(name="On paper", test_form=form.reference, delivery=catalog_pb2.DELIVERY_PAPER)
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGE) as channel:
        catalog = catalog_service_pb2_grpc.CatalogServiceStub(channel)
        catalog.CreateTestForm(catalog_service_pb2.CreateTestFormRequest(test_form=form))
        made = catalog.CreateRelease(
            catalog_service_pb2.CreateReleaseRequest(release=release, allow_duplicate_name=True)
        ).release
        request = session_service_pb2.BatchCreateSessionsRequest(release_id=made.id, bookings=bookings(PAPERS))
        booked = session_service_pb2_grpc.SessionServiceStub(channel).BatchCreateSessions(request).sessions
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["keycode", "question_number", "mark"])
        for n, session in enumerate(booked):
            rows.writerows([session.keycode, number, (n + number) % 6] for number in range(1, QUESTIONS + 1))
    return path

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from exam_sessions.rpc.transports.aio import low_priority_threads
from processes import ServerProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows threads that give way")


def policy_of_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(os.sched_getscheduler(0)))
    thread.start()
    thread.join()
    return found[0]


def test_threads_started_meanwhile_give_way_and_no_others():
    with low_priority_threads():
        assert policy_of_a_thread() == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == policy_of_a_thread() == os.SCHED_OTHER


def test_whoever_chose_how_it_is_scheduled_is_left_alone():
    def chosen():
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        with low_priority_threads():
            found.append(policy_of_a_thread())
        found.append(os.sched_getscheduler(0))

    found = []
    thread = threading.Thread(target=chosen)
    thread.start()
    thread.join()
    assert found == [os.SCHED_IDLE, os.SCHED_IDLE]


def test_where_it_may_not_be_said_nothing_changes(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    with low_priority_threads():
        assert policy_of_a_thread() == os.SCHED_OTHER


def test_the_event_loop_of_a_server_is_not_interrupted_by_the_threads_of_grpc(database):
    with ServerProcess(database) as server:
        threads = {int(path.name): path.joinpath("comm").read_text().strip() for path in tasks(server)}
        assert os.sched_getscheduler(server.pid) == os.SCHED_OTHER
        of_grpc = [number for number, name in threads.items() if name == "event_engine"]
        assert {os.sched_getscheduler(number) for number in of_grpc} == {os.SCHED_BATCH}


def tasks(server):
    return Path(f"/proc/{server.pid}/task").iterdir()

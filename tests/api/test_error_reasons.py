from __future__ import annotations

import pytest
import refusal_cases_of_access  # noqa: F401 - enters its own
import refusal_cases_of_devices  # noqa: F401 - enters its own
import refusal_cases_of_limits  # noqa: F401 - enters its own
import refusal_cases_of_marking  # noqa: F401 - enters its own
import refusal_cases_of_persons  # noqa: F401 - enters its own
import refusal_cases_of_watches  # noqa: F401 - enters its own
import refusal_cases_of_work  # noqa: F401 - enters its own
from messages import new_id
from refusal_cases import REFUSAL_CASES, Stage

from exam_sessions_client.v1 import error_reason_pb2
from serving import ApiClient, Clock, Refused, serving


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def server(new_database, clock):
    with new_database() as database, serving(database, clock, tick_ms=3_600_000) as running:
        yield running


@pytest.fixture
def stage(server, clock, new_database):
    api = ApiClient(server.target)
    yield Stage(server, clock, api, new_database)
    api.close()


INSIDE_OPERATIONS = {"OPERATION_CANCELLED", "STEP_QUARANTINED"}
"""What no call is refused with: operations carry them, and are read in test_operations.py and test_quarantine.py."""


FILES_ONLY = pytest.mark.sqlite(reason="the files of a database server are not ours to watch")
REASONS = [pytest.param(name, marks=FILES_ONLY if name == "DATABASE_REPLACED" else ()) for name in REFUSAL_CASES]


def test_every_reason_of_the_contract_is_provoked_here():
    names = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.keys()}  # noqa: SIM118
    assert set(REFUSAL_CASES) == names - {"UNSPECIFIED"} - INSIDE_OPERATIONS


@pytest.mark.parametrize("reason", REASONS)
def test_a_refusal_carries_its_code_its_reason_and_its_facts_and_says_nothing_of_the_inside(stage, reason):
    code, provoked = REFUSAL_CASES[reason]
    with provoked(stage) as (call, facts):
        with pytest.raises(Refused) as refused:
            call()
        assert (refused.value.code, refused.value.reason, refused.value.metadata) == (code, reason, facts)
    told = refused.value.message
    assert len(told) > 10
    for inside in ("SELECT", "sqlite", "postgres", "Traceback", "Error(", "/var", ".py", "{"):
        assert inside not in told


def test_a_fault_of_the_service_leads_to_its_log_and_tells_nothing_else(stage, caplog):
    with REFUSAL_CASES["INTERNAL"][1](stage) as (call, _), pytest.raises(Refused) as refused:
        call()
    call_id = refused.value.metadata["request_id"]
    assert refused.value.message == f"internal fault; quote the call id {call_id}"
    assert "no SELECT" not in str(refused.value.fields)
    entry = next(record for record in caplog.records if call_id in record.getMessage())
    assert entry.exc_info is not None
    assert "no SELECT in /var/lib" in caplog.text


def test_the_service_lives_on_after_a_fault(stage):
    with REFUSAL_CASES["INTERNAL"][1](stage) as (call, _), pytest.raises(Refused):
        call()
    release = stage.api.release(id=new_id())
    assert stage.api.call("GetRelease", release_id=release.id).release == release


def test_the_service_lives_on_after_the_database_was_away(stage):
    with REFUSAL_CASES["DATABASE_UNAVAILABLE"][1](stage) as (call, _), pytest.raises(Refused):
        call()
    session = stage.api.book()
    assert stage.api.get(session) == session

"""Exporting a candidate: all that is stored about the person, and nothing of anybody else."""

from __future__ import annotations

import json

import grpc
import pytest
from operations import OperationsApi
from personal import ANSWERED, CANDIDATE, TYPED, WORDS, corrected_booking, written_about

from serving import read_refusal

pytestmark = pytest.mark.both_databases("former sessions are found by each database's own search")

NOT_SHOWN = {"PIN"}
"""What no reply but two has."""


def exported(api, candidate=CANDIDATE):
    """The document, of its pieces."""
    return json.loads("".join(piece.json for piece in api.call("ExportCandidate", candidate_id=candidate)))


def test_everything_that_is_stored_about_a_person_is_in_the_document(api):
    archived, deleted = written_about(api)
    found = exported(api)
    text = json.dumps(found, ensure_ascii=False)
    expected = {CANDIDATE, *(word for name, word in WORDS.items() if name not in NOT_SHOWN)}
    missing = {word for word in expected | {*TYPED.values(), *ANSWERED.values()} if word not in text}
    assert not missing
    assert len(found["sessions"]) == 5
    assert deleted.id in {former["session_id"] for former in found["former_sessions"]}
    own = next(one for one in found["sessions"] if one["session"]["id"] == archived.id)
    assert own["session"]["results"]["points"]["actual"] == archived.points.actual
    assert own["attempts"][0]["responses"]["3"] == ANSWERED["short text"]
    assert own["events"][-1]["action"] == "ACTION_ARCHIVE"
    assert any("rows" in operation for operation in found["operations"])


def test_what_is_anothers_in_a_shared_history_is_left_out(api):
    corrected_booking(api)
    text = json.dumps(exported(api))
    assert WORDS["last name"] in text
    assert "somebody-else" not in text
    assert "Another" not in text


def test_a_person_of_whom_nothing_is_stored_has_an_empty_document(api):
    found = exported(api, "nobody")
    assert (found["sessions"], found["former_sessions"], found["operations"]) == ([], [], [])


def test_after_an_erasure_there_is_nothing_to_export(api):
    written_about(api)
    work = OperationsApi(api)
    work.wait(api.call("EraseCandidate", candidate_id=CANDIDATE, reason="request of 3 May").operation)
    found = exported(api)
    assert (found["sessions"], found["former_sessions"], found["operations"]) == ([], [], [])


def test_an_export_of_what_no_candidate_id_can_be_is_refused(api):
    with pytest.raises(grpc.RpcError) as refused:
        list(api.call("ExportCandidate", candidate_id=" x"))
    assert list(read_refusal(refused.value).fields) == ["candidate_id"]

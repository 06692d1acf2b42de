from __future__ import annotations

import string

import pytest
from messages import METHOD, booking, mask, new_id
from rows import unchanged
from state_paths import ARGUMENTS, bring_to

from exam_sessions_client.v1 import session_pb2
from serving import Refused

pytestmark = pytest.mark.both_databases("codes are unique by the database")

BY_CODE = [name for name, method in METHOD.items() if "access_code" in method.input_type.fields_by_name]
PRINTABLE = "".join(chr(n) for n in range(0x21, 0x7F))


def key(release, code):
    return session_pb2.AccessCodeKey(release_id=release, access_code=code)


def test_a_session_is_named_by_its_access_code_wherever_it_is_by_keycode():
    by_keycode = [name for name, method in METHOD.items() if "keycode" in method.input_type.fields_by_name]
    assert by_keycode == BY_CODE
    assert len(BY_CODE) > len(ARGUMENTS)


def test_an_access_code_leads_a_session_through_its_life(api):
    release = api.release()
    asked = booking("ann", access_code="S3cr~t/!")
    created = api.call("CreateSession", release_id=release.id, booking=asked).session
    assert created.access_code == "S3CR~T/!"
    code = key(release.id.upper(), "s3CR~T/!")
    assert api.call("GetSession", access_code=code).session == created
    for rpc in ("CreatePackage", "DownloadSession", "EnterKeycode", "PauseSession", "ResumeSession", "FinishSession"):
        moved = api.call(rpc, access_code=code).session
        assert moved.id == created.id
    assert api.call("ExplainSession", access_code=code).session.id == created.id
    assert len(api.call("ListSessionEvents", access_code=code).events) >= 7


def test_every_rpc_finds_no_session_by_an_access_code_of_another_release(api, server):
    session, other = api.book(access_code="DOOR-1"), api.release()
    for release, code in ((other.id, "DOOR-1"), (session.release_id, "DOOR-2"), (new_id(), "DOOR-1")):
        with unchanged(server, api):
            for rpc in BY_CODE:
                extra = ARGUMENTS.get(rpc, {})
                if rpc == "UpdateSession":
                    extra = {"booking": booking(centre_id="x"), "update_mask": mask("centre_id")}
                with pytest.raises(Refused) as refused:
                    api.call(rpc, access_code=key(release, code), **extra)
                assert refused.value.reason == "SESSION_NOT_FOUND", rpc


def test_an_access_code_that_was_edited_leads_no_more(api):
    session = api.book(access_code="OLD")
    fields = {"booking": session_pb2.Booking(access_code="new"), "update_mask": mask("access_code")}
    api.call("UpdateSession", access_code=key(session.release_id, "old"), **fields)
    with pytest.raises(Refused):
        api.call("CreatePackage", access_code=key(session.release_id, "old"))
    assert api.call("CreatePackage", access_code=key(session.release_id, "new")).session.id == session.id


def test_a_repeated_request_by_access_code_is_answered_once(api):
    session = bring_to(api, "IN_PROGRESS")
    fields = {"access_code": key(session.release_id, session.access_code), "request_id": new_id()}
    first = api.call("PauseSession", **fields).session
    assert api.call("PauseSession", **fields).session == first


def test_access_codes_are_any_printable_letters_up_to_64(api, server):
    half = len(PRINTABLE) // 2
    for code in (PRINTABLE[:half], PRINTABLE[half:], "=1+1", "x" * 64):
        assert api.book(access_code=code).access_code == code.upper()
    release = api.release()
    for code in ("x" * 65, "a b", "a\u00a0b", "caf\u00e9", "a\tb", *(f"a{blank}" for blank in string.whitespace)):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call("CreateSession", release_id=release.id, booking=booking("ann", access_code=code))
        assert list(refused.value.fields) == ["booking.access_code"]


def test_access_codes_that_differ_in_case_are_one(api):
    release = api.release()
    api.call("CreateSession", release_id=release.id, booking=booking("ann", access_code="pass!word"))
    with pytest.raises(Refused) as refused:
        api.call("CreateSession", release_id=release.id, booking=booking("bob", access_code="PASS!Word"))
    assert refused.value.reason == "DUPLICATE_ACCESS_CODE"

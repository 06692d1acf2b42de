"""Candidate ids as keyed hashes: the database never holds an id, and everything is found by it all the same."""

from __future__ import annotations

from contextlib import closing

import pytest
from messages import METHOD, booking, mask, new_id
from operations import OperationsApi, chunks_of, result_of
from personal import CANDIDATE, found_in_files, found_in_tables, written_about

from exam_sessions.app import CannotServe
from exam_sessions.domain.candidate_ids import CandidateIdKeys
from exam_sessions.rpc.decoding.candidate_ids import CandidateIdHasher, id_fields_of
from exam_sessions.store.candidate_keys import read_keys
from exam_sessions.store.candidate_rekey import CandidateRekey, OperationsUnderWay
from exam_sessions.store.databases import store_of
from exam_sessions_client.v1 import access_fields_pb2 as access
from exam_sessions_client.v1 import session_pb2, session_service_pb2
from serving import ApiClient, Refused, serving

both_databases = pytest.mark.both_databases("what is stored is asked for in each database's own words")

FIRST, SECOND = "11" * 32, "22" * 32
HASHED = CandidateIdKeys.parse(FIRST).hashed


def key_file(path, *keys, mode=0o600):
    path.write_text("\n".join(keys))
    path.chmod(mode)
    return str(path)


@pytest.fixture
def keys(tmp_path):
    return key_file(tmp_path / "keys", FIRST)


@pytest.fixture
def hashing(database, keys):
    """A server that hashes."""
    with serving(database, candidate_id_keys=keys) as running:
        yield running


@pytest.fixture
def api(hashing):
    api = ApiClient(hashing.target)
    yield api
    api.close()


@pytest.fixture
def work(api):
    return OperationsApi(api)


def refused(database, **settings):
    """Why a server does not start."""
    with pytest.raises(CannotServe) as error, serving(database, **settings):
        pass
    return str(error.value)


def rekey(database, *keys):
    """What the command does, with the servers stopped."""
    with closing(store_of(database.url)) as store:
        return list(CandidateRekey(store, CandidateIdKeys.parse("\n".join(keys)).hashed).run())


def below(message, path, seen):
    """Every field of candidate ids that a message leads to, by its path."""
    for field in message.fields:
        place = (*path, field.name)
        if field.GetOptions().Extensions[access.personal] == access.PERSONAL_DATA_CANDIDATE_ID:
            yield place
        kind = field.message_type
        if kind and kind.full_name not in seen and not kind.GetOptions().map_entry:
            yield from below(kind, place, seen | {kind.full_name})


def filled(message, path, value):
    """Writes a value at a path, with one row wherever there are many."""
    for name in path[:-1]:
        field = message.DESCRIPTOR.fields_by_name[name]
        message = getattr(message, name).add() if field.is_repeated else getattr(message, name)
    if message.DESCRIPTOR.fields_by_name[path[-1]].is_repeated:
        getattr(message, path[-1]).append(value)
    else:
        setattr(message, path[-1], value)


FIELDS = [
    (rpc, path)
    for rpc, method in METHOD.items()
    for path in below(method.input_type, (), frozenset({method.input_type.full_name}))
]


@pytest.mark.parametrize(("rpc", "path"), FIELDS, ids=[f"{rpc}.{'.'.join(path)}" for rpc, path in FIELDS])
def test_every_field_of_every_request_that_is_a_candidate_id_is_hashed(rpc, path):
    request = METHOD[rpc].input_type._concrete_class()
    filled(request, path, CANDIDATE)
    CandidateIdHasher(CandidateIdKeys.parse(FIRST)).hash_ids(request, id_fields_of(METHOD[rpc].input_type))
    assert CANDIDATE.encode() not in request.SerializeToString()
    assert HASHED(CANDIDATE).encode() in request.SerializeToString()


def test_the_requests_with_candidate_ids_are_those_of_the_contract():
    assert {rpc for rpc, _ in FIELDS} == {
        *("CreateSession", "BatchCreateSessions", "ImportSessions", "UpdateSession", "BatchUpdateSessions"),
        *("ListSessions", "AggregateSessions", "BatchTransitionSessions", "SubmitFromTemplate"),
        *("EraseCandidate", "ExportCandidate"),
    }


@both_databases
def test_the_database_never_holds_an_id(hashing, api):
    written_about(api)
    assert found_in_tables(hashing, {CANDIDATE}) == set()
    held = {table for table, _, _ in found_in_tables(hashing, {HASHED(CANDIDATE)})}
    assert held >= {"sessions", "events", "operations", "outcomes", "requests"}


@pytest.mark.sqlite(reason="a database server's files are its own")
def test_the_files_do_not_hold_one_either(hashing, api):
    written_about(api)
    assert found_in_files(hashing.database.path, {CANDIDATE}) == set()


def test_a_candidate_is_unique_and_found_by_the_id(api):
    release = api.release()
    session = api.book(release, "anna")
    assert session.candidate.candidate_id == HASHED("anna")
    with pytest.raises(Refused) as again:
        api.book(release, "anna")
    assert (again.value.reason, again.value.metadata) == ("DUPLICATE_CANDIDATE", {"candidate_id": HASHED("anna")})
    for name in ("anna", HASHED("anna")):
        found = api.call("ListSessions", filter=session_service_pb2.SessionFilter(candidate_ids=[name])).sessions
        assert [one.id for one in found] == [session.id]


def test_a_session_that_was_read_may_be_written_back(api):
    session = api.book(candidate_id="anna")
    new = session_pb2.Booking(candidate=session.candidate)
    new.candidate.name_last = "Berg"
    edited = api.call("UpdateSession", session_id=session.id, booking=new, update_mask=mask("candidate")).session
    assert edited.candidate.candidate_id == HASHED("anna")


def test_imports_templates_and_erasures_hash_as_well(hashing, api, work):
    release = api.release(name=new_id())
    answers = work.imported(chunks_of(api, release, [booking("anna"), booking("ben")]))
    assert [row.candidate_id for row in answers[-1].sessions] == [HASHED("anna"), HASHED("ben")]
    api.call("EraseCandidate", candidate_id="anna", reason="request", include_live=True)
    reply = api.call("EraseCandidate", candidate_id="ben", reason="request", include_live=True)
    assert result_of(work.wait(reply.operation)).erasure.session_count == 1
    assert found_in_tables(hashing, {HASHED("ben")}) == set()


def test_what_is_no_candidate_id_is_refused_before_it_is_hashed(api):
    release = api.release()
    with pytest.raises(Refused) as flawed:
        api.call("CreateSession", release_id=release.id, booking=booking(" anna"))
    assert list(flawed.value.fields) == ["booking.candidate.candidate_id"]


@pytest.mark.parametrize("stored", ["hmac002-" + "A" * 43, "hmac999-" + "A" * 43])
def test_what_looks_like_a_hash_of_a_key_that_is_not_there_is_refused(api, stored):
    with pytest.raises(Refused) as refusal:
        api.book(candidate_id=stored)
    assert list(refusal.value.fields) == ["booking.candidate.candidate_id"]


def test_a_server_without_keys_takes_no_hash_for_an_id(database):
    with serving(database) as running, closing(ApiClient(running.target)) as api:
        with pytest.raises(Refused) as refusal:
            api.book(candidate_id=HASHED("anna"))
        assert list(refusal.value.fields) == ["booking.candidate.candidate_id"]


def test_a_server_whose_keys_do_not_fit_the_database_does_not_start(database, tmp_path, keys):
    both = key_file(tmp_path / "both", FIRST, SECOND)
    with serving(database, candidate_id_keys=both) as running, closing(ApiClient(running.target)) as api:
        api.book(candidate_id="anna")
    assert "holds candidate ids of generation 2, and the key file ends with 1" in refused(
        database, candidate_id_keys=keys
    )
    assert "no key file is given" in refused(database)
    with serving(database, candidate_id_keys=both):
        pass


@both_databases
def test_a_database_with_plain_ids_is_rekeyed_before_it_is_served_with_keys(database, keys):
    with serving(database) as running, closing(ApiClient(running.target)) as api:
        written_about(api)
        workspace = api.workspace
    assert "plain candidate ids" in refused(database, candidate_id_keys=keys)
    seen = dict(rekey(database, FIRST))
    assert seen["sessions"] > 5
    with serving(database, candidate_id_keys=keys) as running, closing(ApiClient(running.target, workspace)) as api:
        assert found_in_tables(running, {CANDIDATE}) == set()
        found = api.call("ListSessions", filter=session_service_pb2.SessionFilter(candidate_ids=[CANDIDATE])).sessions
        assert len(found) == 5


@both_databases
def test_a_rotated_key_is_applied_without_the_ids_and_a_run_that_broke_off_goes_on(database, tmp_path, keys):
    with serving(database, candidate_id_keys=keys) as running, closing(ApiClient(running.target)) as api:
        release = api.release()
        sessions = [api.book(release, f"c{n}") for n in range(5)]
        workspace = api.workspace
    both = key_file(tmp_path / "both", FIRST, SECOND)
    assert "run `exam-sessions candidates rekey --candidate-id-keys FILE`" in refused(
        database, candidate_id_keys=both
    )
    second = CandidateIdKeys.parse(f"{FIRST}\n{SECOND}").hashed
    # As a run leaves it that was killed after the first row.
    database.write("UPDATE sessions SET candidate_id = ? WHERE id = ?", second("c0"), sessions[0].id)
    rekey(database, FIRST, SECOND)
    with serving(database, candidate_id_keys=both) as running, closing(ApiClient(running.target, workspace)) as api:
        assert [api.get(session).candidate.candidate_id for session in sessions] == [
            second(f"c{n}") for n in range(5)
        ]
        with pytest.raises(Refused, match="DUPLICATE_CANDIDATE"):
            api.book(release, "c3")


def test_a_rekey_waits_for_no_operation_but_names_those_that_have_not_ended(database):
    with serving(database) as running, closing(ApiClient(running.target)) as api:
        release = api.release()
        for n in range(3):
            api.book(release, f"c{n}")
        work = OperationsApi(api)
        operation = work.of_release("VOID", release, sessions_per_second=1)
    with pytest.raises(OperationsUnderWay, match=operation.name.rpartition("/")[2]):
        rekey(database, FIRST)


@pytest.mark.sqlite(reason="the file of keys is the same for every database")
def test_a_file_of_keys_that_others_can_read_is_refused(database, tmp_path):
    path = key_file(tmp_path / "open", FIRST, mode=0o644)
    assert "chmod 600" in refused(database, candidate_id_keys=path)
    assert "cannot be read" in refused(database, candidate_id_keys=str(tmp_path / "nowhere"))
    assert read_keys(key_file(tmp_path / "closed", FIRST)).current == 1


def test_a_wrong_key_of_the_right_number_is_noticed(database, tmp_path):
    first, second = key_file(tmp_path / "first", FIRST), key_file(tmp_path / "second", SECOND)
    with serving(database, candidate_id_keys=first):
        pass  # what it is known by is stored, before there is any candidate
    why = "key number 1 of the key file is not the one that the database was served with"
    assert why in refused(database, candidate_id_keys=second)
    both = key_file(tmp_path / "both", FIRST, SECOND)
    with serving(database, candidate_id_keys=both):
        pass
    assert why in refused(database, candidate_id_keys=key_file(tmp_path / "swapped", SECOND, FIRST))
    with serving(database, candidate_id_keys=both):
        pass


def test_what_a_key_is_known_by_is_of_that_key_alone_and_is_no_candidates():
    one, two = (CandidateIdKeys.parse(keys).check_values() for keys in (FIRST, f"{FIRST}\n{SECOND}"))
    assert one[1] == two[1] != two[2]
    assert FIRST not in str(two)

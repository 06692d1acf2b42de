"""Whatever a server takes a row for, what others have written of it meanwhile is not lost: it judges again."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing, contextmanager
from copy import copy

import pytest
from concurrency import assert_in_order, assert_unbroken, at_once
from forms import mixed
from messages import booking, bookings, mask
from operations import OperationsApi
from personal import erase, their_booking
from rows import read, write
from state_paths import STARTED, bring_to, move, name_of, walk

from exam_sessions.store.database_errors import LostRace
from exam_sessions.store.databases import store_of
from exam_sessions.store.repositories import Repositories
from exam_sessions_client.v1 import catalog_pb2, result_pb2, session_pb2
from serving import ApiClient, Refused, serving

pytestmark = pytest.mark.both_databases("what another server has written is noticed in another way")

cached = pytest.mark.sqlite(reason="elsewhere nothing is cached")


@pytest.fixture
def blind(database):
    """A server that cannot tell whether a row is as it was: no lock keeps it so, and no count of commits."""
    with serving(database) as server:
        blindfold(server)
        yield server


def own(server, name):
    """Statements of a server's own, which a test may change: others of the process share them."""
    repositories = server.app.service._executor._repositories
    setattr(repositories, name, copy(getattr(repositories, name)))
    return getattr(repositories, name)


def blindfold(server):
    """Takes from a server what tells it of the changes of others, and what holds them up."""
    sessions = own(server, "sessions")
    sessions._taken_up = sessions._found
    sessions._releases_kept = sessions._releases_taken = sessions._releases
    if server.database.url.startswith("sqlite"):
        server.app.service._writing._db.data_version = lambda: 1


@pytest.fixture
def blind_desk(blind):
    api = ApiClient(blind.target, "w")
    yield api
    api.close()


@contextmanager
def behind_its_back(server, sql, *values):
    """Has a statement run right after the server has read its rows for the next time."""
    sessions = own(server, "sessions")
    load = sessions.load_with_releases
    times = []

    def read_and_overtaken(*args, **kwargs):
        found = load(*args, **kwargs)
        times.append(1)
        if len(times) == 1:
            write(server, sql, *values)
        return found

    if server.database.url.startswith("sqlite"):
        # One writer at a time: others come before, and a cache that does not notice is what has been read.
        write(server, sql, *values)
        yield
    else:
        sessions.load_with_releases = read_and_overtaken
        yield
        sessions.load_with_releases = load
        assert len(times) > 1


RENAMED = "UPDATE sessions SET name_first = 'Ada', version = version + 1 WHERE id = ?"


def row_of(server, session):
    columns = "state, version, name_first, name_last"
    return read(server, f"SELECT {columns} FROM sessions WHERE id = ?", session.id)[0]


def test_a_session_changed_behind_the_server_is_judged_again(blind, blind_desk):
    session = bring_to(blind_desk, "IN_PROGRESS")
    with behind_its_back(blind, RENAMED, session.id):
        paused = blind_desk.move("PauseSession", session)
    assert (name_of(paused), paused.candidate.name_first, paused.etag) == ("PAUSED", "Ada", "v6")
    assert row_of(blind, session)[:3] == (7, 6, "Ada")


def test_an_edit_does_not_undo_what_was_written_meanwhile(blind, blind_desk):
    session = bring_to(blind_desk, "IN_PROGRESS")
    said = booking("c", candidate=session_pb2.Candidate(name_first="Grace", name_last="Hopper"))
    with behind_its_back(blind, "UPDATE sessions SET state = 7, version = version + 1 WHERE id = ?", session.id):
        blind_desk.call("UpdateSession", session_id=session.id, booking=said, update_mask=mask("candidate.name_last"))
    assert row_of(blind, session) == (7, 6, "", "Hopper")


def test_a_session_that_moved_on_meanwhile_is_not_deleted(blind, blind_desk):
    session = blind_desk.book()
    with (
        behind_its_back(blind, "UPDATE sessions SET state = 4, version = version + 1 WHERE id = ?", session.id),
        pytest.raises(Refused, match="is legal before"),
    ):
        blind_desk.call("DeleteSession", session_id=session.id)
    assert row_of(blind, session)[:2] == (4, 2)


def test_a_wrong_pin_counted_meanwhile_counts(blind, blind_desk):
    session = bring_to(blind_desk, "LOCKED_BY_PIN")
    counted = "UPDATE sessions SET pin_failures = pin_failures + 1 WHERE id = ?"
    with behind_its_back(blind, counted, session.id), pytest.raises(Refused):
        blind_desk.call("EnterPin", session_id=session.id, pin="WRONGX")
    assert read(blind, "SELECT pin_failures FROM sessions WHERE id = ?", session.id) == [(2,)]


def test_a_release_changed_behind_the_server_is_judged_again(blind, blind_desk):
    release = blind_desk.release()
    blind_desk.book(release)
    edit = catalog_pb2.Release(id=release.id, name="Physics")
    with behind_its_back(blind, "UPDATE releases SET moderated = 1, version = version + 1 WHERE id = ?", release.id):
        edited = blind_desk.call("UpdateRelease", release=edit, update_mask=mask("name")).release
    assert (edited.name, edited.moderated, edited.etag) == ("Physics", True, "v3")


@pytest.fixture
def two(database):
    """Clients at two servers of one database, in one workspace."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(database)) for _ in range(2)]
        yield [stack.enter_context(closing(ApiClient(server.target, "w"))) for server in servers]


def test_nobody_is_refused_for_what_a_session_was_before_another_server_moved_it(two):
    here, there = two
    session = bring_to(here, "PAUSED")
    for _ in range(3):
        walk(there, session, "ResumeSession")
        assert name_of(walk(here, session, "PauseSession")) == "PAUSED"


def test_an_edit_of_a_release_counts_for_the_next_call_at_every_server(two):
    here, there = two
    release = here.release(max_attempts=1)
    session = walk(here, here.book(release), *STARTED, "FinishSession")
    for attempts, (editor, caller) in enumerate(((there, here), (here, there), (here, here)), 2):
        with pytest.raises(Refused, match="attempt"):
            caller.move("RetakeSession", session)
        edit = catalog_pb2.Release(id=release.id, max_attempts=attempts)
        editor.call("UpdateRelease", release=edit, update_mask=mask("max_attempts"))
        walk(caller, session, "RetakeSession", "EnterKeycode", "FinishSession")
    assert_unbroken(here.history(session), session_pb2.STATE_FINISHED)


def test_who_is_not_hurt_by_a_stale_row_of_another_in_its_group_is_served_too(blind, blind_desk):
    release = blind_desk.release()
    stale, fresh = (bring_to(blind_desk, "IN_PROGRESS", release) for _ in range(2))
    with behind_its_back(blind, RENAMED, stale.id):
        outcomes = at_once(*[lambda s=s: blind_desk.move("PauseSession", s) for s in (stale, fresh)])
    assert [name_of(session) for session in outcomes] == ["PAUSED", "PAUSED"]
    assert row_of(blind, stale)[2] == "Ada"


@cached
def test_a_poisoned_cache_loses_no_change(server, api):
    mixed(api)
    session = bring_to(api, "IN_PROGRESS", test_form="form-1")
    recent, key = server.app.service._executor._factory.cache, (api.workspace, session.id)
    poison = recent.sessions[key], recent.attempts.get(key, ())
    for n, rpc in enumerate(("SetResponses", "PauseSession", "SetExtraTime", "ResumeSession", "FinishSession")):
        move(api, rpc, session)
        recent.sessions[key], recent.attempts[key] = poison
        said = booking("c", candidate=session_pb2.Candidate(name_last=f"King {n}"))
        changed = api.call(
            "UpdateSession", session_id=session.id, booking=said, update_mask=mask("candidate.name_last")
        ).session
        now = api.get(session)
        assert (changed.etag, changed.state, changed.candidate) == (now.etag, now.state, now.candidate)
    events = api.history(session)
    assert_unbroken(events, now.state)
    assert now.etag == f"v{len(events)}"
    assert name_of(now) == "AWAITING_MARKING"
    assert api.call("GetSessionResults", session_id=session.id).results.items


def chose(api, session, question, label):
    """Answers one question."""
    response = result_pb2.Response(options=[result_pb2.Choice(label=label)])
    items = [result_pb2.ItemResponse(questions=[result_pb2.QuestionResponse(id=question, response=response)])]
    return api.call("SetResponses", session_id=session.id, responses=items)


def answers_of(server, session):
    ((responses,),) = read(server, "SELECT responses FROM scripts WHERE session_id = ?", session.id)
    return json.loads(responses)


@cached
def test_an_answer_given_behind_a_poisoned_cache_of_attempts_stays(server, api):
    mixed(api)
    session = bring_to(api, "IN_PROGRESS", test_form="form-1")
    recent, key = server.app.service._executor._factory.cache, (api.workspace, session.id)
    chose(api, session, "1", "A")
    one = recent.attempts[key]
    chose(api, session, "2", "B")
    for poison in (one, ()):
        recent.attempts[key] = poison
        chose(api, session, "1", "C")
        assert answers_of(server, session) == {"1": 2, "2": 1}


@cached
def test_what_a_check_has_read_is_kept_until_others_write(server, api):
    session = bring_to(api, "IN_PROGRESS")
    recent, key = server.app.service._executor._factory.cache, (api.workspace, session.id)
    recent.clear()
    api.call("PauseSession", session_id=session.id, validate_only=True)
    assert recent.sessions[key].state == api.get(session).state
    write(server, RENAMED, session.id)
    paused = api.move("PauseSession", session)
    assert (name_of(paused), paused.candidate.name_first, paused.etag) == ("PAUSED", "Ada", "v6")


@cached
def test_a_step_of_an_operation_leaves_the_rows_of_others_in_the_cache_and_brings_its_own_up_to_date(server, api):
    work, release = OperationsApi(api), api.release()
    session, other = bring_to(api, "IN_PROGRESS", release), bring_to(api, "IN_PROGRESS")
    recent = server.app.service._executor._factory.cache
    work.wait(work.of_release("PAUSE", release))
    assert recent.sessions[api.workspace, other.id].state == api.get(other).state
    assert recent.sessions[api.workspace, session.id].state == api.get(session).state
    assert name_of(api.move("ResumeSession", session)) == "IN_PROGRESS"
    assert_unbroken(api.history(session), session_pb2.STATE_IN_PROGRESS)


@cached
def test_a_step_of_an_operation_adds_nothing_to_the_cache(server, api):
    work, release = OperationsApi(api), api.release()
    session = bring_to(api, "IN_PROGRESS", release)
    recent = server.app.service._executor._factory.cache
    recent.clear()
    work.wait(work.of_release("PAUSE", release))
    assert (api.workspace, session.id) not in recent.sessions


@cached
def test_nothing_is_left_in_the_cache_where_a_transaction_fails(server, api):
    session = bring_to(api, "IN_PROGRESS")
    factory = server.app.service._executor._factory
    assert (api.workspace, session.id) in factory.cache.sessions
    with pytest.raises(LostRace), factory.writing():
        raise LostRace
    assert not factory.cache.sessions


def test_an_attempt_that_is_not_as_it_was_is_judged_again(blind, blind_desk):
    mixed(blind_desk)
    session = bring_to(blind_desk, "IN_PROGRESS", test_form="form-1")
    chose(blind_desk, session, "1", "A")
    behind = "UPDATE scripts SET responses = '{\"2\":1}', version = version + 1 WHERE session_id = ?"
    with behind_its_back(blind, behind, session.id):
        chose(blind_desk, session, "1", "C")
    assert answers_of(blind, session) == {"1": 2, "2": 1}


@cached
def test_servers_with_caches_that_notice_nothing_leave_one_history(database):
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(database)) for _ in range(2)]
        for server in servers:
            blindfold(server)
        desks = [ApiClient(server.target, "w") for server in servers]
        session = bring_to(desks[0], "IN_PROGRESS")
        for n in range(20):
            said = booking("c", candidate=session_pb2.Candidate(name_last=f"King {n}"))
            asks = {"session_id": session.id, "booking": said, "update_mask": mask("candidate.name_last")}
            at_once(*[lambda d=api, a=asks: d.call("UpdateSession", **a) for api in desks])
        session = desks[0].get(session)
        events = desks[0].history(session)
        assert session.etag == f"v{len(events)}" == f"v{4 + 40}"
        assert_in_order(events, session)
        for api in desks:
            api.close()


@contextmanager
def writing(db):
    """A transaction of one's own."""
    db.begin()
    try:
        yield
        db.commit()
    finally:
        db.rollback()


def test_no_row_is_updated_or_removed_that_is_not_as_it_was(server, api):
    session = walk(api, api.book(), *STARTED)
    store = store_of(server.database.url)
    rows = Repositories(store)
    with store.writer() as db:
        (known,) = rows.sessions.load(db, api.workspace, (session.id,), ())
        columns = frozenset({"state", "version"})
        became = known._replace(state=7, version=known.version + 1)
        for before in (known._replace(version=known.version - 1), known._replace(pin_failures=1)):
            with pytest.raises(LostRace), writing(db):
                rows.sessions.update(db, columns, [(before, became)])
            with pytest.raises(LostRace), writing(db):
                rows.sessions.update(db, columns, [(known, known), (before, became)])
            with pytest.raises(LostRace), writing(db):
                rows.sessions.delete(db, before)
        assert rows.sessions.load(db, api.workspace, (session.id,), ()) == [known]
        with writing(db):
            rows.sessions.update(db, columns, [(known, became)])
        assert rows.sessions.load(db, api.workspace, (session.id,), ()) == [became]
    store.close()


@cached
@pytest.mark.parametrize("count", [250, 600], ids=["a batch", "a roster"])
def test_the_code_of_an_erased_session_names_the_one_that_is_booked_with_it_afterwards(api, count):
    release = api.release()
    api.call("CreateSession", release_id=release.id, booking=their_booking(keycode="CODE"))
    erased = api.call("CreatePackage", keycode="CODE").session
    erase(OperationsApi(api), include_live=True)
    rows = [booking("after", keycode="CODE"), *bookings(count)]
    booked = api.call("BatchCreateSessions", release_id=release.id, bookings=rows).sessions[0]
    assert api.call("CreatePackage", keycode="CODE").session.id == booked.id != erased.id

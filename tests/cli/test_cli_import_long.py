"""A roster longer than one batch may be: it goes through one stream, and keeps every promise of an import."""

from __future__ import annotations

import itertools

import pytest
from terminal import Terminal, rows_of

import sampling
from exam_sessions.cli.files import importer
from exam_sessions.client.client import Client
from exam_sessions.client.import_stream import ImportStream
from exam_sessions_client import blocking, requests
from postgres import free_port
from serving import ApiClient, RunningServer
from silence import SilentProxy

LIMIT = importer.LARGEST if sampling.full else 2_600
"""Rows up to which a roster is no long one here: the fast run lowers it, except where it is what is tested."""

LONG = LIMIT + 500


@pytest.fixture
def limit(monkeypatch):
    monkeypatch.setattr(importer, "LARGEST", LIMIT)


lowered = pytest.mark.usefixtures("limit")


@pytest.fixture
def release(api):
    return api.release()


@pytest.fixture
def roster(tmp_path):
    """Writes a roster of so many candidates and gives its path."""

    def write(count=LONG, name="roster.csv", first=0):
        path = tmp_path / name
        path.write_text("candidate_id,name_last\n" + "".join(f"c{n},N{n}\n" for n in range(first, first + count)))
        return path

    return write


@pytest.fixture
def chunks(monkeypatch):
    """The sizes of the chunks that streams were given; the streams themselves are counted by their opening."""
    sent, book = [], ImportStream.book

    def booked(self, chunk, bookings):
        sent.append(len(bookings))
        return book(self, chunk, bookings)

    monkeypatch.setattr(ImportStream, "book", booked)
    return sent


def total(api, release):
    reply = api.call("ListSessions", filter={"release_ids": [release.id]}, page_size=1, show_total_size=True)
    return reply.total_size


def codes_of(path):
    return rows_of(path.with_name(f"{path.stem}-codes.csv"))


def stop_after(monkeypatch, chunks):
    """Lets a stream book so many chunks, then stops the import as Ctrl-C would."""
    book, left = ImportStream.book, itertools.count(chunks, -1)

    def booked(self, chunk, bookings):
        if not next(left):
            raise KeyboardInterrupt
        return book(self, chunk, bookings)

    monkeypatch.setattr(ImportStream, "book", booked)


def assert_each_has_one(api, release, path, count=LONG):
    codes = codes_of(path)
    assert total(api, release) == count
    assert [row["candidate_id"] for row in codes] == [f"c{n}" for n in range(count)]
    assert len({row["session_id"] for row in codes}) == count


def test_a_long_roster_goes_through_one_stream_and_a_short_one_does_not(
    terminal, api, release, roster, chunks, monkeypatch
):
    opened, importing = [], Client.open_import
    monkeypatch.setattr(
        Client, "open_import", lambda *words, **more: opened.append(words) or importing(*words, **more)
    )
    path = roster(10_500)
    said = terminal("import", path, "--release", release.id)
    assert said.stdout.startswith("10,500 rows imported in ")
    assert chunks == [1000] * 10 + [500]
    assert_each_has_one(api, release, path, 10_500)
    session = api.call("GetSession", keycode=codes_of(path)[-1]["keycode"]).session
    assert session.candidate.name_last == "N10499"
    terminal("import", roster(10_000, "short.csv", first=10_500), "--release", release.id)
    assert len(opened) == 1


@lowered
def test_a_long_import_typed_twice_changes_nothing(terminal, api, release, roster, chunks):
    path = roster()
    terminal("import", path, "--release", release.id)
    codes = codes_of(path)
    del chunks[:]
    again = terminal("import", path, "--release", release.id)
    assert f"{LONG:,} rows were imported by an earlier run of this file" in again.stderr
    assert "nothing is left to import" in again.stdout
    assert codes_of(path) == codes
    assert not chunks


@lowered
@pytest.mark.parametrize("chunk", [1000, 1700, 10_000])
def test_an_interrupted_long_import_goes_on_with_chunks_of_any_size(
    terminal, api, release, roster, monkeypatch, chunk
):
    path = roster()
    with monkeypatch.context() as patch:
        stop_after(patch, chunks=2)
        stopped = terminal("import", path, "--release", release.id, "--chunk", 1300, code=1)
    assert f"stopped after 2,600 of {LONG:,} rows;" in stopped.stderr
    again = terminal("import", path, "--release", release.id, "--chunk", chunk)
    assert "2,600 rows were imported by an earlier run" in again.stderr
    assert f"{LONG - 2_600:,} rows imported" in again.stdout
    assert_each_has_one(api, release, path)


@lowered
def test_an_answer_that_was_lost_on_the_stream_is_had_again(terminal, api, release, roster, monkeypatch):
    path, book = roster(), ImportStream.book

    def booked_but_lost(self, chunk, bookings):
        book(self, chunk, bookings)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ImportStream, "book", booked_but_lost)
        terminal("import", path, "--release", release.id, code=1)
    assert total(api, release) == 1000
    terminal("import", path, "--release", release.id)
    assert_each_has_one(api, release, path)


@lowered
def test_a_stream_that_breaks_is_opened_again_and_the_chunk_is_booked_once(
    terminal, api, release, roster, monkeypatch
):
    path, book, broken = roster(), ImportStream.book, []

    def breaking(self, chunk, bookings):
        if len(broken) < 3 and bookings[0].candidate_id == "c2000":
            broken.append(chunk)
            # Booked, but the way to the server breaks before the answer is heard.
            book(self, chunk, bookings)
            self.close()
        return book(self, chunk, bookings)

    monkeypatch.setattr(ImportStream, "book", breaking)
    terminal("import", path, "--release", release.id)
    assert len(broken) == 1
    assert_each_has_one(api, release, path)


@lowered
def test_a_server_that_restarts_during_a_long_import_is_waited_for(database, roster, monkeypatch):
    target = f"127.0.0.1:{free_port()}"
    path, book, servers = roster(), ImportStream.book, [RunningServer(database, listen=target, drain_s=1)]

    def restarting(self, chunk, bookings):
        if len(servers) == 1 and bookings[0].candidate_id == "c3000":
            servers[0].stop()
            servers.append(RunningServer(database, listen=target, drain_s=1))
        return book(self, chunk, bookings)

    monkeypatch.setattr(ImportStream, "book", restarting)
    api = ApiClient(target)
    try:
        release = api.release()
        Terminal(target, api.workspace)("import", path, "--release", release.id)
        assert len(servers) == 2
        assert_each_has_one(api, release, path)
    finally:
        api.close()
        servers[-1].stop()


@lowered
def test_a_server_that_stays_away_ends_a_long_import_with_a_way_on(database, roster, monkeypatch):
    monkeypatch.setattr("exam_sessions.client.patience.PATIENCE", 0)
    monkeypatch.setattr("exam_sessions_client.blocking.sleep", lambda _: None)
    path, book, server = roster(), ImportStream.book, RunningServer(database, drain_s=1)

    def leaving(self, chunk, bookings):
        if bookings[0].candidate_id == "c2000" and server.app:
            server.stop()
            server.app = None
        return book(self, chunk, bookings)

    monkeypatch.setattr(ImportStream, "book", leaving)
    api = ApiClient(server.target)
    release = api.release()
    said = Terminal(server.target, api.workspace)("import", path, "--release", release.id, code=1).stderr
    api.close()
    assert f"stopped after 2,000 of {LONG:,} rows; type the same command again to go on" in said
    assert f"no server answers at {server.target}" in said or "the server is shutting down" in said


@pytest.fixture
def fall_silent(server, monkeypatch):
    """Where the server is reached until a long import comes to a chunk; then all is silent, and soon given up."""
    proxy, book = SilentProxy(int(server.target.rpartition(":")[2])), ImportStream.book

    def until_silent(self, chunk, bookings):
        if bookings[0].candidate_id == "c2000":
            proxy.fall_silent()
            monkeypatch.setitem(requests.SILENCES, "ImportSessions", 0.01)
        return book(self, chunk, bookings)

    monkeypatch.setattr(ImportStream, "book", until_silent)
    yield proxy
    proxy.close()


@lowered
def test_a_server_that_is_silent_during_a_long_import_is_asked_again(fall_silent, api, release, roster, monkeypatch):
    def sleep(_):
        monkeypatch.setitem(requests.SILENCES, "ImportSessions", 3)
        fall_silent.speak()

    monkeypatch.setattr(blocking, "sleep", sleep)
    path = roster()
    Terminal(f"127.0.0.1:{fall_silent.port}", api.workspace)("import", path, "--release", release.id)
    assert_each_has_one(api, release, path)


@lowered
def test_a_server_that_stays_silent_ends_a_long_import_with_a_way_on(fall_silent, api, release, roster, monkeypatch):
    monkeypatch.setattr("exam_sessions.client.patience.PATIENCE", 0)
    monkeypatch.setattr(blocking, "sleep", lambda _: None)
    target = f"127.0.0.1:{fall_silent.port}"
    said = Terminal(target, api.workspace)("import", roster(), "--release", release.id, code=1).stderr
    assert f"stopped after 2,000 of {LONG:,} rows; type the same command again to go on" in said
    assert f"no server answers at {target}" in said


@lowered
def test_a_row_that_is_taken_meanwhile_stops_it_and_nothing_behind_is_booked(
    terminal, api, release, roster, monkeypatch
):
    path, book = roster(), ImportStream.book

    def somebody_is_faster(self, chunk, bookings):
        if bookings[0].candidate_id == "c1000":
            api.book(release, candidate_id="c1007")
        return book(self, chunk, bookings)

    with monkeypatch.context() as patch:
        patch.setattr(ImportStream, "book", somebody_is_faster)
        said = terminal("import", path, "--release", release.id, code=1).stderr
    assert f"{path}:1009: candidate_id: candidate c1007 already has a session" in said
    assert "1,000 rows before are written" in said
    assert total(api, release) == 1001
    terminal("import", path, "--release", release.id, "--skip-booked")
    assert_each_has_one(api, release, path)


@lowered
def test_a_release_finalized_meanwhile_stops_it(terminal, api, release, roster, monkeypatch):
    path, book = roster(), ImportStream.book

    def finalized(self, chunk, bookings):
        if bookings[0].candidate_id == "c1000":
            api.call("FinalizeRelease", release_id=release.id)
        return book(self, chunk, bookings)

    monkeypatch.setattr(ImportStream, "book", finalized)
    said = terminal("import", path, "--release", release.id, code=1).stderr
    assert f"stopped after 1,000 of {LONG:,} rows" in said
    assert "RELEASE_FINALIZED" in said


@lowered
def test_a_long_import_is_recognized_when_the_service_has_forgotten_the_requests(
    clocked_server, clocked_desk, clock, roster, monkeypatch
):
    terminal, release = Terminal(clocked_server.target, clocked_desk.workspace), clocked_desk.release()
    path = roster()
    with monkeypatch.context() as patch:
        stop_after(patch, chunks=2)
        terminal("import", path, "--release", release.id, code=1)
    clock.advance(30 * 86_400)
    for _ in range(100):
        clocked_server.sweep()
    assert clocked_server.database.read("SELECT count(*) FROM requests") == [(0,)]
    said = terminal("import", path, "--release", release.id)
    assert "2,000 rows were imported by an earlier run" in said.stderr
    assert_each_has_one(clocked_desk, release, path)


@lowered
def test_what_was_booked_by_batches_is_recognized_and_the_rest_goes_through_the_stream(
    terminal, api, release, roster, chunks, monkeypatch
):
    path, book, left = roster(), Client.book, itertools.count(3, -1)

    def booked(self, release_id, bookings, request_id="", *, validate_only=False, **more):
        if not validate_only and not next(left):
            raise KeyboardInterrupt
        return book(self, release_id, bookings, request_id, validate_only=validate_only, **more)

    with monkeypatch.context() as patch:
        # As the command did it before there was a stream.
        patch.setattr(importer, "LARGEST", 2 * LONG)
        patch.setattr(Client, "book", booked)
        terminal("import", path, "--release", release.id, code=1)
    assert not chunks
    again = terminal("import", path, "--release", release.id)
    assert "3,000 rows were imported by an earlier run" in again.stderr
    assert sum(chunks) == LONG - 3000
    assert_each_has_one(api, release, path)


@lowered
def test_a_chunk_whose_sessions_were_all_deleted_is_booked_anew_with_codes_that_work(
    terminal, api, release, roster, monkeypatch
):
    path, book = roster(), ImportStream.book

    def stopped(self, chunk, bookings):
        if bookings[0].candidate_id == "c1000":
            raise KeyboardInterrupt
        return book(self, chunk, bookings)

    for n in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(ImportStream, "book", stopped)
            terminal("import", path, "--release", release.id, code=1)
        assert total(api, release) == 1000
        terminal("sessions", "transition", "delete", "--release", release.id, "--yes")
        assert total(api, release) == 0, n
    terminal("import", path, "--release", release.id)
    assert_each_has_one(api, release, path)
    for row in codes_of(path)[::1000]:
        assert api.call("GetSession", keycode=row["keycode"]).session.id == row["session_id"]

"""An import that is typed again: after it was done, after it was killed, after its release changed."""

from __future__ import annotations

import itertools
import signal

import pytest
from terminal import Terminal, rows_of

from exam_sessions.client import patience
from exam_sessions.client.client import Client
from postgres import free_port
from serving import ApiClient, RunningServer, until


@pytest.fixture
def release(api):
    return api.release()


@pytest.fixture
def roster(tmp_path):
    """Writes a roster of so many candidates and gives its path."""

    def write(count, name="roster.csv", first=0):
        path = tmp_path / name
        path.write_text("candidate_id,name_last\n" + "".join(f"c{n},N{n}\n" for n in range(first, first + count)))
        return path

    return write


def total(api, release):
    reply = api.call("ListSessions", filter={"release_ids": [release.id]}, page_size=1, show_total_size=True)
    return reply.total_size


def interrupt_after(monkeypatch, chunks):
    """Lets an import book so many chunks, then stops it as Ctrl-C would."""
    book, left = Client.book, itertools.count(chunks, -1)

    def booked(self, release_id, bookings, request_id="", *, validate_only=False, **more):
        if not validate_only and not next(left):
            raise KeyboardInterrupt
        return book(self, release_id, bookings, request_id, validate_only=validate_only, **more)

    monkeypatch.setattr(Client, "book", booked)


def test_an_import_typed_twice_changes_nothing_and_gives_the_same_codes(terminal, api, release, roster):
    path = roster(1500)
    terminal("import", path, "--release", release.id)
    codes = path.with_name("roster-codes.csv").read_bytes()
    again = terminal("import", path, "--release", release.id)
    assert "1,500 rows were imported by an earlier run of this file" in again.stderr
    assert "nothing is left to import" in again.stdout
    assert "unchanged" in again.stdout
    assert path.with_name("roster-codes.csv").read_bytes() == codes
    assert total(api, release) == 1500


def test_lost_codes_are_had_again_by_typing_the_import_again(terminal, release, roster, tmp_path):
    path = roster(1200)
    terminal("import", path, "--release", release.id)
    terminal("import", path, "--release", release.id, "--out", tmp_path / "again.csv")
    assert rows_of(tmp_path / "again.csv") == rows_of(tmp_path / "roster-codes.csv")


def test_the_same_rows_written_down_otherwise_are_the_same_roster(terminal, api, release, roster):
    path = roster(3)
    terminal("import", path, "--release", release.id)
    path.write_text("\ufeffName-Last;Candidate ID\nN0;c0\nN1; c1\n\nN2;c2\n")
    said = terminal("import", path, "--release", release.id, "--out", path.with_name("again.csv"))
    assert "nothing is left to import" in said.stdout
    assert total(api, release) == 3


def test_an_import_killed_midway_is_completed_by_typing_it_again(terminal, server, api, release, roster):
    path = roster(12_000)
    run = terminal.start("import", path, "--release", release.id)
    until(lambda: total(api, release) >= 2000)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    # What it was about to book when it was killed is booked all the same.
    until(server.app.service._writing._idle.is_set)
    assert 2000 <= total(api, release) < 12_000
    assert not path.with_name("roster-codes.csv").exists()

    again = terminal("import", path, "--release", release.id)
    assert "rows were imported by an earlier run of this file" in again.stderr
    assert total(api, release) == 12_000
    codes = rows_of(path.with_name("roster-codes.csv"))
    assert [row["candidate_id"] for row in codes] == [f"c{n}" for n in range(12_000)]
    assert len({row["session_id"] for row in codes}) == 12_000


@pytest.mark.parametrize("chunk", [1000, 1700, 10_000])
def test_an_interrupted_import_goes_on_with_chunks_of_any_size(terminal, api, release, roster, monkeypatch, chunk):
    path = roster(5000)
    with monkeypatch.context() as patch:
        interrupt_after(patch, chunks=2)
        stopped = terminal("import", path, "--release", release.id, "--chunk", 1300, code=1)
    assert "stopped after 2,600 of 5,000 rows;" in stopped.stderr
    again = terminal("import", path, "--release", release.id, "--chunk", chunk)
    assert "2,600 rows were imported by an earlier run" in again.stderr
    assert "2,400 rows imported" in again.stdout
    assert total(api, release) == 5000
    assert len(rows_of(path.with_name("roster-codes.csv"))) == 5000


def test_an_import_interrupted_twice_still_knows_its_beginning(terminal, api, release, roster, monkeypatch):
    path = roster(4500)
    for chunk in (1000, 1200):
        with monkeypatch.context() as patch:
            interrupt_after(patch, chunks=1)
            terminal("import", path, "--release", release.id, "--chunk", chunk, code=1)
    said = terminal("import", path, "--release", release.id)
    assert "2,200 rows were imported by an earlier run" in said.stderr
    assert total(api, release) == 4500


def test_an_answer_that_was_lost_is_had_again(terminal, api, release, roster, monkeypatch):
    path, book = roster(2500), Client.book

    def booked_but_lost(self, release_id, bookings, request_id="", *, validate_only=False, **more):
        book(self, release_id, bookings, request_id, validate_only=validate_only, **more)
        if not validate_only:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Client, "book", booked_but_lost)
        terminal("import", path, "--release", release.id, code=1)
    assert total(api, release) == 1000
    terminal("import", path, "--release", release.id)
    assert total(api, release) == 2500
    assert len({row["keycode"] for row in rows_of(path.with_name("roster-codes.csv"))}) == 2500


def test_a_repetition_is_recognized_when_the_service_has_forgotten_the_requests(
    clocked_server, clocked_desk, clock, roster, monkeypatch
):
    terminal, release = Terminal(clocked_server.target, clocked_desk.workspace), clocked_desk.release()
    path = roster(2500)
    with monkeypatch.context() as patch:
        interrupt_after(patch, chunks=2)
        terminal("import", path, "--release", release.id, code=1)
    clock.advance(30 * 86_400)
    for _ in range(100):
        clocked_server.sweep()
    assert clocked_server.database.read("SELECT count(*) FROM requests") == [(0,)]
    said = terminal("import", path, "--release", release.id)
    assert "2,000 rows were imported by an earlier run" in said.stderr
    assert total(clocked_desk, release) == 2500


def test_another_file_that_shares_a_candidate_is_refused_before_anything_is_written(terminal, api, release, roster):
    terminal("import", roster(1500), "--release", release.id)
    other = roster(1500, "other.csv", first=1400)
    said = terminal("import", other, "--release", release.id, code=1).stderr.splitlines()
    named = [line for line in said if line.startswith(f"{other}:")]
    assert len(named) == 100
    assert named[0].startswith(f"{other}:2: candidate_id: has a session in this release already")
    assert said[-2] == "error: 100 problems in 100 of 1,500 rows; nothing was written"
    assert "--skip-booked" in said[-1]
    assert total(api, release) == 1500


def test_the_same_rows_with_one_more_are_another_file(terminal, api, release, roster):
    terminal("import", roster(3), "--release", release.id)
    said = terminal("import", roster(4, "longer.csv"), "--release", release.id, code=1).stderr
    assert "3 problems in 3 of 4 rows" in said
    assert total(api, release) == 3


def test_candidates_who_have_a_session_can_be_left_out(terminal, api, release, roster):
    terminal("import", roster(3), "--release", release.id)
    longer = roster(5, "longer.csv")
    said = terminal("import", longer, "--release", release.id, "--skip-booked")
    assert "3 rows are left out: their candidates have a session already" in said.stderr
    assert "2 rows imported" in said.stdout
    assert total(api, release) == 5
    codes = rows_of(longer.with_name("longer-codes.csv"))
    assert [row["candidate_id"] for row in codes] == ["c0", "c1", "c2", "c3", "c4"]
    assert codes[:3] == rows_of(longer.with_name("roster-codes.csv"))


def test_the_same_file_goes_into_another_release_anew(terminal, api, release, roster, tmp_path):
    path, other = roster(3), api.release()
    terminal("import", path, "--release", release.id)
    terminal("import", path, "--release", other.id, "--out", tmp_path / "other.csv")
    assert total(api, other) == 3
    mine, others = (
        {row["session_id"] for row in rows_of(tmp_path / name)} for name in ("roster-codes.csv", "other.csv")
    )
    assert not mine & others


def test_a_session_edited_since_still_counts_as_imported(terminal, api, release, roster):
    path = roster(3)
    terminal("import", path, "--release", release.id)
    session = api.call("GetSession", session_id=rows_of(path.with_name("roster-codes.csv"))[1]["session_id"]).session
    booking = {"candidate": {"name_last": "Married"}}
    api.call("UpdateSession", session_id=session.id, booking=booking, update_mask={"paths": ["candidate.name_last"]})
    assert "nothing is left to import" in terminal("import", path, "--release", release.id).stdout


def test_a_session_deleted_since_is_told_and_not_booked_behind_anybodys_back(
    terminal, api, release, roster, tmp_path
):
    path = roster(3)
    terminal("import", path, "--release", release.id)
    api.call("DeleteSession", session_id=rows_of(tmp_path / "roster-codes.csv")[1]["session_id"])
    said = terminal("import", path, "--release", release.id, "--out", tmp_path / "again.csv")
    assert "line 3: candidate c1 was imported before and has no session any more" in said.stderr
    assert total(api, release) == 2
    assert [row["candidate_id"] for row in rows_of(tmp_path / "again.csv")] == ["c0", "c2"]
    terminal("import", path, "--release", release.id, "--skip-booked", "--force")
    assert total(api, release) == 3


def test_a_roster_whose_sessions_were_all_deleted_is_booked_anew_with_codes_that_work(
    terminal, api, release, roster, tmp_path
):
    path = roster(3)
    for n in range(2):
        terminal("import", path, "--release", release.id, "--force")
        for row in rows_of(tmp_path / "roster-codes.csv"):
            assert api.call("GetSession", keycode=row["keycode"]).session.id == row["session_id"]
            api.call("DeleteSession", session_id=row["session_id"])
        assert total(api, release) == 0, n
    terminal("import", path, "--release", release.id, "--force")
    said = terminal("import", path, "--release", release.id)
    assert "nothing is left to import" in said.stdout
    assert total(api, release) == 3


def test_a_row_that_is_taken_during_the_import_stops_it_and_says_what_is_written(
    terminal, api, release, roster, monkeypatch
):
    path, book = roster(2500), Client.book

    def somebody_is_faster(self, release_id, bookings, request_id="", *, validate_only=False, **more):
        if not validate_only and bookings[0].candidate_id == "c1000":
            api.book(release, candidate_id="c1007")
        return book(self, release_id, bookings, request_id, validate_only=validate_only, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Client, "book", somebody_is_faster)
        said = terminal("import", path, "--release", release.id, code=1).stderr
    assert f"{path}:1009: candidate_id: candidate c1007 already has a session" in said
    assert "1,000 rows before are written" in said
    terminal("import", path, "--release", release.id, "--skip-booked")
    assert total(api, release) == 2500
    assert len(rows_of(path.with_name("roster-codes.csv"))) == 2500


class Flickering:
    """A server that stops when an import comes to its second chunk, and is back at the next try if it is to be."""

    def __init__(self, database, monkeypatch, *, returns):
        self._database = database
        self._server, self._returns, self._left = None, returns, False
        self._start(f"127.0.0.1:{free_port()}")
        self.target = self._server.target
        self._book = Client.book

        def book(client, *bookings, **how):
            return self._booked(client, *bookings, **how)

        monkeypatch.setattr(Client, "book", book)

    def _start(self, listen):
        self._server = RunningServer(self._database, listen=listen)

    def _booked(self, client, release_id, bookings, request_id="", *, validate_only=False, **more):
        if self._left and self._returns and not self._server:
            self._start(self.target)
        if not validate_only and bookings[0].candidate_id == "c1000" and not self._left:
            self._left = True
            self.stop()
        return self._book(client, release_id, bookings, request_id, validate_only=validate_only, **more)

    def stop(self):
        if self._server:
            self._server.stop()
        self._server = None


@pytest.fixture
def flickering(database, monkeypatch):
    """Makes a server that goes away."""
    servers = []

    def make(*, returns):
        servers.append(Flickering(database, monkeypatch, returns=returns))
        return servers[0]

    yield make
    servers[0].stop()


def test_a_server_that_restarts_during_an_import_is_waited_for(flickering, roster):
    server = flickering(returns=True)
    api = ApiClient(server.target)
    release = api.release()
    Terminal(server.target, api.workspace)("import", roster(2500), "--release", release.id)
    assert total(api, release) == 2500
    api.close()


def test_a_server_that_stays_away_ends_the_import_with_a_way_on(flickering, roster, monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 0.3)
    server = flickering(returns=False)
    api = ApiClient(server.target)
    release = api.release()
    said = Terminal(server.target, api.workspace)("import", roster(2500), "--release", release.id, code=1).stderr
    api.close()
    assert "stopped after 1,000 of 2,500 rows; type the same command again to go on" in said
    assert f"no server answers at {server.target}" in said

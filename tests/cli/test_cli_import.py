from __future__ import annotations

import stat

import pytest
from terminal import rows_of, typed

HEADER = "candidate_id,name_first,name_last,gender,grade_level,ethnicity,school_id,district_id,access_code\n"


@pytest.fixture
def release(api):
    return api.release(name="Maths, May")


@pytest.fixture
def roster(tmp_path):
    """Writes a roster and gives its path."""

    def write(text, name="roster.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def booked(api, release):
    """The sessions of a release by candidate."""
    found, page = {}, ""
    while True:
        reply = api.call("ListSessions", filter={"release_ids": [release.id]}, page_size=1000, page_token=page)
        found |= {session.candidate.candidate_id: session for session in reply.sessions}
        page = reply.next_page_token
        if not page:
            return found


def test_a_roster_becomes_sessions_and_a_file_of_codes(terminal, api, release, roster):
    path = roster(HEADER + "111111,Homer,Simpson,M,AE,OTHR,24680,87654,abc101\n111112,Ada,Wu,Female,K,,,,\n")
    said = terminal("import", path, "--release", "Maths, May").stdout
    sessions = booked(api, release)
    assert sessions["111111"].candidate.name_last == "Simpson"
    assert sessions["111111"].access_code == "ABC101"
    assert rows_of(path.with_name("roster-codes.csv")) == [
        {"line": line, "candidate_id": name, "session_id": s.id, "keycode": s.keycode, "access_code": s.access_code}
        for line, name in (("2", "111111"), ("3", "111112"))
        for s in (sessions[name],)
    ]
    assert said.startswith("2 rows imported in ")
    assert "rows/s)" in said
    assert "roster-codes.csv" in said


def test_the_file_of_codes_is_for_its_owner_only(terminal, release, roster):
    path = roster("candidate_id\n1\n")
    terminal("import", path, "--release", release.id)
    assert stat.S_IMODE(path.with_name("roster-codes.csv").stat().st_mode) == 0o600


def test_the_history_says_that_the_command_line_booked(terminal, api, release, roster):
    terminal("import", roster("candidate_id\n1\n"), "--release", release.id)
    actor = api.history(booked(api, release)["1"])[0].actor
    assert actor == "cli" or actor.startswith("cli:")


def test_ten_thousand_rows_arrive_once_each_and_in_order(terminal, api, release, roster):
    lines = (f"c{n},First {n},Last {n},F,{n % 12 + 1},ASIA,S{n % 40},D1,\n" for n in range(10_000))
    path = roster(HEADER + "".join(lines))
    terminal("import", path, "--release", release.id, "--out", path.with_name("codes.csv"))
    sessions = booked(api, release)
    assert sorted(sessions) == sorted(f"c{n}" for n in range(10_000))
    codes = rows_of(path.with_name("codes.csv"))
    assert [row["line"] for row in codes] == [str(n) for n in range(2, 10_002)]
    assert all(sessions[row["candidate_id"]].keycode == row["keycode"] for row in codes)
    assert len({row["keycode"] for row in codes}) == 10_000


def test_every_bad_row_is_named_before_anything_is_written(terminal, api, release, roster):
    api.book(release, candidate_id="taken", access_code="TAKEN1")
    path = roster(
        "candidate_id,gender,access_code,window_start_dt,window_end_dt\n"
        "good,F,,,\n"
        ",F,,,\n"
        "taken,F,,,\n"
        "late,F,,2026-05-04 09:00:00,2026-05-03 09:00:00\n"
        "odd,Q,,,\n"
        "other,F,taken1,,\n"
        "good,F,,,\n"
    )
    said = terminal("import", path, "--release", release.id, code=1).stderr.splitlines()
    named = [line.removeprefix(f"{path}:") for line in said if line.startswith(f"{path}:")]
    assert [line.split(" ", 2)[:2] for line in named] == [
        ["3:", "candidate_id:"],
        ["4:", "candidate_id:"],
        ["5:", "window_end_dt:"],
        ["6:", "gender:"],
        ["7:", "access_code:"],
        ["8:", "candidate_id:"],
    ]
    assert said[-2] == "error: 6 problems in 6 of 7 rows; nothing was written"
    assert list(booked(api, release)) == ["taken"]
    assert not path.with_name("roster-codes.csv").exists()


def test_rows_that_only_the_service_can_judge_are_all_named_however_many(terminal, api, release, roster):
    for n in range(300):
        api.book(release, candidate_id=f"old{n}", access_code=f"TAKEN{n}")
    path = roster("candidate_id,access_code\n" + "".join(f"new{n},taken{n}\n" for n in range(1200)))
    said = terminal("import", path, "--release", release.id, code=1).stderr.splitlines()
    assert [line.split(":")[1] for line in said if line.startswith(f"{path}:")] == [str(n) for n in range(2, 302)]
    assert len(booked(api, release)) == 300


def test_a_window_that_does_not_fit_the_release_is_named_by_its_line(terminal, api, roster):
    release = api.release(window_start={"seconds": 2_000_000_000})
    path = roster("candidate_id,window_end_dt\n1,\n2,2026-05-04 09:00:00\n")
    said = terminal("import", path, "--release", release.id, code=1).stderr
    assert f"{path}:3: window_end_dt: must be later" in said


def test_a_dry_run_writes_nothing(terminal, api, release, roster):
    path = roster("candidate_id\n1\n2\n")
    said = terminal("import", path, "--release", release.id, "--dry-run").stdout
    assert said == f"2 rows can be imported into Maths, May ({release.id}); nothing was written\n"
    assert not booked(api, release)
    assert not path.with_name("roster-codes.csv").exists()


def test_a_dry_run_names_bad_rows_and_fails(terminal, release, roster):
    path = roster("candidate_id\n1\n1\n")
    assert (
        ":3: candidate_id: '1' is in line 2"
        in terminal("import", path, "--release", release.id, "--dry-run", code=1).stderr
    )


def test_a_file_that_is_no_roster_is_refused_by_name(terminal, release, roster):
    said = terminal("import", roster("candidat_id,shoe\n1,2\n"), "--release", release.id, code=1).stderr
    assert "roster.csv: line 1 has columns that no roster has" in said
    assert "did you mean candidate_id?" in said


def test_a_file_that_is_not_there_is_a_wrong_command(terminal, tmp_path):
    assert "does not exist" in terminal("import", tmp_path / "none.csv", "--release", "x", code=2).stderr


def test_an_unknown_release_is_refused_with_the_one_it_resembles(terminal, release, roster):
    said = terminal("import", roster("candidate_id\n1\n"), "--release", "Maths May", code=1).stderr
    assert "no release called 'Maths May'" in said
    assert "did you mean 'Maths, May'?" in said


def test_an_unknown_release_id_is_refused_by_the_service(terminal, roster):
    name = "00000000-0000-7000-8000-000000000000"
    said = terminal("import", roster("candidate_id\n1\n"), "--release", name, code=1).stderr
    assert f"refused: there is no release {name}" in said
    assert "RELEASE_NOT_FOUND" in said


def test_a_name_that_two_releases_have_is_not_guessed_at(terminal, api, release, roster):
    other = api.release(name="Maths, May")
    said = terminal("import", roster("candidate_id\n1\n"), "--release", "Maths, May", code=1).stderr
    assert release.id in said
    assert other.id in said
    assert not booked(api, other)


def test_codes_never_replace_the_roster(terminal, release, roster):
    path = roster("candidate_id\n1\n")
    assert (
        "cannot replace the roster" in terminal("import", path, "--release", release.id, "--out", path, code=2).stderr
    )


def test_codes_that_cannot_be_written_are_a_wrong_command_before_anything_is_written(
    terminal, api, release, roster, tmp_path
):
    out = tmp_path / "nowhere" / "codes.csv"
    terminal("import", roster("candidate_id\n1\n"), "--release", release.id, "--out", out, code=2)
    assert not booked(api, release)


def test_another_file_is_not_overwritten_and_nothing_is_written(terminal, api, release, roster):
    path = roster("candidate_id\n1\n")
    codes = roster("precious\n", "roster-codes.csv")
    assert "--force" in terminal("import", path, "--release", release.id, code=1).stderr
    assert codes.read_text() == "precious\n"
    assert not booked(api, release)
    terminal("import", path, "--release", release.id, "--force")
    assert rows_of(codes)[0]["candidate_id"] == "1"


def test_no_half_written_file_is_left_behind(terminal, release, roster, tmp_path):
    terminal("import", roster("candidate_id\n1\n"), "--release", release.id)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["roster-codes.csv", "roster.csv"]


@pytest.mark.parametrize("chunk", ["999", "10001"])
def test_a_chunk_has_one_to_ten_thousand_rows(terminal, release, roster, chunk):
    words = ("import", roster("candidate_id\n1\n"), "--release", release.id, "--chunk", chunk)
    assert "--chunk" in terminal(*words, code=2).stderr


def test_without_a_server_the_way_out_is_told(roster):
    words = ("import", roster("candidate_id\n1\n"), "--release", "x", "--target", "127.0.0.1:1")
    said = typed(*words, code=1).stderr
    assert "no server answers at 127.0.0.1:1; start one with `exam-sessions serve --listen 127.0.0.1:1`" in said


def test_a_row_that_names_a_form_nobody_has_is_named_by_its_line_unless_it_may_follow(terminal, api, release, roster):
    path = roster("candidate_id,test_form\n1,\n2,lost\n")
    said = terminal("import", path, "--release", release.id, code=1).stderr
    assert "roster.csv:3: test_form" in said
    assert "'lost'" in said
    assert booked(api, release) == {}
    terminal("import", path, "--release", release.id, "--allow-missing-form")
    assert booked(api, release)["2"].test_form == "lost"

"""Looking: sessions, releases, the export, the diagram."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import pytest
from terminal import Terminal, rows_of, typed

from exam_sessions.domain.diagram import mermaid

ONE_OF = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def release(api):
    return api.release(name="Maths, May", invigilated=True)


def test_sessions_are_listed_with_keycode_state_and_name(terminal, api, release):
    session = api.book(release, candidate_id="17")
    said = terminal("sessions", "list").stdout.splitlines()
    assert said[0].split()[:5] == ["keycode", "state", "candidate", "name", "left"]
    assert said[1].split()[:3] == [session.keycode, "SCHEDULED_BUT_NOT_CREATED", "17"]


def test_a_list_can_be_narrowed_by_release_state_and_candidate(terminal, api, release):
    other = api.book(api.release(name="Other"), candidate_id="a")
    built = api.walk(api.book(release, candidate_id="a"), "CreatePackage")
    api.book(release, candidate_id="b")

    def keycodes(*words):
        return {session["keycode"] for session in terminal.json("sessions", "list", *words)}

    assert keycodes("--release", "Other") == {other.keycode}
    assert keycodes("--state", "scheduled-but-not-downloaded") == {built.keycode}
    assert keycodes("--candidate", "a") == {other.keycode, built.keycode}
    assert keycodes("--candidate", "a", "--candidate", "b", "--release", release.id, "--state", "READY") == set()


def test_a_list_stops_at_its_limit_and_says_that_there_is_more(terminal, api, release):
    for _ in range(3):
        api.book(release)
    said = terminal("sessions", "list", "--limit", 2)
    assert len(said.stdout.splitlines()) == 3
    assert "there are more than 2" in said.stderr
    assert "more than" not in terminal("sessions", "list", "--limit", 3).stderr


def test_a_list_longer_than_a_page_is_read_page_by_page(terminal, api, release):
    bookings = [{"candidate": {"candidate_id": str(n)}} for n in range(1100)]
    api.call("BatchCreateSessions", release_id=release.id, bookings=bookings)
    assert len(terminal.json("sessions", "list", "--limit", 2000)) == 1100


def test_an_empty_list_says_so(terminal):
    assert terminal("sessions", "list").stderr == "no session matches\n"


def test_an_unknown_state_is_a_wrong_command_with_the_one_it_resembles(terminal):
    assert "did you mean IN_PROGRESS?" in terminal("sessions", "list", "--state", "in_progres", code=2).stderr


def test_markup_in_a_name_is_shown_as_it_is(terminal, api, release):
    api.book(release, candidate_id="[red]x[/red]")
    assert "[red]x[/red]" in terminal("sessions", "list").stdout


def test_a_session_is_shown_by_id_or_keycode_with_what_it_may_do(terminal, api, release):
    session = api.book(release, candidate_id="17", external_reference="ref-9")
    by_id = terminal("sessions", "show", session.id).stdout
    assert by_id == terminal("sessions", "show", session.keycode.lower()).stdout
    assert "17" in by_id
    assert "Maths, May" in by_id
    assert "ref-9" in by_id
    lines = [line.split() for line in by_id.splitlines()]
    assert ["create_package", "SCHEDULED_BUT_NOT_DOWNLOADED"] in lines
    assert not any("pause" in line for line in lines)


def test_why_other_actions_are_refused_is_told_when_asked(terminal, api, release):
    session = api.book(release)
    said = terminal("sessions", "show", session.id, "-v").stdout
    refused = next(line for line in said.splitlines() if line.startswith("not legal in SCHEDULED_BUT_NOT_CREATED"))
    assert "pause" in refused
    assert "-v says why" in terminal("sessions", "show", session.id).stderr


def test_a_reason_of_its_own_is_told_in_the_services_words(terminal, api, release):
    session = api.walk(api.book(release), "CreatePackage", "DownloadSession", "EnterKeycode", "UnlockSession")
    said = terminal("sessions", "show", session.id, "-v").stdout
    reset = next(line for line in said.splitlines() if line.startswith("reset"))
    assert reset.split()[1] == "SESSION_NOT_RESETTABLE"


def test_a_final_session_says_that_nothing_is_allowed(terminal, api, release):
    session = api.book(release)
    api.move("VoidSession", session)
    assert "nothing is allowed any more" in terminal("sessions", "show", session.id).stdout


def test_a_session_is_printed_as_json_with_the_names_of_the_protos(terminal, api, release):
    session = api.book(release, candidate_id="17")
    [printed] = terminal.json("sessions", "show", session.keycode)
    assert printed["id"] == session.id
    assert printed["state"] == "STATE_SCHEDULED_BUT_NOT_CREATED"
    [explained] = terminal.json("sessions", "show", session.keycode, "-v")
    assert "ACTION_CREATE_PACKAGE" in explained["allowed_actions"]


def test_an_unknown_session_is_refused_with_a_way_on(terminal):
    said = terminal("sessions", "show", "NOSUCHKC", code=1).stderr.splitlines()
    assert said[0] == "error: no session and no candidate is called 'NOSUCHKC'"
    assert "sessions list" in said[1]


@pytest.mark.parametrize("name", ["ABC-DEF", "A" * 17])
def test_what_is_neither_id_nor_keycode_may_be_a_candidate(terminal, api, release, name):
    assert f"no candidate is called '{name}'" in terminal("sessions", "show", name, code=1).stderr
    session = api.book(release, candidate_id=name)
    assert session.keycode in terminal("sessions", "show", name).stdout


@pytest.mark.parametrize("words", [("show",), ("pin",), ("history",), ("pause",), ("score",)])
def test_a_blank_names_no_session(terminal, words):
    assert "a blank names no session" in terminal("sessions", *words, " ", code=2).stderr


def test_the_history_tells_time_action_states_actor_and_reason(terminal, api, release):
    session = api.walk(api.book(release), "CreatePackage")
    api.move("VoidSession", session, reason=1, message="slept")
    lines = [line.split("  ") for line in terminal("sessions", "history", session.keycode).stdout.splitlines()]
    told = [[cell.strip() for cell in line if cell.strip()][1:] for line in lines]
    assert told == [
        ["action", "from → to", "actor", "reason"],
        ["schedule", "(new) → SCHEDULED_BUT_NOT_CREATED", "test"],
        ["create_package", "SCHEDULED_BUT_NOT_CREATED → SCHEDULED_BUT_NOT_DOWNLOADED", "test"],
        ["void", "SCHEDULED_BUT_NOT_DOWNLOADED → VOIDED", "test", "ABSENT: slept"],
    ]


def test_the_history_of_a_deleted_session_is_still_told(terminal, api, release):
    session = api.book(release)
    api.call("DeleteSession", session_id=session.id)
    said = terminal("sessions", "history", session.id).stdout
    assert "(deleted)" in said
    assert "keycode: *** → -" in " ".join(said.split())


def history_of(terminal, session):
    """What the last column of the history says, without the breaks of its lines."""
    return " ".join(terminal("sessions", "history", session.id).stdout.split())


def test_the_history_shows_values_before_and_after_beside_the_reason(terminal, api):
    release = api.release(duration={"seconds": 600})
    session = api.book(release, centre_id="north")
    for centre in ("south", ""):
        api.call(
            "UpdateSession",
            session_id=session.id,
            booking={"centre_id": centre},
            update_mask={"paths": ["centre_id"]},
        )
    api.move("SetExtraTime", session, extra_time_percent=25, reason="a broken arm")
    api.move("SetAccommodation", session, accommodation={"no_time_limit": True}, reason="dyslexia")
    said = history_of(terminal, session)
    assert "centre_id: north → south" in said
    assert "centre_id: south → " in said
    assert "a broken arm; extra_percent: 0 → 25" in said
    assert "dyslexia; time_limit: - → no_limit" in said
    assert "version" not in said
    assert "due_time" not in said


def test_the_history_shows_what_a_move_writes_besides_the_state(terminal, api, release):
    session = api.book(release, test_form="form-1")
    api.move("ResetSession", session, updated_form="form-2", allow_missing_form=True)
    assert "test_form: form-1 → form-2" in history_of(terminal, session)
    walked = api.walk(session, "CreatePackage", "DownloadSession", "EnterKeycode", "UnlockSession", "FinishSession")
    assert "end_time" not in history_of(terminal, walked)


def test_a_long_value_is_cut_in_the_history(terminal, api, release):
    session = api.book(release, annotations={"key": "x" * 200})
    api.call(
        "UpdateSession", session_id=session.id, booking={"annotations": {}}, update_mask={"paths": ["annotations"]}
    )
    assert f'{{"key":"{"x" * 31}… → -' in history_of(terminal, session)


def test_a_history_longer_than_a_page_is_told_whole(terminal, api, release):
    session = api.book(release)
    for n in range(60):
        api.call(
            "UpdateSession",
            session_id=session.id,
            booking={"external_reference": str(n)},
            update_mask={"paths": ["external_reference"]},
        )
    assert len(terminal.json("sessions", "history", session.id)) == 61


def test_an_invigilator_reads_and_sets_the_pin_of_a_session(terminal, api, release):
    session = api.book(release, pin="secret")
    assert terminal("sessions", "pin", session.keycode.lower()).stdout == "SECRET\n"
    assert terminal("sessions", "pin", session.id, "--set", "quarks").stdout == "QUARKS\n"
    drawn = terminal("sessions", "pin", session.id, "--new").stdout.strip()
    assert terminal("sessions", "pin", session.id).stdout.strip() == drawn != "QUARKS"
    terminal("sessions", "pin", session.id, "--new", "--set", "QUARKS", code=2)
    for words in (
        ["sessions", "show", session.id],
        ["sessions", "history", session.id],
        ["sessions", "list"],
        ["export", "--release", release.id],
    ):
        said = terminal(*words)
        assert not {"SECRET", "QUARKS", drawn} & set(said.output.replace(",", " ").split())


def test_a_session_without_a_pin_has_none_to_show(terminal, api, release):
    assert "has no PIN" in terminal("sessions", "pin", api.book(release).id, code=1).stderr


def test_a_release_is_made_and_found_by_its_name(terminal, api):
    words = ("--duration", "1h30m", "--window-start", "2026-05-04 08:00:00", "--window-end", "2026-05-04T18:00:00Z")
    flags = (
        "--invigilated",
        "--requires-check-in",
        "--auto-create-pin",
        "--moderated",
        "--allow-multiple-open-sessions",
    )
    more = ("--max-attempts", 2, "--grace-period", "7d", "--test-form", "form-A")
    assert "forms list" in terminal("releases", "create", "Maths, May", *more, code=1).stderr
    [made] = terminal.json("releases", "create", "Maths, May", *words, *flags, *more, "--allow-missing-form")
    assert made.pop("create_time") == made.pop("update_time")
    assert made == {
        "workspace_id": api.workspace,
        "id": made["id"],
        "name": "Maths, May",
        "test_form": "form-A",
        "window_start": "2026-05-04T08:00:00Z",
        "window_end": "2026-05-04T18:00:00Z",
        "duration": "5400s",
        "delivery": "DELIVERY_ONLINE",
        "invigilated": True,
        "requires_check_in": True,
        "auto_create_pin": True,
        "moderated": True,
        "max_attempts": 2,
        "attempt_strategy": "ATTEMPT_STRATEGY_HIGHEST",
        "device_policy": "DEVICE_POLICY_ANY",
        "grace_period": "604800s",
        "allow_multiple_open_sessions": True,
        "etag": made["etag"],
    }
    said = terminal("releases", "list").stdout
    assert made["id"] in said
    assert "Maths, May" in said
    assert "1:30:00" in said
    again = terminal("releases", "create", "Maths, May", code=1).stderr
    assert "reason:  DUPLICATE_RELEASE_NAME" in again
    assert "--allow-duplicate-name" in again
    terminal("releases", "create", "Maths, May", "--allow-duplicate-name")


def test_a_new_release_says_how_to_go_on(terminal):
    said = terminal("releases", "create", "Paper", "--paper")
    assert "on paper" in said.stdout
    assert "exam-sessions import ROSTER.csv --release" in said.stderr


def test_a_workspace_without_releases_says_how_to_make_one(terminal):
    assert "releases create NAME" in terminal("releases", "list").stderr


@pytest.mark.parametrize("length", ["soon", "90", "1x", ""])
def test_a_length_of_time_needs_its_unit(terminal, length):
    assert "such as 1h30m" in terminal("releases", "create", "R", "--duration", length, code=2).stderr


def test_a_release_the_service_refuses_is_refused_with_its_fields(terminal):
    window = ("--window-start", "2026-05-04 08:00:00", "--window-end", "2026-05-03 08:00:00")
    said = terminal("releases", "create", "R", *window, code=1).stderr
    assert "INVALID_FIELD" in said
    assert "window_end" in said


def test_an_export_holds_every_session_in_columns_of_words(terminal, api, release):
    names = {str(n): api.book(release, candidate_id=str(n)) for n in range(3)}
    sat = api.walk(names["1"], "CreatePackage", "DownloadSession", "EnterKeycode", "UnlockSession", "FinishSession")
    rows = list(csv.DictReader(io.StringIO(terminal("export", "--release", "Maths, May").stdout)))
    assert [row["candidate_id"] for row in rows] == ["0", "1", "2"]
    assert rows[1]["session_id"] == sat.id
    assert (rows[1]["state"], rows[1]["maturity"], rows[1]["finish_reason"]) == ("FINISHED", "COMPLETE", "CANDIDATE")
    assert rows[1]["keycode"] == sat.keycode
    assert rows[0]["start_dt"] == ""
    assert rows[1]["start_dt"].startswith("20")


def test_an_export_can_be_narrowed_and_go_to_a_file(terminal, api, release, tmp_path):
    bookings = [{"candidate": {"candidate_id": str(n)}} for n in range(1100)]
    api.call("BatchCreateSessions", release_id=release.id, bookings=bookings)
    api.walk(api.book(release, candidate_id="ready"), "CreatePackage", "DownloadSession")
    out = tmp_path / "sessions.csv"
    assert "1 sessions" in terminal("export", "--release", release.id, "--state", "READY", "--out", out).stderr
    assert [row["candidate_id"] for row in rows_of(out)] == ["ready"]
    terminal("export", "--release", release.id, "--out", out)
    assert len(rows_of(out)) == 1101


def test_an_export_is_a_roster_with_more_columns(terminal, api, release, tmp_path):
    api.book(release, candidate_id="1", centre_id="room 7", window_end={"seconds": 4_000_000_000})
    out, roster = tmp_path / "sessions.csv", tmp_path / "roster.csv"
    terminal("export", "--release", release.id, "--out", out)
    with roster.open("w", newline="") as file:
        columns = ("candidate_id", "centre_id", "window_end_dt", "gender")
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows_of(out))
    terminal("import", roster, "--release", api.release(name="Again").id)
    again = api.call("ListSessions", filter={"candidate_ids": ["1"]}).sessions[1]
    assert (again.centre_id, again.window_end.seconds) == ("room 7", 4_000_000_000)


def test_a_failed_export_leaves_the_old_file(terminal, tmp_path):
    out = tmp_path / "sessions.csv"
    out.write_text("old\n")
    terminal("export", "--release", ONE_OF, "--out", out, code=1)
    assert out.read_text() == "old\n"
    assert [file.name for file in tmp_path.iterdir()] == ["sessions.csv"]


def test_an_export_to_a_reader_who_has_seen_enough_is_no_failure(terminal, api, release):
    bookings = [{"candidate": {"candidate_id": str(n)}} for n in range(5000)]
    api.call("BatchCreateSessions", release_id=release.id, bookings=bookings)
    run = terminal.start("export", "--release", release.id)
    assert run.stdout.readline().startswith("session_id,")
    run.stdout.close()
    assert run.stderr.read() == ""
    run.stderr.close()
    assert run.wait(30) == 0


def test_the_diagram_is_the_machines_own():
    assert typed("diagram").stdout == mermaid()


@pytest.mark.parametrize(
    "words",
    [
        ("sessions", "list"),
        ("sessions", "show", "ABCDEFGH"),
        ("sessions", "history", "ABCDEFGH"),
        ("releases", "list"),
        ("releases", "create", "R"),
        ("export", "--release", ONE_OF),
    ],
    ids=" ".join,
)
def test_without_a_server_every_command_says_how_to_start_one(words):
    said = Terminal("127.0.0.1:1", "default")(*words, code=1).stderr
    assert said.startswith("error: no server answers at 127.0.0.1:1; start one with `exam-sessions serve")


def test_the_target_comes_from_the_environment_when_no_flag_names_it(terminal, monkeypatch):
    monkeypatch.setenv("EXAM_SESSIONS_TARGET", "127.0.0.1:1")
    assert "no server answers at 127.0.0.1:1" in typed("releases", "list", code=1).stderr
    terminal("releases", "list")


def test_help_teaches_every_command_with_what_it_takes():
    for words in ((), ("import",), ("export",), ("serve",), ("sessions", "list"), ("releases", "create")):
        said = typed(*words, "--help").stdout
        assert "exam-sessions " in said, words
        assert "Example" in said or "Begin here" in said, words


def test_help_comes_without_loading_the_server():
    program = (
        "import sys, exam_sessions.cli as c; c.cli; print([m for m in ('sqlalchemy', 'uvloop') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"

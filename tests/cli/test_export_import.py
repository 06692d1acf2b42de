"""What is exported can be imported: cells a spreadsheet would run, columns of our own, results."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from exam_sessions.cli.export import COLUMNS
from exam_sessions.cli.files.importer import Codes
from exam_sessions.cli.files.roster import read_roster
from exam_sessions.cli.files.roster_columns import BY_NAME
from exam_sessions.cli.files.roster_format import OURS
from exam_sessions.cli.files.school_words import FORMULA
from exam_sessions.cli.results_export import CANDIDATES
from exam_sessions_client.v1 import result_pb2, session_pb2, test_form_pb2

STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")
RISKY = {"name_first": '=HYPERLINK("http://x.invalid","a")', "name_last": "+cmd", "school_id": "@SUM(1)"}


def form(api, reference="form-1"):
    """Two questions of one mark: the first is A, the second B."""
    options = [test_form_pb2.Option(id=label, label=label) for label in "ABC"]
    asked = [test_form_pb2.Question(number=n, options=options, keys=[key]) for n, key in (("1", "A"), ("2", "B"))]
    api.call("CreateTestForm", test_form=test_form_pb2.TestForm(reference=reference, questions=asked))


def hand_in(api, session, **labels):
    """Answers each question, named q1 and q2, and hands in."""
    chosen = {name[1:]: result_pb2.Choice(label=label) for name, label in labels.items()}
    given = [{"id": number, "response": {"options": [choice]}} for number, choice in chosen.items()]
    return api.move("SetResponses", session, responses=[{"questions": given}], submit_for_scoring=True)


TIMES = "{:%Y-%m-%d %H:%M:%S}"
"""How an export writes a moment."""


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def risky(api, release):
    who = session_pb2.Candidate(candidate_id="=1+1", **RISKY)
    fields = {"candidate": who, "external_reference": "-r", "access_code": "=2+2", "annotations": {"lti": "=1"}}
    return api.call("CreateSession", release_id=release.id, booking=session_pb2.Booking(**fields)).session


def test_cells_that_a_spreadsheet_would_run_are_harmless_unless_raw(terminal, api):
    release = api.release()
    risky(api, release)
    (row,) = rows(terminal("export", "--release", release.id).stdout)
    assert row["candidate_id"] == "'=1+1"
    assert {name: row[name] for name in RISKY} == {name: f"'{text}" for name, text in RISKY.items()}
    assert (row["external_reference"], row["access_code"]) == ("'-r", "'=2+2")
    (row,) = rows(terminal("export", "--release", release.id, "--raw").stdout)
    assert {name: row[name] for name in RISKY} == RISKY


def test_an_export_imported_into_its_release_changes_nothing(terminal, api, tmp_path):
    release = api.release()
    before = api.walk(risky(api, release), *STARTED)
    path = tmp_path / "ex.csv"
    terminal("export", "--release", release.id, "--out", path)
    said = terminal("import", path, "--release", release.id, "--out", tmp_path / "codes.csv")
    assert "nothing is left to import" in said.stdout
    assert "columns a roster has no use for are passed over: session_id, state" in said.stderr
    assert api.get(before) == before


def test_an_export_imported_into_another_release_is_a_copy(terminal, api, tmp_path):
    release, other = api.release(), api.release()
    before, path = risky(api, release), tmp_path / "ex.csv"
    terminal("export", "--release", release.id, "--out", path)
    terminal("import", path, "--release", other.id, "--out", tmp_path / "codes.csv", "--new-codes")
    (copy,) = rows(terminal("export", "--release", other.id).stdout)
    (row,) = rows(path.read_text())
    same = {"candidate_id", *RISKY, "external_reference", "annotations", "test_form"}
    assert {name: copy[name] for name in same} == {name: row[name] for name in same}
    assert copy["keycode"] != before.keycode


CELLS = {
    "candidate_id": "=1+1",
    "name_first": "Zoë",
    "name_middle": "-M",
    "name_last": 'O\'Neil, "Bob"',
    "gender": "Female",
    "grade_level": "KG",
    "ethnicity": "ASIA",
    "school_id": "0042",
    "district_id": "+d",
    "access_code": "@code",
    "external_reference": "'=r",
    "centre_id": "north",
    "keycode": "KEYKEY77",
    "test_form": "form-9",
    "window_start_dt": "2090-05-04 09:00:00.5",
    "window_end_dt": "2090-05-04T13:00:00+02:00",
    "annotations": '{"lti": "=1", "b": ""}',
    "time_limit": "1h30m",
    "extra_time": "25%",
    "extra_time_reason": "a broken arm",
}
"""A cell for every column of a roster but the PIN, which is the invigilator's and in no reply but GetPin's."""

OTHERS = {"time_limit": "none", "extra_time": "1.5s", "candidate_id": "1", "access_code": "", "keycode": ""}


def written(path, *rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_every_column_that_is_imported_is_exported_as_it_is_imported(terminal, api, tmp_path):
    assert [name for name in BY_NAME if name not in CELLS] == ["pin"]
    assert set(CELLS) <= set(COLUMNS)
    release = api.release(duration={"seconds": 600}, window_end={"seconds": 4_000_000_000})
    other, roster = api.release(duration={"seconds": 60}), tmp_path / "roster.csv"
    quoted = {name: f"'{cell}" if FORMULA.match(cell) else cell for name, cell in CELLS.items()}
    written(roster, quoted, quoted | OTHERS | {"window_start_dt": "", "window_end_dt": ""})
    terminal("import", roster, "--release", release.id, "--allow-missing-form")
    for words in ((), ("--raw",)):
        path = tmp_path / f"{len(words)}.csv"
        terminal("export", "--release", release.id, "--out", path, *words)
        assert read_roster(path.read_bytes()).rows
        originals, again = (read_roster(file.read_bytes()) for file in (roster, path))
        # Of a file that is raw nobody can tell whose the apostrophe is.
        drawn = {"keycode": "", "access_code": ""} | ({"external_reference": ""} if words else {})
        bookings = [[row.booking._replace(**drawn) for row in roster.rows] for roster in (originals, again)]
        assert bookings[0] == bookings[1]
        assert words or again.rows[0] == originals.rows[0]
        assert set(again.passed_over) == set(COLUMNS) - set(CELLS)
    form(api, "form-9")
    terminal("import", tmp_path / "0.csv", "--release", other.id, "--new-codes", "--out", tmp_path / "codes.csv")
    first, second = (rows(terminal("export", "--release", each.id).stdout) for each in (release, other))
    for name in set(CELLS) - {"keycode", "access_code"}:
        assert [row[name] for row in first] == [row[name] for row in second], name
    assert [row["closes_dt"] for row in first] == ["2090-05-04 11:00:00", "2096-10-02 07:06:40"]
    assert [row["closes_dt"] for row in second] == ["2090-05-04 11:00:00", ""]


def test_every_file_that_is_exported_is_a_roster(terminal, api, tmp_path):
    assert set(COLUMNS) | set(CANDIDATES) | set(Codes._fields) == OURS | set(BY_NAME) - {"pin"}
    release, results = api.release(), tmp_path / "results.csv"
    api.book(release, "ann")
    terminal("results", "export", "--release", release.id, "--out", results)
    terminal("import", results, "--release", api.release().id, "--new-codes", "--out", tmp_path / "codes.csv")


def test_rows_that_the_service_refuses_are_named_by_the_columns_of_the_file(terminal, api, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("candidate_id,extra_time\n1,25%\n2,15m\n")
    said = terminal("import", roster, "--release", api.release().id, code=1).stderr
    assert f"{roster}:2: extra_time: " in said
    assert "1 problem in 1 of 2 rows" in said


def test_the_file_of_codes_is_harmless_and_can_be_imported(terminal, api, tmp_path):
    release, other = api.release(), api.release()
    roster, codes = tmp_path / "roster.csv", tmp_path / "codes.csv"
    roster.write_text("candidate_id,access_code\n=1+1,=code\nann,\n")
    terminal("import", roster, "--release", release.id, "--out", codes)
    assert [row["candidate_id"] for row in rows(codes.read_text())] == ["'=1+1", "ann"]
    terminal("import", codes, "--release", other.id, "--out", tmp_path / "again.csv", "--new-codes")
    copied = api.call("ListSessions", page_size=1000).sessions
    assert sorted(s.candidate.candidate_id for s in copied if s.release_id == other.id) == ["=1+1", "ann"]


def test_a_damaged_id_stops_an_import_unless_it_is_kept(terminal, api, tmp_path):
    release, roster = api.release(), tmp_path / "roster.csv"
    roster.write_text("candidate_id\n1.23457E+11\n")
    assert "--keep-odd-ids" in terminal("import", roster, "--release", release.id, code=1).stderr
    terminal("import", roster, "--release", release.id, "--keep-odd-ids")
    (session,) = api.call("ListSessions").sessions
    assert session.candidate.candidate_id == "1.23457E+11"


def test_results_are_exported_by_candidate_and_by_answer(terminal, api):
    form(api)
    release = api.release(test_form="form-1")
    session = api.walk(api.book(release, "=ann"), *STARTED)
    hand_in(api, session, q1="A", q2="C")
    api.book(release, "bob")
    ann, bob = rows(terminal("results", "export", "--release", release.id).stdout)
    assert (ann["candidate_id"], ann["points"], ann["points_max"], ann["percent"]) == ("'=ann", "1", "2", "50")
    assert (ann["state"], bob["candidate_id"], bob["points"]) == ("MARKED", "bob", "")
    given = rows(terminal("results", "export", "--release", release.id, "--answers", "--raw").stdout)
    mine = [row for row in given if row["candidate_id"] == "=ann"]
    assert [(row["question_number"], row["response"], row["points"], row["marked_by"]) for row in mine] == [
        ("1", "A", "1", "machine"),
        ("2", "C", "0", "machine"),
    ]


def test_exported_results_are_of_the_attempt_and_the_revision_that_count(terminal, api):
    form(api)
    release = api.release(test_form="form-1")
    session = api.walk(api.book(release, "ann"), *STARTED)
    first = hand_in(api, session, q1="A", q2="B")
    session = api.walk(session, "RetakeSession", "EnterKeycode")
    api.move("FinishSession", session, reason=session_pb2.FINISH_REASON_INVIGILATOR)
    bob = hand_in(api, api.walk(api.book(release, "bob"), *STARTED), q1="A", q2="C")
    corrected = api.call("GetTestForm", reference="form-1").test_form
    corrected.questions[1].keys[:] = ["C"]
    api.call("UpdateTestForm", test_form=corrected)
    api.move("RegradeSession", bob, message="a wrong key")
    ann, bob = rows(terminal("results", "export", "--release", release.id).stdout)
    assert (ann["attempt"], ann["points"], ann["marking_revision"]) == ("1", "2", "1")
    times = [TIMES.format(moment.ToDatetime()) for moment in (first.attempt.start_time, first.attempt.end_time)]
    assert [ann["start_dt"], ann["end_dt"], ann["finish_reason"]] == [*times, "CANDIDATE"]
    assert (bob["points"], bob["form_revision"], bob["marking_revision"]) == ("2", "1", "2")


@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n", "\x0b", "\x85", "\u2028", ";"])
def test_an_answer_of_several_lines_stays_one_cell(terminal, api, ends):
    asked = test_form_pb2.Question(number="1", type=test_form_pb2.QUESTION_TYPE_LONGTEXT)
    api.call("CreateTestForm", test_form=test_form_pb2.TestForm(reference="essay", questions=[asked]))
    session = api.walk(api.book(api.release(test_form="essay")), *STARTED)
    text = f"=1{ends}=2{ends}"
    given = [{"id": "1", "response": {"text": text}}]
    api.move("SetResponses", session, responses=[{"questions": given}])
    for words, shown in (("--raw",), text), ((), f"'{text.replace(';=', f';{chr(39)}=')}"):
        out = terminal("results", "export", "--release", session.release_id, "--answers", *words).stdout_bytes
        assert [row["response"] for row in rows(out.decode())] == [shown]


def test_an_export_tells_points_percent_and_deadline(terminal, api):
    form(api)
    release = api.release(test_form="form-1")
    hand_in(api, api.walk(api.book(release, "ann"), *STARTED), q1="A")
    (row,) = rows(terminal("export", "--release", release.id).stdout)
    assert (row["points"], row["points_max"], row["percent"], row["finish_reason"]) == ("1", "2", "50", "CANDIDATE")
    assert row["deadline_dt"] == ""


def test_sessions_are_listed_by_name_form_and_reference(terminal, api):
    release = api.release()
    for number, last in enumerate(("Simpson", "Smithers")):
        who = session_pb2.Candidate(candidate_id=f"c{number}", name_last=last)
        asked = session_pb2.Booking(candidate=who, external_reference=f"r-{number}", test_form=f"f-{number}")
        api.call("CreateSession", release_id=release.id, booking=asked)
    for words in (("--name", "SIMP"), ("--reference", "r-0"), ("--test-form", "f-0")):
        said = terminal("sessions", "list", *words).stdout
        assert "Simpson" in said
        assert "Smithers" not in said


def test_a_session_is_shown_by_release_and_access_code(terminal, api):
    release = api.release(name="Maths, June")
    session = api.book(release, access_code="a/b!c")
    for name in (f"{release.id}/A/b!C", "Maths, June/a/b!c"):
        assert session.id in terminal("sessions", "show", name).stdout
    other = api.book(api.release(name="Maths/June/a"), access_code="b/c")
    assert other.id in terminal("sessions", "show", "Maths/June/a/B/c").stdout
    assert "no session and no candidate is called" in terminal("sessions", "show", "Maths, June/other", code=1).stderr


def test_every_attempt_is_cleared_from_the_command_line(terminal, api):
    form(api)
    session = api.walk(api.book(api.release(test_form="form-1")), *STARTED)
    hand_in(api, session, q1="A")
    api.walk(session, "RetakeSession")
    hand_in(api, api.walk(session, "EnterKeycode"), q1="A")
    terminal("sessions", "transition", "clear_responses", session.keycode, "--all-attempts", "--yes")
    assert api.get(session).attempt.number == 1


def test_users_without_roles_are_taken_with_a_word_of_warning(terminal, api, tmp_path):
    release, users = api.release(), tmp_path / "users.csv"
    users.write_text("sourcedId,status,givenName,familyName,grades\ns1,active,Homer,Simpson,KG\n")
    said = terminal("import", users, "--release", release.id, "--format", "oneroster")
    assert "every user is taken for a student" in said.stderr
    assert api.call("ListSessions").sessions[0].candidate.name_first == "Homer"
    users.write_text("sourcedId,status,role,givenName\ns1,active,student,Homer\nt1,active,teacher,Edna\n")
    said = terminal("import", users, "--release", api.release().id, "--format", "oneroster", "--force")
    assert "1 rows are left out" in said.stderr
    assert "every user" not in said.stderr


USERS = """\
sourcedId,status,givenName,familyName,grades,primaryOrgSourcedId
s1,active,Homer,Simpson,KG,
t1,active,Edna,K,,
"""
ROLES = """\
sourcedId,userSourcedId,roleType,role,orgSourcedId
r1,s1,primary,student,school-1
r2,t1,primary,teacher,school-1
"""


def test_users_of_oneroster_1_2_are_students_by_the_roles_beside_them_named_or_in_the_archive(
    terminal, api, tmp_path
):
    (tmp_path / "users.csv").write_text(USERS)
    alone, roles, bulk = tmp_path / "alone", tmp_path / "other.csv", tmp_path / "bulk.zip"
    alone.mkdir()
    (alone / "u.csv").write_text(USERS)
    roles.write_text(ROLES)
    (tmp_path / "roles.csv").write_text(ROLES)
    with zipfile.ZipFile(bulk, "w") as archive:
        archive.writestr("users.csv", USERS)
        archive.writestr("roles.csv", ROLES)
    for words in ((tmp_path / "users.csv",), (alone / "u.csv", "--roles", roles), (bulk,)):
        release = api.release()
        said = terminal("import", *words, "--release", release.id, "--format", "oneroster", "--force")
        assert "1 rows are left out" in said.stderr
        assert "who is a student is read from" in said.stderr
        (session,) = [s for s in api.call("ListSessions").sessions if s.release_id == release.id]
        assert (session.candidate.name_first, session.candidate.school_id) == ("Homer", "school-1")


def test_users_of_oneroster_without_their_format_are_refused_with_a_way_on(terminal, api, tmp_path):
    (tmp_path / "users.csv").write_text(USERS)
    said = terminal("import", tmp_path / "users.csv", "--release", api.release().id, code=1)
    assert "--format oneroster" in said.stderr


def test_roles_are_for_oneroster_only(terminal, api, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("candidate_id\n1\n")
    said = terminal("import", roster, "--release", api.release().id, "--roles", roster, code=2)
    assert "--format oneroster" in said.stderr

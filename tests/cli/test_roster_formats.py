"""Rosters as school systems write them."""

from __future__ import annotations

import io
import itertools
import zipfile
from datetime import date

import pytest

from exam_sessions.cli.files.oneroster import oneroster, read_students, unpacked
from exam_sessions.cli.files.roster import read_roster
from exam_sessions.cli.files.roster_format import OWN, read_map
from exam_sessions.cli.files.school_words import harmless, unquoted
from exam_sessions.cli.shared.file_faults import Unreadable
from exam_sessions_client.v1 import session_pb2

ONE = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
)
TWO = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,"
    "sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,"
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
)


def read(text, form="csv", **fields):
    return read_roster(text.encode(), oneroster() if form == "oneroster" else OWN, **fields)


def test_oneroster_1_1_gives_its_students():
    roster = read(
        f'{ONE}s1,active,,true,"school-1,school-2",student,u,,Homer,Simpson,Jay,,,,,,KG,\n'
        "s2,,,true,school-1,Student,u,,Lisa,Simpson,,,,,,,08,\n"
        "t1,active,,true,school-1,teacher,u,,Edna,K,,,,,,,,\n"
        "s3,tobedeleted,,true,school-1,student,u,,Bart,S,,,,,,,09,\n",
        "oneroster",
    )
    assert not roster.faults
    assert roster.left_out == 2
    homer, lisa = (row.booking for row in roster.rows)
    assert homer[1:5] == ("s1", "Homer", "Jay", "Simpson")
    assert (homer.grade_level, homer.school_id) == (session_pb2.GRADE_LEVEL_K, "school-1")
    assert (lisa.candidate_id, lisa.grade_level) == ("s2", 8)
    assert "username" in roster.passed_over


def test_oneroster_1_2_has_a_primary_organization_and_no_roles():
    roster = read(f"{TWO}s1,active,,true,u,,Homer,Simpson,,,,,,,12,,,,,,,school-9,\n", "oneroster")
    (row,) = roster.rows
    assert (row.booking.school_id, row.booking.grade_level) == ("school-9", 12)


ROLES = (
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "userProfileSourcedId\n"
)
TODAY = date(2026, 5, 4)


def students(*rows):
    return read_students((ROLES + "\n".join(rows)).encode(), TODAY)


def test_roles_of_oneroster_1_2_say_who_is_a_student_and_where():
    found = students(
        "r1,active,,s1,primary,student,2025-09-01,,school-1,",
        "r2,active,,s1,secondary,student,,,school-2,",
        "r3,,,s2,secondary,Student,,,school-2,",
        "r4,,,s2,primary,student,,,school-1,",
        "r5,active,,t1,primary,teacher,,,school-1,",
        "r6,active,,t1,secondary,student,,,college-1,",
        "r7,active,,p1,primary,parent,,,school-1,",
        "r8,tobedeleted,,s3,primary,student,,,school-1,",
        "r9,active,,s4,primary,student,,2026-05-03,school-1,",
        "r10,active,,s5,primary,student,,2026-05-04,school-1,",
        "r11,active,,s6,primary,student,2026-09-01,2027-07-31T00:00:00Z,school-1,",
    )
    assert found == {"s1": "school-1", "s2": "school-1", "t1": "college-1", "s5": "school-1", "s6": "school-1"}


def test_a_user_of_oneroster_1_2_has_the_school_of_the_primary_organization_or_else_of_the_role():
    roles = students("r1,active,,s1,primary,student,,,school-1,", "r2,active,,s2,primary,student,,,school-1,")
    users = (
        f"{TWO}s1,active,,true,u,,Homer,Simpson,,,,,,,12,,,,,,,school-9,\n"
        "s2,active,,true,u,,Lisa,Simpson,,,,,,,02,,,,,,,,\n"
        "s3,active,,true,u,,Edna,K,,,,,,,,,,,,,,school-9,\n"
    )
    roster = read_roster(users.encode(), oneroster(roles))
    assert not roster.faults
    found = [(row.booking.candidate_id, row.booking.school_id, row.booking.grade_level) for row in roster.rows]
    assert found == [("s1", "school-9", 12), ("s2", "school-1", 2)]
    assert roster.left_out == 1


def test_a_primary_organization_comes_before_a_list_of_organizations():
    both = (
        'sourcedId,orgSourcedIds,primaryOrgSourcedId,role\ns1,"o1,o2",o9,student\ns2,"o1,o2",,student\ns3,,,student\n'
    )
    roster = read(both, "oneroster")
    assert [row.booking.school_id for row in roster.rows] == ["o9", "o1", ""]


def test_a_row_with_broken_quotes_is_a_fault_and_is_not_left_out():
    roster = read_roster(f'{TWO}s1,active,,true,"u"x,,Homer,\n'.encode(), oneroster({"s1": "school-1"}))
    assert [fault.line for fault in roster.faults] == [2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sourcedId,role\n1,student\n", "userSourcedId"),
        ("userSourcedId,status\n1,active\n", "does not name the column role"),
        (f'{ROLES}r1,"active"x,,s1\n', "line 2"),
        (f"{ROLES}r1,active,,s1,primary,student,,,org,p,surplus\n", "line 2"),
        ("", "it is empty"),
    ],
)
def test_a_file_that_is_no_roles_of_oneroster_is_refused(text, said):
    with pytest.raises(Unreadable) as refused:
        read_students(text.encode(), TODAY)
    assert said in str(refused.value)


def test_a_file_with_roles_of_its_own_takes_no_other_roles():
    with pytest.raises(Unreadable) as refused:
        read_roster(f"{ONE}s1,,,true,o,student,u,,A,B,,,,,,,KG,\n".encode(), oneroster({"s1": ""}))
    assert "another file" in str(refused.value)


def archive(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            # A file that is the same every time, for its bytes name a test.
            made.writestr(zipfile.ZipInfo(name.replace("__", "/").replace("_csv", ".csv")), text)
    return data.getvalue()


def test_an_archive_of_a_bulk_export_holds_users_and_roles_in_any_folder():
    assert unpacked(archive(manifest_csv="x", users_csv="u", roles_csv="r")) == (b"u", b"r")
    assert unpacked(archive(bulk__users_csv="u")) == (b"u", None)
    assert unpacked(b"sourcedId\n") == (b"sourcedId\n", None)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (archive(manifest_csv="x"), "without users.csv"),
        (archive(users_csv="u", old__users_csv="u"), "2 files called users.csv"),
        (archive(users_csv="u" * 100)[:60], "cannot be read"),
    ],
    ids=["no users", "users twice", "torn"],
)
def test_an_archive_that_is_no_bulk_export_is_refused(data, said):
    with pytest.raises(Unreadable) as refused:
        unpacked(data)
    assert said in str(refused.value)


@pytest.mark.parametrize("grades", ["UG", "PS", "13", '"09,10"'])
def test_a_grade_that_no_session_has_is_named_by_line_with_what_is_allowed(grades):
    (fault,) = read(f"{ONE}s1,active,,true,x,student,u,,A,B,,,,,,,{grades},\n", "oneroster").faults
    assert (fault.line, fault.column) == (2, "grade_level")
    assert "PK, K, 1 to 12, AE" in fault.reason


@pytest.mark.parametrize(
    ("cell", "grade"),
    [
        ("Grade 9", 9), ("9th", 9), ("9th grade", 9), ("09", 9), ("1st", 1), ("2ND GRADE", 2), ("gr. 12", 12),
        ("11th", 11), ("Pre-K", 13), ("prekindergarten", 13), ("Kindergarten", 14), ("kg", 14), ("adult", 15),
        ("Ninth", 9), ("first grade", 1), ("5.0", 5), ("12.0", 12),
    ],
)  # fmt: skip
def test_grades_are_known_in_the_words_of_schools(cell, grade):
    (row,) = read(f"candidate_id,grade_level\n1,{cell}\n").rows
    assert row.booking.grade_level == grade


@pytest.mark.parametrize("cell", ["0", "00", "13", "1nd", "21st", "nineth", "grade", "Year 5", "5.5", "9-10"])
def test_other_words_are_no_grades(cell):
    assert [fault.column for fault in read(f"candidate_id,grade_level\n1,{cell}\n").faults] == ["grade_level"]


@pytest.mark.parametrize(
    ("cell", "gender"),
    [
        ("girl", 2), ("BOY", 1), ("Non-Binary", 3), ("unspecified", 0), ("notSelected", 0), ("Not Selected", 0),
        ("Prefer not to say", 0), ("not-reported", 0),
    ],
)  # fmt: skip
def test_genders_are_known_in_the_words_of_schools(cell, gender):
    (row,) = read(f"candidate_id,gender\n1,{cell}\n").rows
    assert row.booking.gender == gender


@pytest.mark.parametrize(
    "cell",
    [
        "1.23457E+11",
        "1,2E+5",
        "1E+05",
        '"=""00124"""',
        "#N/A",
        "#REF!",
        "########",
        "00124.0",
        "1,234,567",
        "1-Mar",
        "2-Jan-26",
        "Sep-02",
    ],
)
def test_an_id_that_a_spreadsheet_has_damaged_stops_the_import_unless_it_is_kept(cell):
    text = f"candidate_id,school_id\n{cell if ',' not in cell else f'{chr(34)}{cell}{chr(34)}'},s\n"
    (fault,) = read(text).faults
    assert (fault.line, fault.column) == (2, "candidate_id")
    assert "--keep-odd-ids" in fault.reason
    assert read(text, keep_odd_ids=True).rows


@pytest.mark.parametrize("cell", ["00124", "1E5", "E+11", "12-5", "1.5", "1.0", "A#1", "1-MARCH", "x-1", "MAR-1"])
def test_other_ids_are_taken_as_they_are(cell):
    (row,) = read(f"candidate_id\n{cell}\n").rows
    assert row.booking.candidate_id == cell


def test_an_id_behind_an_apostrophe_is_meant():
    (row,) = read('candidate_id\n"\'=""00124"""\n').rows
    assert row.booking.candidate_id == '="00124"'


def test_a_map_says_which_headings_are_which_columns():
    form = read_map(b'[columns]\n"Student ID" = "candidate_id"\nSurname = "name_last"\n')
    roster = read_roster(b"Student ID,Surname,keycode,House\n1,Simpson,K1,Red\n", form)
    (row,) = roster.rows
    assert (row.booking.candidate_id, row.booking.name_last, row.booking.keycode) == ("1", "Simpson", "K1")
    assert roster.passed_over == ("house",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "it is no TOML"),
        ("", "it maps nothing"),
        ('a = "candidate_ids"', "did you mean candidate_id?"),
        ('a = "name_last"\nb = "name_last"', "two headings stand for name_last"),
        ("a = 1", "no roster has"),
    ],
)
def test_a_map_that_says_nothing_is_refused(text, said):
    with pytest.raises(Unreadable) as refused:
        read_map(text.encode())
    assert said in str(refused.value)


def test_what_a_spreadsheet_would_run_is_harmless_and_read_back_as_it_was():
    risky = ("=1+1", "+49", "-2", "@SUM(1)", "'=x", "''-x", "\uff1d1", " =1", "\tx", "\r=1", "\nx", "'\tx", "\t")
    for cell in risky:
        assert harmless(cell) == f"'{cell}"
    assert harmless("a;=1;-2; 3") == "a;'=1;'-2; 3"
    for cell in ("plain", "'quoted'", "a=b", "", " plain", "a\t=1", "a; b", "O'Neil"):
        assert harmless(cell) == unquoted(cell) == cell


def test_every_cell_is_read_back_as_it_was():
    for length in range(6):
        for letters in itertools.product("';= \ta", repeat=length):
            cell = "".join(letters)
            assert unquoted(harmless(cell)) == cell


def test_what_is_harmless_begins_no_cell_as_a_formula_however_a_spreadsheet_separates_it():
    for length in range(6):
        for letters in itertools.product("';=\na", repeat=length):
            cell = harmless("".join(letters))
            assert not any(part.lstrip()[:1] == "=" for part in cell.split(";")), cell

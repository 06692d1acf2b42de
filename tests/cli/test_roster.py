from __future__ import annotations

import pytest

from exam_sessions.cli.files.roster import EMPTY, Row, read_roster
from exam_sessions.cli.files.roster_columns import BY_NAME, COLUMNS, ETHNICITIES
from exam_sessions.cli.files.school_words import GENDERS, GRADES
from exam_sessions.cli.shared.file_faults import Unreadable
from exam_sessions.cli.shared.times import span, written_span
from exam_sessions.contract import validate_pb2
from exam_sessions_client.v1 import session_pb2


def roster_of(text):
    return read_roster(text.encode())


def faults_of(text):
    return [tuple(fault) for fault in roster_of(text).faults]


def only_booking(text):
    roster = roster_of(text)
    assert not roster.faults
    return roster.rows[0].booking


def refusal_of(data):
    with pytest.raises(Unreadable) as refused:
        read_roster(data if isinstance(data, bytes) else data.encode())
    return str(refused.value)


def test_every_column_of_itemlogic_becomes_a_field_of_the_booking():
    booking = only_booking(
        "candidate_id,name_first,name_middle,name_last,gender,grade_level,ethnicity,school_id,district_id,access_code\n"
        "111111,Homer,Jay,Simpson,Male,AE,OTHR,24680,87654,ABC101\n"
    )
    assert booking == EMPTY._replace(
        candidate_id="111111",
        name_first="Homer",
        name_middle="Jay",
        name_last="Simpson",
        gender=session_pb2.GENDER_MALE,
        grade_level=session_pb2.GRADE_LEVEL_AE,
        ethnicity=session_pb2.ETHNICITY_OTHR,
        school_id="24680",
        district_id="87654",
        access_code="ABC101",
    )


def test_our_own_columns_are_read_too():
    booking = only_booking(
        "candidate_id,external_reference,centre_id,keycode,pin,test_form,window_start_dt,window_end_dt\n"
        "1,ref,centre 9,h76rbd8p,quarks,form-A,2026-05-04 09:00:00,2026-05-04T13:00:00+02:00\n"
    )
    assert booking[11:16] == ("H76RBD8P", "QUARKS", "ref", "centre 9", "form-A")
    assert booking[16:] == (1777885200000000, 1777892400000000, "", 0, 0, 0, "")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["no mark", "byte order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_delimiters_byte_order_marks_and_line_ends_are_recognized(delimiter, start, end):
    lines = (["candidate_id", "name_last"], ["1", "Bär"], ["2", "Ωmega"])
    roster = roster_of(start + end.join(delimiter.join(line) for line in lines))
    assert [(line, b.candidate_id, b.name_last) for line, b in roster.rows] == [(2, "1", "Bär"), (3, "2", "Ωmega")]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
def test_a_line_that_names_the_delimiter_is_passed_over(line):
    (row,) = roster_of(f"\ufeff{line}\r\ncandidate_id;name_last\r\n1;Bose\r\n").rows
    assert (row.line, row.booking.name_last) == (3, "Bose")


def test_headings_may_be_written_with_capitals_spaces_and_quotes():
    assert only_booking('"Candidate ID";Name-Last\n7;Bose\n').name_last == "Bose"


def test_cells_lose_the_blanks_around_them():
    assert only_booking("candidate_id,name_last\n  7 ,\tBose \n").candidate_id == "7"


@pytest.mark.parametrize("cell", [" 7 ", "\u00a07", "7\u3000", '"7\n"', "7\x0b"])
def test_a_cell_is_trimmed_before_it_is_looked_at(cell):
    assert only_booking(f"candidate_id\n{cell}\n").candidate_id == "7"


@pytest.mark.parametrize(
    ("column", "cell", "flaw"),
    [
        ("candidate_id", "7\u200b", "U+200B ZERO WIDTH SPACE (character 2)"),
        ("candidate_id", "7\t8", "U+0009 (character 2)"),
        ("name_last", "Jose\u0301", "U+0301 COMBINING ACUTE ACCENT (character 5)"),
        ("school_id", "s\u00ad1", "U+00AD SOFT HYPHEN (character 2)"),
        ("test_form", "\ufefff", "U+FEFF ZERO WIDTH NO-BREAK SPACE (character 1)"),
        ("keycode", "k\u0131el", "may hold letters and digits only"),
        ("ethnicity", "b\u0131ra", "is not one of"),
    ],
)
def test_a_cell_that_looks_like_another_is_refused(column, cell, flaw):
    head, start = ("candidate_id", "") if column == "candidate_id" else (f"candidate_id,{column}", "1,")
    (fault,) = roster_of(f'{head}\n{start}"{cell}"\n').faults
    assert (fault.column, flaw in fault.reason) == (column, True)


def test_a_line_break_inside_quotes_belongs_to_the_cell_and_later_lines_keep_their_numbers():
    roster = roster_of('candidate_id,name_last\n1,"Two\nlines"\n2,Bose\n,Wu\n')
    assert [(row.line, row.booking.name_last) for row in roster.rows] == [(4, "Bose")]
    assert [(fault.line, fault.column) for fault in roster.faults] == [(2, "name_last"), (5, "candidate_id")]
    assert "must not contain U+000A (character 4)" in roster.faults[0].reason


def test_blank_lines_and_lines_of_empty_cells_are_skipped_but_counted():
    assert roster_of("\ncandidate_id,name_last\n\n1,Bose\n,\n2,Wu\n").rows == (
        Row(4, EMPTY._replace(candidate_id="1", name_last="Bose")),
        Row(6, EMPTY._replace(candidate_id="2", name_last="Wu")),
    )


def test_a_short_row_has_empty_cells_at_its_end():
    assert only_booking("candidate_id,name_first,name_last\n1,Ada\n").name_last == ""


def test_an_unnamed_column_is_ignored_while_it_is_empty():
    assert only_booking("candidate_id,name_last,\n1,Bose,\n").name_last == "Bose"


def test_a_row_without_candidate_id_is_reported_by_its_line_number():
    assert faults_of("candidate_id,name_last\n1,Bose\n,Wu\n") == [
        (3, "candidate_id", "is empty; every row needs one")
    ]


def test_every_bad_cell_of_a_row_is_reported():
    faults = faults_of("candidate_id,gender,grade_level,ethnicity\n1,Q,13,WHITE\n")
    assert [(line, column) for line, column, _ in faults] == [(2, "gender"), (2, "grade_level"), (2, "ethnicity")]
    assert faults[0][2] == "'Q' is not one of Male, Female, Other (also M, F, O, X, Unspecified)"


def test_good_rows_are_kept_beside_bad_ones():
    roster = roster_of("candidate_id,gender\n1,Q\n2,F\n")
    assert [row.line for row in roster.rows] == [3]
    assert roster.size == 2


def test_a_candidate_named_twice_is_reported_with_the_first_line():
    assert faults_of("candidate_id\n7\n8\n7\n7\n") == [
        (4, "candidate_id", "'7' is in line 2 already"),
        (5, "candidate_id", "'7' is in line 2 already"),
    ]


@pytest.mark.parametrize("column", ["access_code", "keycode"])
def test_codes_are_compared_without_regard_to_case(column):
    assert faults_of(f"candidate_id,{column}\n1,abc101\n2,ABC101\n") == [(3, column, "'ABC101' is in line 2 already")]


def test_candidate_ids_are_compared_with_regard_to_case():
    assert len(roster_of("candidate_id\na\nA\n").rows) == 2


def test_empty_codes_are_not_duplicates():
    assert len(roster_of("candidate_id,access_code\n1,\n2,\n").rows) == 2


def test_a_row_with_more_cells_than_columns_is_reported():
    assert faults_of("candidate_id,name_last\n1,Wu, PhD\n") == [
        (2, "", "has 3 cells, the header names 2 columns; a delimiter inside a value needs quotes around the value")
    ]


def test_a_quote_that_is_never_closed_is_reported_where_it_opens():
    faults = faults_of('candidate_id,name_last\n1,Bose\n2,"Wu\n3,Pascal\n')
    assert faults == [(3, "", 'a quote (") opened in this row is never closed')]


def test_broken_quotes_spoil_their_own_row_only():
    roster = roster_of('candidate_id,name_last\n1,"Bo"se"\n2,Wu\n')
    assert [fault.line for fault in roster.faults] == [2]
    assert [row.booking.candidate_id for row in roster.rows] == ["2"]


def test_a_cell_with_a_nul_is_reported():
    padding = "".join(f"{n},Bose\n" for n in range(1000))
    assert faults_of(f"candidate_id,name_last\n{padding}x,W\0u\n") == [(1002, "name_last", "holds a NUL character")]


@pytest.mark.parametrize(
    ("column", "longest"),
    [
        ("candidate_id", 128),
        ("name_first", 100),
        ("school_id", 64),
        ("external_reference", 30),
        ("access_code", 64),
        ("keycode", 16),
    ],
)
def test_lengths_are_counted_in_characters(column, longest):
    letter = "A" if column.endswith("code") else "ß"
    header = f"candidate_id{'' if column == 'candidate_id' else f',{column}'}\n"
    before = "" if column == "candidate_id" else "1,"
    assert not faults_of(f"{header}{before}{letter * longest}\n")
    assert faults_of(f"{header}{before}{letter * (longest + 1)}\n") == [
        (2, column, f"has {longest + 1} characters, at most {longest} are allowed")
    ]


@pytest.mark.parametrize(
    ("column", "cell"),
    [("access_code", "ABC 101"), ("access_code", "ÄBC"), ("keycode", "H76-RBD"), ("pin", "ABCDE"), ("pin", "ABC123")],
)
def test_codes_with_other_letters_are_reported(column, cell):
    assert [fault[1] for fault in faults_of(f"candidate_id,{column}\n1,{cell}\n")] == [column]


@pytest.mark.parametrize(
    ("cell", "gender"), [("Male", 1), ("m", 1), ("FEMALE", 2), ("F", 2), ("other", 3), ("O", 3), ("", 0)]
)
def test_genders_are_known_by_word_or_letter_in_any_case(cell, gender):
    assert only_booking(f"candidate_id,gender\n1,{cell}\n").gender == gender


@pytest.mark.parametrize(
    ("cell", "micros"),
    [
        ("2026-05-04 09:00:00", 1777885200000000),
        ("2026-05-04T09:00:00Z", 1777885200000000),
        ("2026-05-04t09:00:00z", 1777885200000000),
        ("2026-05-04T11:00:00+02:00", 1777885200000000),
        ("2026-05-04 09:00:00.5", 1777885200500000),
        ("9999-12-31 23:59:59", 253402300799000000),
    ],
)
def test_times_are_utc_unless_they_name_a_zone(cell, micros):
    assert only_booking(f"candidate_id,window_end_dt\n1,{cell}\n").window_end == micros


@pytest.mark.parametrize(
    "cell",
    ["2026-05-04", "04.05.2026 09:00", "2026-02-30 09:00:00", "1970-01-01 00:00:00", "soon", "2026-W19-1 09:00:00"],
)
def test_other_times_are_reported(cell):
    assert [fault[1] for fault in faults_of(f"candidate_id,window_start_dt\n1,{cell}\n")] == ["window_start_dt"]


def test_a_window_that_ends_before_it_starts_is_reported():
    text = "candidate_id,window_start_dt,window_end_dt\n1,2026-05-04 09:00:00,2026-05-04 09:00:00\n"
    assert faults_of(text) == [(2, "window_end_dt", "must be later than window_start_dt")]


def test_an_unknown_column_is_refused_by_name_with_the_one_it_resembles():
    said = refusal_of("candidate_id,gendr,shoe size\n1,F,42\n")
    assert "'gendr' (did you mean gender?), 'shoe size'; known are: " in said
    assert "window_end_dt" in said


def test_a_column_that_is_there_twice_is_refused():
    assert "more than once: name_last" in refusal_of("candidate_id,name_last,Name Last\n1,a,b\n")


def test_a_roster_without_the_column_candidate_id_is_refused():
    assert "candidate_id, which every roster needs" in refusal_of("name_last\nWu\n")


@pytest.mark.parametrize("data", [b"", b"\n\n", "\ufeff".encode()])
def test_an_empty_file_is_refused(data):
    assert "it is empty" in refusal_of(data)


def test_a_header_without_rows_is_refused():
    assert "no rows" in refusal_of("candidate_id,name_last\n\n")


def test_latin_1_is_refused_with_the_lines_that_show_it():
    said = refusal_of("candidate_id,name_last\n1,Wu\n2,Bär\n3,Öl\n".encode("latin-1"))
    assert "(lines 3, 4)" in said
    assert "CSV UTF-8" in said


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16_is_refused_by_its_name(encoding):
    assert "UTF-16" in refusal_of("candidate_id\n1\n".encode(encoding))


def test_ten_thousand_rows_are_read():
    lines = "".join(f"c{n},First{n},Last{n},F,{n % 12 + 1},ASIA,S{n % 40},D1,A{n}\n" for n in range(10_000))
    header = "candidate_id,name_first,name_last,gender,grade_level,ethnicity,school_id,district_id,access_code\n"
    assert len(roster_of(header + lines).rows) == 10_000


def test_the_vocabularies_are_those_of_the_protos():
    for words, kind, prefix in (
        (GRADES, session_pb2.GradeLevel, "GRADE_LEVEL_"),
        (ETHNICITIES, session_pb2.Ethnicity, "ETHNICITY_"),
        ({word: code for word, code in GENDERS.items() if len(word) > 1}, session_pb2.Gender, "GENDER_"),
    ):
        assert {f"{prefix}{word}": code for word, code in words.items()} == {
            name: number for name, number in kind.items() if number
        }


def test_the_lengths_are_those_of_the_protos():
    messages = session_pb2.Booking, session_pb2.Candidate, session_pb2.BookingAccommodation
    described = {name: field for kind in messages for name, field in kind.DESCRIPTOR.fields_by_name.items()}
    described["extra_reason"] = described["extra_time_reason"]
    limited = 0
    for column in COLUMNS:
        longest = described[column.field].GetOptions().Extensions[validate_pb2.field].string.max_len
        if longest:
            limited += 1
            assert column.value("A" * longest)
            with pytest.raises(ValueError, match=f"at most {longest} |is not six letters"):
                column.value("A" * (longest + 1))
    assert limited == 13


def test_every_field_of_a_booking_but_its_id_is_a_column():
    assert {column.field for column in BY_NAME.values()} == {*EMPTY._fields} - {"session_id", "extra_percent"}


MINUTE = 60_000_000


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ("2h,25%,dyslexia", (120 * MINUTE, 0, 25, "dyslexia")),
        ("none,15m,", (-1, 15 * MINUTE, 0, "")),
        ("NONE,1.5s,", (-1, 1_500_000, 0, "")),
        (",0.000001s,", (0, 1, 0, "")),
        ("90m,,", (90 * MINUTE, 0, 0, "")),
        ("1 h 30 m,1000 %,", (90 * MINUTE, 0, 1_000, "")),
        (",,", (0, 0, 0, "")),
    ],
)
def test_a_roster_gives_working_time_and_extra_time(cells, found):
    assert only_booking(f"candidate_id,time_limit,extra_time,extra_time_reason\n1,{cells}\n")[-4:] == found


@pytest.mark.parametrize(
    "cells", ["0s,", "31d,", "x,", ",0%", ",1001%", ",25 percent", ",-5m", ",x%", ",0m", ",31d", "5,", ",5", ",1e1%"]
)
def test_no_working_time_and_no_extra_time_is(cells):
    faults = faults_of(f"candidate_id,time_limit,extra_time\n1,{cells}\n")
    assert [fault[:2] for fault in faults] == [(2, "extra_time" if cells.startswith(",") else "time_limit")]


@pytest.mark.parametrize("micros", [1, 1_000_000, 1_500_000, 90 * MINUTE, 30 * 86_400_000_000, 1_234_567])
def test_a_length_of_time_is_read_as_it_is_written(micros):
    assert span(written_span(micros)) == micros


def test_annotations_are_a_json_object_of_texts():
    booking = only_booking('candidate_id,annotations\n1,"{""b"": ""2"", ""a"": ""1""}"\n')
    assert booking.annotations == '{"a":"1","b":"2"}'
    for cell in ("x", "[]", "{1: 2}", '{""a"": 1}', '{""a "": ""x""}'):
        assert [fault[1] for fault in faults_of(f'candidate_id,annotations\n1,"{cell}"\n')] == ["annotations"]

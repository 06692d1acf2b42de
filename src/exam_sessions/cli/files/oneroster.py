"""OneRoster 1.1 and 1.2 (1EdTech): which rows of users.csv are students, and at which school.

In 1.1 a user has one role and a list of organizations in users.csv. In 1.2 roles are rows of roles.csv, each with its
organization, and a user may have a primary organization. A bulk export may be a zip archive of these files.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.cli.files.roster_columns import BY_NAME
from exam_sessions.cli.files.roster_format import RosterFormat
from exam_sessions.cli.files.school_words import grade_of_list
from exam_sessions.cli.shared.csv_file import read_table, shown, surplus
from exam_sessions.cli.shared.file_faults import Unreadable
from exam_sessions.cli.shared.input_file import LARGEST

if TYPE_CHECKING:
    from datetime import date

USERS, ROLES = "users.csv", "roles.csv"

ROLE_COLUMNS = ("usersourcedid", "role", "status", "roletype", "begindate", "enddate", "orgsourcedid")
"""What is read of roles.csv, as column_name gives the headings; the first two are required."""

ZIP = b"PK\x03\x04"
"""How a zip archive begins."""

Students = Mapping[str, str]
"""The users of a roles.csv that are students, and the organization of each, empty where none is named."""


class Bulk(NamedTuple):
    """The files of a bulk export that a roster needs."""

    users: bytes
    roles: bytes | None


def unpacked(data: bytes) -> Bulk:
    """users.csv and roles.csv of a zip archive; other data is users.csv itself.

    Raises:
        Unreadable: the archive is damaged or encrypted, its files are too large, or it does not hold one users.csv.
    """
    if not data.startswith(ZIP):
        return Bulk(data, None)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            users = _member(archive, USERS)
            roles = _member(archive, ROLES)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise Unreadable(f"it is a zip archive that cannot be read: {error}") from error
    if users is None:
        raise Unreadable(f"it is a zip archive without {USERS}")
    return Bulk(users, roles)


def _member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The content of the file with this name, in whatever folder it is; None without one."""
    found = [
        member
        for member in archive.infolist()
        if member.filename.rpartition("/")[2].lower() == name and not member.filename.startswith("__MACOSX/")
    ]
    if len(found) > 1:
        raise Unreadable(f"it is a zip archive with {len(found)} files called {name}")
    if not found:
        return None
    with archive.open(found[0]) as opened:
        data = opened.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Unreadable(f"its {name} has more than {LARGEST:,} bytes")
    return data


def has_roles(users: bytes) -> bool:
    """Whether a users.csv says who is a student, as in OneRoster 1.1. Raises Unreadable."""
    return "role" in read_table(users, ("sourcedid", "role"), "roster", takes_any=True)[1]


def read_students(data: bytes, today: date) -> Students:
    """The students of a roles.csv of OneRoster 1.2.

    A role counts that is a student's, not to be deleted, and has not ended before `today`; one that is yet to begin
    counts. The organization is the primary role's where there is one, else the first role's.

    Raises:
        Unreadable: the encoding, the header or a row is wrong.
    """
    at, names, lines = read_table(data, ROLE_COLUMNS, "roles file", takes_any=True)
    for name, heading in (("usersourcedid", "userSourcedId"), ("role", "role")):
        if name not in names:
            raise Unreadable(f"line {at} does not name the column {heading}, which a {ROLES} of OneRoster 1.2 has")
    found: dict[str, str] = {}
    primary: set[str] = set()
    for line, cells in lines:
        wrong = cells if isinstance(cells, str) else surplus(cells, names)
        if wrong or isinstance(cells, str):
            raise Unreadable(f"line {line}: {wrong}")
        row = dict(zip(names, cells, strict=False))
        user = row["usersourcedid"]
        if not _is_student(row, today):
            continue
        is_primary = row.get("roletype", "").lower() == "primary" and user not in primary
        if is_primary:
            primary.add(user)
        if is_primary or not found.get(user):
            found[user] = row.get("orgsourcedid", "") or found.get(user, "")
    return found


def _is_student(row: Mapping[str, str], today: date) -> bool:
    """Whether a row of roles.csv makes its user a student. Dates are ISO 8601, which sort as texts."""
    if row.get("role", "").lower() != "student" or row.get("status", "").lower() == "tobedeleted":
        return False
    end = row.get("enddate", "")[:10]
    return not end or end >= today.isoformat()


def oneroster(students: Students | None = None) -> RosterFormat:
    """The format of users.csv.

    Args:
        students: the students of a roles.csv; without one, rows are judged by a column `role`, and every user is
            taken for a student where there is none.
    """

    def is_left_out(row: Mapping[str, str]) -> bool:
        if row.get("status", "").lower() == "tobedeleted":
            return True
        if students is not None:
            return row.get("sourcedid", "") not in students
        return "role" in row and row["role"].lower() != "student"

    def school(row: Mapping[str, str]) -> Mapping[str, str]:
        found = (students or {}).get(row.get("sourcedid", ""), "")
        found = found or row.get("orgsourcedids", "").split(",", maxsplit=1)[0].strip()
        return {"school_id": found} if found else {}

    return RosterFormat(
        {
            "sourcedid": "candidate_id",
            "givenname": "name_first",
            "middlename": "name_middle",
            "familyname": "name_last",
            "grades": "grade_level",
            "orgsourcedids": "school_id",
            "primaryorgsourcedid": "school_id",
        },
        takes_any=True,
        left_out=is_left_out,
        values={"grade_level": grade_of_list, "school_id": _first},
        instead_of_empty=school,
        gives_way="orgsourcedids",
        is_unsure=students is None,
        unwanted="role" if students is not None else "",
    )


def _first(cell: str) -> str:
    """The first of a list of organizations; a session has one school."""
    found = next((part.strip() for part in cell.split(",") if part.strip()), "")
    if not found:
        raise ValueError(f"{shown(cell)} names no organization")
    school: str = BY_NAME["school_id"].value(found)
    return school

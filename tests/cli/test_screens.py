"""What an officer looks at of a session, on screens of 60, 80 and 140 columns: no word is cut."""

from __future__ import annotations

import itertools

import pytest
from drawn import drawn

from exam_sessions_client.v1 import session_pb2
from sampling import sampled

pytestmark = pytest.mark.sqlite("what is drawn does not depend on the database")

NARROW = 80
"""Columns in which an id does not fit beside its time, actor and action; in fewer each row is a block."""
WIDTHS = (60, NARROW, 140)
SAT = ("CreatePackage", "DownloadSession", "EnterKeycode")


@pytest.fixture
def marked(api, sample):
    """A session with a long name, all of which is marked."""
    release = api.release(name="Mathematics, May, higher tier", test_form="maths-year-5")
    person = session_pb2.Candidate(candidate_id="4711", name_first="Anna", name_last="Tomaschewski-Niedermayer")
    booking = session_pb2.Booking(candidate=person, centre_id="K-03")
    session = api.walk(api.call("CreateSession", release_id=release.id, booking=booking).session, *SAT)
    api.move("SetResponses", session, submit_for_scoring=True)
    api.move("ScoreResponse", session, question_number="9", mark="3.5")
    api.move("ScoreResponse", session, question_number="10", mark="2")
    return api.move("SubmitMarkedSession", session)


@pytest.fixture
def set_aside(api, marked):
    """Another session, that somebody has to look after."""
    session = api.walk(api.book(api.release(), centre_id="K-03"), *SAT)
    return api.move("FailSession", session, message="the disk of the machine is full")


SCREENS = {
    "sessions show": (("MARKED", "Tomaschewski-Niedermayer", "archive"), 0),
    "sessions score": (("MARKED", "1"), 0),
    "results show": (("MARKED",), 0),
    "sessions history": (("SCHEDULED_BUT_NOT_DOWNLOADED", "set_responses"), 0),
    "audit": (("set_responses", "fail", "enter_keycode"), 0),
    "stuck": (("recover",), 1),
}


@pytest.mark.parametrize(("words", "columns"), sampled(itertools.product(SCREENS, WIDTHS), 6))
def test_what_is_shown_of_sessions_fits_the_screen_without_cutting_a_word(
    terminal, marked, set_aside, words, columns
):
    whole, code = SCREENS[words]
    named = (marked.keycode,) if " " in words else ()
    with drawn(*words.split(), *named, *terminal.where, columns=columns, lines=60, EXAM_SESSIONS_TZ="UTC") as screen:
        assert screen.ends() == code
        lines = screen.now()
    if words == "audit":
        left_out = any(line.startswith("not shown: session") for line in lines)
        whole = (*whole, *(() if left_out else (marked.id, set_aside.id)))
        assert left_out == (columns == NARROW)
    for word in whole:
        assert any(word in line for line in lines), (word, lines)

import pytest
from sample_sessions import CLOSES, HOUR, NOW, OPENS, PIN, a_booking, a_release, became

from exam_sessions import errors
from exam_sessions.domain.booking import schedule
from exam_sessions.domain.records import Session
from exam_sessions.domain.states import Action


def test_a_booking_becomes_a_session_with_everything_it_said():
    assert schedule(a_booking(), a_release(), NOW) == Session(
        workspace_id="default",
        id="session-9",
        release_id="release-1",
        state=1,
        keycode="KEYCODE9",
        access_code="ACCESS99",
        pin=PIN,
        candidate_id="candidate-9",
        name_first="Grace",
        name_middle="Brewster",
        name_last="Hopper",
        gender=2,
        grade_level=12,
        ethnicity=3,
        school_id="school-9",
        district_id="district-9",
        external_reference="ref-9",
        centre_id="centre-9",
        test_form="form-a",
        window_start=0,
        window_end=0,
        create_time=NOW,
        extra_time=0,
        attempt=1,
        start_time=0,
        end_time=0,
        finish_reason=0,
        pause_start_time=0,
        paused_time=0,
        client_os="",
        client_machine="",
        client_ip="",
        download_time=0,
        held_offline=0,
        pin_failures=0,
        void_reason=0,
        void_message="",
        exception_message="",
        due_time=None,
        open_candidate=None,
        update_time=NOW,
        version=1,
    )


def test_an_online_session_begins_without_its_package():
    assert schedule(a_booking(), a_release(delivery=1), NOW).state == 1


def test_a_session_on_paper_begins_waiting_for_its_responses():
    assert schedule(a_booking(), a_release(delivery=2), NOW).state == 19


def test_a_session_belongs_to_the_workspace_of_its_release():
    assert schedule(a_booking(), a_release(workspace_id="school-north"), NOW).workspace_id == "school-north"


def test_a_booking_may_name_a_test_form_of_its_own():
    assert schedule(a_booking(test_form="form-z"), a_release(), NOW).test_form == "form-z"


@pytest.mark.parametrize("delivery", [1, 2])
def test_nobody_is_booked_into_a_finalized_release(delivery):
    with pytest.raises(errors.ReleaseFinalized) as refusal:
        schedule(a_booking(), a_release(finalized=1, delivery=delivery), NOW)
    assert refusal.value.metadata() == {"release_id": "release-1"}


def test_a_booking_needs_a_candidate():
    with pytest.raises(errors.InvalidField) as refusal:
        schedule(a_booking(candidate_id=""), a_release(), NOW)
    assert [violation.field for violation in refusal.value.violations()] == ["candidate.candidate_id"]


def test_a_booking_may_have_a_window_of_its_own():
    session = schedule(a_booking(window_start=OPENS + HOUR, window_end=OPENS + 2 * HOUR), a_release(), NOW)
    assert (session.window_start, session.window_end) == (OPENS + HOUR, OPENS + 2 * HOUR)


def test_a_window_of_its_own_may_reach_beyond_the_releases():
    session = schedule(a_booking(window_start=OPENS - HOUR, window_end=CLOSES + HOUR), a_release(), NOW)
    assert (session.window_start, session.window_end) == (OPENS - HOUR, CLOSES + HOUR)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (OPENS + HOUR, OPENS),
        (OPENS + HOUR, OPENS + HOUR),
        (CLOSES, 0),
        (CLOSES + HOUR, 0),
        (0, OPENS),
        (0, OPENS - HOUR),
    ],
    ids=[
        *("it ends before it starts", "it ends when it starts", "it starts when the release's ends"),
        *("it starts after the release's ends", "it ends when the release's starts", "before the release's starts"),
    ],
)
def test_a_window_that_never_opens_is_refused(start, end):
    with pytest.raises(errors.InvalidField) as refusal:
        schedule(a_booking(window_start=start, window_end=end), a_release(), NOW)
    assert [violation.field for violation in refusal.value.violations()] == ["window_end"]


@pytest.mark.parametrize(("start", "end"), [(CLOSES + HOUR, 0), (0, OPENS - HOUR)])
def test_an_end_of_a_window_that_stays_open_is_never_in_the_way(start, end):
    session = schedule(a_booking(window_start=start, window_end=end), a_release(window_start=0, window_end=0), NOW)
    assert (session.window_start, session.window_end) == (start, end)


def test_a_session_may_be_booked_into_a_window_that_is_over():
    assert schedule(a_booking(), a_release(), CLOSES + HOUR).state == 1


def test_a_fresh_booking_can_be_taken_all_the_way_into_the_attempt():
    session, release = schedule(a_booking(), a_release(), NOW), a_release()
    for action in (Action.CREATE_PACKAGE, Action.DOWNLOAD, Action.ENTER_KEYCODE):
        session = became(session, release, action)
    assert (session.state, session.version) == (6, 4)

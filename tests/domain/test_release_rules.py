import pytest
from sample_forms import an_attempt
from sample_sessions import CLOSES, HOUR, NOW, OPENS, a_release, a_session

from exam_sessions import errors
from exam_sessions.domain.release import (
    close,
    create_release,
    finalize,
    is_submitting,
    recount,
    unfinalize,
    update_release,
)
from exam_sessions.domain.states import State


def test_a_release_is_created_as_it_is():
    assert create_release(a_release()) == a_release()


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
def test_a_release_needs_a_name_people_can_read(name):
    with pytest.raises(errors.InvalidField) as refusal:
        create_release(a_release(name=name))
    assert [violation.field for violation in refusal.value.violations()] == ["name"]


@pytest.mark.parametrize("end", [OPENS, OPENS - HOUR])
def test_a_release_whose_window_never_opens_is_refused(end):
    with pytest.raises(errors.InvalidField) as refusal:
        create_release(a_release(window_end=end))
    assert [violation.field for violation in refusal.value.violations()] == ["window_end"]


@pytest.mark.parametrize(("start", "end"), [(0, 0), (OPENS, 0), (0, CLOSES), (OPENS, OPENS + 1)])
def test_a_release_may_be_open_at_either_end(start, end):
    created = create_release(a_release(window_start=start, window_end=end))
    assert (created.window_start, created.window_end) == (start, end)


def test_an_edited_release_is_a_new_version_of_itself():
    after = update_release(a_release(version=3), {"name": "Autumn", "moderated": 1}, NOW)
    assert after == a_release(name="Autumn", moderated=1, update_time=NOW, version=4)


def test_a_finalized_release_is_not_edited():
    with pytest.raises(errors.ReleaseFinalized) as refusal:
        update_release(a_release(finalized=1), {"name": "Autumn"}, NOW)
    assert refusal.value.metadata() == {"release_id": "release-1"}


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [({"name": " "}, "name"), ({"window_end": OPENS}, "window_end"), ({"window_start": CLOSES}, "window_end")],
)
def test_an_edit_never_makes_a_release_that_could_not_be_created(fields, at_fault):
    with pytest.raises(errors.InvalidField) as refusal:
        update_release(a_release(), fields, NOW)
    assert [violation.field for violation in refusal.value.violations()] == [at_fault]


def test_a_release_is_locked_once_and_opened_once():
    locked = finalize(a_release(), NOW)
    assert is_submitting(locked)
    assert (locked.version, locked.update_time) == (a_release().version + 1, NOW)
    with pytest.raises(errors.ReleaseFinalized):
        finalize(locked, NOW)
    opened = unfinalize(locked, NOW)
    assert not opened.finalized
    with pytest.raises(errors.ReleaseNotFinalized):
        unfinalize(opened, NOW)


def test_a_release_is_closed_once_nothing_of_it_is_in_progress():
    locked = finalize(a_release(), NOW)
    for state in State:
        in_progress = state in {State.IN_PROGRESS, State.PAUSED, State.OFFLINE}
        assert (close(locked, {State.FINISHED, state}, NOW) is None) is in_progress
    assert not is_submitting(close(locked, set(), NOW))


def test_another_strategy_counts_another_attempt_and_says_so():
    attempts = (
        an_attempt(points=10, points_max=20, score=500_000),
        an_attempt(attempt=2, points=5, points_max=20, score=250_000),
    )
    session = a_session(State.MARKED, attempt=2, points=10, points_max=20, score=500_000)
    highest, latest = (a_release(attempt_strategy=strategy) for strategy in (1, 2))
    assert recount(session, highest, attempts, NOW) is None
    assert recount(session._replace(state=State.VOIDED), latest, attempts, NOW) is None
    decision = recount(session, latest, attempts, NOW)
    assert (decision.session.points, decision.session.version) == (5, session.version + 1)
    (event,) = decision.events
    assert (event.reason, event.changes["score"]) == ("ATTEMPT_STRATEGY", (500_000, 250_000))
    assert decision.changed == {"points", "score", "update_time", "version"}

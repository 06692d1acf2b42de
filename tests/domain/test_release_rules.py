import pytest
from sample_sessions import CLOSES, HOUR, NOW, OPENS, a_release

from exam_sessions import errors
from exam_sessions.domain.booking import create_release, update_release


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

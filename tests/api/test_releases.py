from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode
from messages import lasting, mask, moment, new_id
from rows import unchanged
from state_paths import bring_to

from exam_sessions.v1 import catalog_pb2
from serving import Refused

Release = catalog_pb2.Release

EVERYTHING = {
    "name": "Physics, spring",
    "test_form": "form-7",
    "window_start": moment("2090-01-01T08:00:00+00:00"),
    "window_end": moment("2090-01-03T08:00:00+00:00"),
    "duration": lasting(3600),
    "invigilated": True,
    "requires_check_in": True,
    "auto_create_pin": True,
    "moderated": True,
    "max_attempts": 3,
    "attempt_strategy": catalog_pb2.ATTEMPT_STRATEGY_AVERAGE,
    "grace_period": lasting(86_400),
    "allow_multiple_open_sessions": True,
}


def create(desk, **fields):
    return desk.call("CreateRelease", release=Release(**fields)).release


def update(desk, release, *paths, **fields):
    edit = Release(id=release.id, **fields)
    return desk.call("UpdateRelease", release=edit, update_mask=mask(*paths)).release


def test_a_release_is_created_with_everything_that_was_said_of_it(desk):
    release = create(desk, delivery=catalog_pb2.DELIVERY_PAPER, **EVERYTHING)
    for name, value in EVERYTHING.items():
        assert getattr(release, name) == value
    assert (release.workspace_id, release.delivery) == (desk.workspace, catalog_pb2.DELIVERY_PAPER)
    assert release.create_time == release.update_time != Timestamp()
    assert desk.call("GetRelease", release_id=release.id.upper()).release == release


def test_what_a_release_leaves_open_has_its_documented_meaning(desk):
    release = create(desk, name="x")
    assert (release.delivery, release.attempt_strategy) == (
        catalog_pb2.DELIVERY_ONLINE,
        catalog_pb2.ATTEMPT_STRATEGY_HIGHEST,
    )
    unset = {"window_start", "window_end", "duration", "grace_period"}
    assert not any(release.HasField(name) for name in unset)
    assert (release.max_attempts, release.finalized, release.invigilated) == (0, False, False)


def test_what_only_the_service_writes_is_ignored(desk):
    forged = {"workspace_id": "other", "finalized": True, "etag": "v9", "create_time": Timestamp(seconds=1)}
    release = create(desk, name="x", **forged)
    assert (release.workspace_id, release.finalized) == (desk.workspace, False)
    assert release.create_time.seconds > 1
    assert release.etag != "v9"


def test_a_release_may_bring_its_id(desk, server):
    chosen = new_id()
    assert create(desk, name="x", id=chosen.upper()).id == chosen
    with unchanged(server, desk), pytest.raises(Refused) as refused:
        create(desk, name="y", id=chosen)
    assert (refused.value.code, refused.value.reason) == (StatusCode.ALREADY_EXISTS, "DUPLICATE_RELEASE_ID")


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_field_is_edited_alone(desk, name):
    release = create(desk, name="x", window_start=moment("2089-01-01T00:00:00+00:00"))
    edited = update(desk, release, name, **EVERYTHING)
    expected = Release()
    expected.CopyFrom(release)
    expected.MergeFrom(Release(**{name: EVERYTHING[name]}))
    expected.etag = edited.etag
    expected.update_time.CopyFrom(edited.update_time)
    assert edited == expected == desk.call("GetRelease", release_id=release.id).release
    assert edited.etag != release.etag


def test_all_fields_are_edited_at_once_and_cleared_again(desk):
    release = create(desk, name="x")
    edited = update(desk, release, "*", **EVERYTHING)
    assert all(getattr(edited, name) == value for name, value in EVERYTHING.items())
    cleared = update(desk, release, *(set(EVERYTHING) - {"name"}))
    assert not any(cleared.HasField(name) for name in ("window_start", "window_end", "duration", "grace_period"))
    assert (cleared.test_form, cleared.max_attempts, cleared.moderated) == ("", 0, False)
    assert cleared.attempt_strategy == catalog_pb2.ATTEMPT_STRATEGY_HIGHEST


@pytest.mark.parametrize(
    "path", ["id", "delivery", "finalized", "workspace_id", "create_time", "etag", "names", "name.x", ""]
)
def test_a_mask_is_refused_that_names(desk, server, path):
    release = create(desk, name="x")
    with unchanged(server, desk), pytest.raises(Refused) as refused:
        update(desk, release, "name", path, name="y")
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["update_mask"])


def test_a_finalized_release_is_not_edited(desk, server):
    release = create(desk, name="x")
    desk.call("FinalizeRelease", release_id=release.id)
    assert desk.call("GetRelease", release_id=release.id).release.finalized
    with unchanged(server, desk), pytest.raises(Refused) as refused:
        update(desk, release, "name", name="y")
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "RELEASE_FINALIZED")


def test_the_sessions_of_a_finalized_release_say_so_and_cannot_be_started(desk, server):
    release = create(desk, name="x")
    session = bring_to(desk, "READY", release)
    desk.call("FinalizeRelease", release_id=release.id)
    assert desk.get(session).closed_by_release
    for rpc in ("EnterKeycode", "ResetSession", "SetPin", "RemovePin"):
        with unchanged(server, desk), pytest.raises(Refused) as refused:
            desk.move(rpc, session)
        assert refused.value.reason == "RELEASE_FINALIZED"


def test_a_release_nobody_created_is_not_found(desk):
    missing = Release(id=new_id())
    for call in (
        lambda: desk.call("GetRelease", release_id=missing.id),
        lambda: update(desk, missing, "name", name="y"),
        lambda: desk.book(missing),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "RELEASE_NOT_FOUND")
        assert refused.value.metadata == {"release_id": missing.id}


def test_releases_are_listed_oldest_first_page_by_page(desk):
    releases = [create(desk, name=f"r{n % 3}", id=new_id()) for n in range(11)]
    for size in (1, 3, 11, 50):
        seen, token = [], ""
        while True:
            page = desk.call("ListReleases", page_size=size, page_token=token)
            assert len(page.releases) <= size
            seen += page.releases
            token = page.next_page_token
            if not token:
                break
        assert seen == releases


def test_releases_are_found_by_their_exact_name(desk):
    releases = [create(desk, name=name) for name in ("Art", "art", "Art", "Art ")]
    found = desk.call("ListReleases", name="Art", page_size=1)
    rest = desk.call("ListReleases", name="Art", page_size=5, page_token=found.next_page_token)
    assert [*found.releases, *rest.releases] == [releases[0], releases[2]]
    assert desk.call("ListReleases", name="Ar").releases == []
    with pytest.raises(Refused) as refused:
        desk.call("ListReleases", name="art", page_token=found.next_page_token)
    assert refused.value.reason == "INVALID_PAGE_TOKEN"


def test_a_page_of_releases_is_fifty_unless_asked_and_never_more_than_a_thousand(desk):
    for n in range(1001):
        create(desk, name=f"r{n}")
    assert len(desk.call("ListReleases").releases) == 50
    page = desk.call("ListReleases", page_size=5000)
    assert len(page.releases) == 1000
    (last,) = desk.call("ListReleases", page_size=5000, page_token=page.next_page_token).releases
    assert last.name == "r1000"


def test_invigilation_asked_for_later_holds_for_who_comes_later(desk):
    release = create(desk, name="x")
    early, late = bring_to(desk, "READY", release), bring_to(desk, "READY", release)
    desk.move("EnterKeycode", early)
    update(desk, release, "invigilated", invigilated=True)
    assert desk.get(early).state == 6
    assert desk.move("EnterKeycode", late).state == 5

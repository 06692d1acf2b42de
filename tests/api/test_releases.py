from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode
from messages import lasting, mask, moment, new_id
from rows import unchanged
from state_paths import bring_to

from exam_sessions_client.v1 import catalog_pb2
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


def create(api, **fields):
    return api.call("CreateRelease", release=Release(**fields)).release


def update(api, release, *paths, **fields):
    edit = Release(id=release.id, **fields)
    return api.call("UpdateRelease", release=edit, update_mask=mask(*paths)).release


def test_a_release_is_created_with_everything_that_was_said_of_it(api):
    release = create(api, delivery=catalog_pb2.DELIVERY_PAPER, **EVERYTHING)
    for name, value in EVERYTHING.items():
        assert getattr(release, name) == value
    assert (release.workspace_id, release.delivery) == (api.workspace, catalog_pb2.DELIVERY_PAPER)
    assert release.create_time == release.update_time != Timestamp()
    assert api.call("GetRelease", release_id=release.id.upper()).release == release


def test_what_a_release_leaves_open_has_its_documented_meaning(api):
    release = create(api, name="x")
    assert (release.delivery, release.attempt_strategy) == (
        catalog_pb2.DELIVERY_ONLINE,
        catalog_pb2.ATTEMPT_STRATEGY_HIGHEST,
    )
    unset = {"window_start", "window_end", "duration", "grace_period"}
    assert not any(release.HasField(name) for name in unset)
    assert (release.max_attempts, release.finalized, release.invigilated) == (0, False, False)


def test_what_only_the_service_writes_is_ignored(api):
    forged = {"workspace_id": "other", "finalized": True, "etag": "v9", "create_time": Timestamp(seconds=1)}
    release = create(api, name="x", **forged)
    assert (release.workspace_id, release.finalized) == (api.workspace, False)
    assert release.create_time.seconds > 1
    assert release.etag != "v9"


def test_a_release_may_bring_its_id(api, server):
    chosen = new_id()
    assert create(api, name="x", id=chosen.upper()).id == chosen
    with unchanged(server, api), pytest.raises(Refused) as refused:
        create(api, name="y", id=chosen)
    assert (refused.value.code, refused.value.reason) == (StatusCode.ALREADY_EXISTS, "DUPLICATE_RELEASE_ID")


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_field_is_edited_alone(api, name):
    release = create(api, name="x", window_start=moment("2089-01-01T00:00:00+00:00"))
    edited = update(api, release, name, **EVERYTHING)
    expected = Release()
    expected.CopyFrom(release)
    expected.MergeFrom(Release(**{name: EVERYTHING[name]}))
    expected.etag = edited.etag
    expected.update_time.CopyFrom(edited.update_time)
    assert edited == expected == api.call("GetRelease", release_id=release.id).release
    assert edited.etag != release.etag


def test_all_fields_are_edited_at_once_and_cleared_again(api):
    release = create(api, name="x")
    edited = update(api, release, "*", **EVERYTHING)
    assert all(getattr(edited, name) == value for name, value in EVERYTHING.items())
    cleared = update(api, release, *(set(EVERYTHING) - {"name"}))
    assert not any(cleared.HasField(name) for name in ("window_start", "window_end", "duration", "grace_period"))
    assert (cleared.test_form, cleared.max_attempts, cleared.moderated) == ("", 0, False)
    assert cleared.attempt_strategy == catalog_pb2.ATTEMPT_STRATEGY_HIGHEST


@pytest.mark.parametrize(
    "path", ["id", "delivery", "finalized", "workspace_id", "create_time", "etag", "names", "name.x", ""]
)
def test_a_mask_is_refused_that_names(api, server, path):
    release = create(api, name="x")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        update(api, release, "name", path, name="y")
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["update_mask"])


def test_a_finalized_release_is_not_edited(api, server):
    release = create(api, name="x")
    api.call("FinalizeRelease", release_id=release.id)
    assert api.call("GetRelease", release_id=release.id).release.finalized
    with unchanged(server, api), pytest.raises(Refused) as refused:
        update(api, release, "name", name="y")
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "RELEASE_FINALIZED")


def test_the_sessions_of_a_finalized_release_say_so_and_cannot_be_started(api, server):
    release = create(api, name="x")
    session = bring_to(api, "READY", release)
    api.call("FinalizeRelease", release_id=release.id)
    assert api.get(session).closed_by_release
    for rpc in ("EnterKeycode", "ResetSession", "SetPin", "RemovePin"):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.move(rpc, session)
        assert refused.value.reason == "RELEASE_FINALIZED"


def test_a_release_nobody_created_is_not_found(api):
    missing = Release(id=new_id())
    for call in (
        lambda: api.call("GetRelease", release_id=missing.id),
        lambda: update(api, missing, "name", name="y"),
        lambda: api.book(missing),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "RELEASE_NOT_FOUND")
        assert refused.value.metadata == {"release_id": missing.id}


def test_releases_are_listed_oldest_first_page_by_page(api):
    releases = [create(api, name=f"r{n % 3}", id=new_id()) for n in range(11)]
    for size in (1, 3, 11, 50):
        seen, token = [], ""
        while True:
            page = api.call("ListReleases", page_size=size, page_token=token)
            assert len(page.releases) <= size
            seen += page.releases
            token = page.next_page_token
            if not token:
                break
        assert seen == releases


def test_releases_are_found_by_their_exact_name(api):
    releases = [create(api, name=name) for name in ("Art", "art", "Art", "Art ")]
    found = api.call("ListReleases", name="Art", page_size=1)
    rest = api.call("ListReleases", name="Art", page_size=5, page_token=found.next_page_token)
    assert [*found.releases, *rest.releases] == [releases[0], releases[2]]
    assert api.call("ListReleases", name="Ar").releases == []
    with pytest.raises(Refused) as refused:
        api.call("ListReleases", name="art", page_token=found.next_page_token)
    assert refused.value.reason == "INVALID_PAGE_TOKEN"


def test_a_page_of_releases_is_fifty_unless_asked_and_never_more_than_a_thousand(api):
    for n in range(1001):
        create(api, name=f"r{n}")
    assert len(api.call("ListReleases").releases) == 50
    page = api.call("ListReleases", page_size=5000)
    assert len(page.releases) == 1000
    (last,) = api.call("ListReleases", page_size=5000, page_token=page.next_page_token).releases
    assert last.name == "r1000"


def test_invigilation_asked_for_later_holds_for_who_comes_later(api):
    release = create(api, name="x")
    early, late = bring_to(api, "READY", release), bring_to(api, "READY", release)
    api.move("EnterKeycode", early)
    update(api, release, "invigilated", invigilated=True)
    assert api.get(early).state == 6
    assert api.move("EnterKeycode", late).state == 5

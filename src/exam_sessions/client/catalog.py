"""Calls to CatalogService: releases and test forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.field_mask_pb2 import FieldMask

from exam_sessions.client.channel import BATCH, PAGE, Channel
from exam_sessions.client.times import put
from exam_sessions_client.v1 import catalog_pb2, catalog_service_pb2, test_form_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


Release = catalog_pb2.Release
TestForm = test_form_pb2.TestForm


class CatalogCalls(Channel):
    """Calls about releases and test forms."""

    def release(self, release_id: str) -> Release:
        """The release with this id."""
        request = catalog_service_pb2.GetReleaseRequest(release_id=release_id)
        return self._call(self._rpc.catalog.GetRelease, request).release

    def releases(self, name: str = "") -> Iterator[Release]:
        """The releases of exactly this name, oldest first; all without one."""
        request = catalog_service_pb2.ListReleasesRequest(name=name, page_size=PAGE)
        for page in self._pages(self._rpc.catalog.ListReleases, request):
            yield from page.releases

    def create_release(
        self,
        name: str,
        *,
        window_start: int = 0,
        window_end: int = 0,
        duration: int = 0,
        grace_period: int | None = None,
        online_grace_period: int = 0,
        paper: bool = False,
        allow_missing_form: bool = False,
        allow_duplicate_name: bool = False,
        **fields: Any,
    ) -> Release:
        """Creates a release.

        Args:
            name: what people call it.
            window_start: microseconds since 1970; 0 is unset.
            window_end: as window_start.
            duration: working time in microseconds; 0 is no limit.
            grace_period: how late an offline attempt may be uploaded, in microseconds; None is no limit.
            online_grace_period: how late responses are taken online, in microseconds; 0 is not at all.
            paper: whether it is delivered on paper.
            allow_missing_form: whether the test form may be one that the catalogue does not hold.
            allow_duplicate_name: whether another release may have the name.
            **fields: other fields of Release.
        """
        delivery = catalog_pb2.DELIVERY_PAPER if paper else catalog_pb2.DELIVERY_ONLINE
        release = Release(name=name, delivery=delivery, **fields)
        times = (
            (release.window_start, window_start),
            (release.window_end, window_end),
            (release.duration, duration),
            (release.online_grace_period, online_grace_period),
        )
        for target, micros in times:
            if micros:
                put(target, micros)
        if grace_period is not None:
            release.grace_period.SetInParent()
            put(release.grace_period, grace_period)
        request = catalog_service_pb2.CreateReleaseRequest(
            release=release,
            allow_missing_form=allow_missing_form,
            allow_duplicate_name=allow_duplicate_name,
        )
        return self._call(self._rpc.catalog.CreateRelease, request).release

    def update_release(
        self,
        release: Release,
        paths: Sequence[str],
        *,
        allow_missing_form: bool = False,
        allow_duplicate_name: bool = False,
    ) -> Release:
        """The release as it became; its id says which. Fields that `paths` name and that are unset are cleared."""
        request = catalog_service_pb2.UpdateReleaseRequest(
            release=release,
            update_mask=FieldMask(paths=paths),
            allow_missing_form=allow_missing_form,
            allow_duplicate_name=allow_duplicate_name,
        )
        return self._call(self._rpc.catalog.UpdateRelease, request).release

    def finalize(self, release_id: str) -> Release:
        """Locks a release, has it submitted and scored, and waits for its statistics."""
        request = catalog_service_pb2.FinalizeReleaseRequest(release_id=release_id)
        return self._call(self._rpc.catalog.FinalizeRelease, request, timeout=BATCH).release

    def unfinalize(self, release_id: str) -> Release:
        """Opens a finalized release again."""
        request = catalog_service_pb2.UnfinalizeReleaseRequest(release_id=release_id)
        return self._call(self._rpc.catalog.UnfinalizeRelease, request).release

    def form(self, reference: str, revision: int = 0) -> TestForm:
        """A test form: the latest revision, or this one."""
        request = catalog_service_pb2.GetTestFormRequest(reference=reference, revision=revision)
        return self._call(self._rpc.catalog.GetTestForm, request).test_form

    def forms(self) -> Iterator[TestForm]:
        """The latest revision of every test form, by reference, without questions."""
        request = catalog_service_pb2.ListTestFormsRequest(page_size=PAGE)
        for page in self._pages(self._rpc.catalog.ListTestForms, request):
            yield from page.test_forms

    def create_form(self, form: TestForm) -> TestForm:
        """A new test form, its gaps filled in."""
        request = catalog_service_pb2.CreateTestFormRequest(test_form=form)
        return self._call(self._rpc.catalog.CreateTestForm, request).test_form

    def update_form(self, form: TestForm, etag: str = "", *, validate_only: bool = False) -> TestForm:
        """The next revision of a test form; with `validate_only` as it would be."""
        request = catalog_service_pb2.UpdateTestFormRequest(
            test_form=form,
            etag=etag,
            validate_only=validate_only,
        )
        return self._call(self._rpc.catalog.UpdateTestForm, request).test_form

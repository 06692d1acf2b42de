"""Refusals that a release or a test form gives."""

from __future__ import annotations

from dataclasses import dataclass

from exam_sessions.errors.refusal import AlreadyExists, NotFound, Stale, WrongState


@dataclass(eq=False)
class ReleaseNotFound(NotFound):
    """No such release."""

    release_id: str
    text = "there is no release {release_id} in this workspace"


@dataclass(eq=False)
class DuplicateReleaseId(AlreadyExists):
    """The release id is taken in this workspace."""

    release_id: str
    text = "release id {release_id} is already taken in this workspace; leave it empty to have one generated"


@dataclass(eq=False)
class DuplicateReleaseName(AlreadyExists):
    """Another release of this workspace has the name, and the caller did not say that it may."""

    name: str
    release_id: str
    text = "release {release_id} is called '{name}' already; choose another name, or allow a duplicate name"


@dataclass(eq=False)
class ReleaseFinalized(WrongState):
    """The release is finalized."""

    release_id: str
    text = "release {release_id} is finalized; open it again before changing its sessions"


@dataclass(eq=False)
class ReleaseNotModerated(WrongState):
    """The release is not moderated."""

    release_id: str
    text = "release {release_id} is not moderated; archive the session instead"


@dataclass(eq=False)
class ModerationRequired(WrongState):
    """The release is moderated."""

    release_id: str
    text = "release {release_id} is moderated; request verification and verify first"


@dataclass(eq=False)
class StaleRelease(Stale):
    """The etag is not the release's any more."""

    release_id: str
    etag: str
    text = "release {release_id} has changed since (its etag is now {etag}); read it again, then retry"


@dataclass(eq=False)
class TestFormNotFound(NotFound):
    """No such test form, or revision."""

    reference: str
    text = "there is no test form '{reference}' in this workspace, or no such revision of it"


@dataclass(eq=False)
class DuplicateTestForm(AlreadyExists):
    """The reference is taken in this workspace."""

    reference: str
    text = "there is a test form '{reference}' already; UpdateTestForm makes its next revision"


@dataclass(eq=False)
class StaleTestForm(Stale):
    """The etag is not the form's any more."""

    reference: str
    etag: str
    text = "test form '{reference}' has changed since (its etag is now {etag}); read it again, then retry"


@dataclass(eq=False)
class ReleaseNotFinalized(WrongState):
    """The release is open already."""

    release_id: str
    text = "release {release_id} is not finalized; there is nothing to open"


@dataclass(eq=False)
class ReleaseNotOnPaper(WrongState):
    """The release is not delivered on paper."""

    release_id: str
    text = "release {release_id} is not delivered on paper; templates are for those that are"

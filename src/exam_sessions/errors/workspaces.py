"""Refusals that a workspace gives: it is unknown, closed, or there already."""

from __future__ import annotations

from dataclasses import dataclass

from exam_sessions.errors.refusal import AlreadyExists, NotFound, WrongState


@dataclass(eq=False)
class WorkspaceNotFound(NotFound):
    """No such workspace, or none that the caller may use: the two cannot be distinguished."""

    workspace: str
    text = "there is no workspace {workspace}"


@dataclass(eq=False)
class WorkspaceClosed(WrongState):
    """The workspace is closed: it can be read, and nothing in it can be changed."""

    workspace: str
    text = "workspace {workspace} is closed, so nothing in it can be changed; reopen it first"


@dataclass(eq=False)
class DuplicateWorkspace(AlreadyExists):
    """There is a workspace of this name."""

    workspace: str
    text = "there is a workspace {workspace} already; choose another name"


@dataclass(eq=False)
class WorkspaceNotClosed(WrongState):
    """The workspace is open."""

    workspace: str
    text = "workspace {workspace} is open already"

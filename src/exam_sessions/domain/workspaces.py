"""The rules of workspaces: what one is called, what may be set, when it may be closed and reopened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.texts import flaw_of

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = re.compile(r"[a-z0-9_-]{1,64}")

DISPLAY_NAME_AT_MOST = 200
"""Characters."""

RETENTION_AT_MOST = 1_200
"""Months."""


class Workspace(NamedTuple):
    """A tenant. Times are microseconds since 1970."""

    workspace_id: str
    display_name: str = ""
    create_time: int = 0
    """0 where it was there before workspaces were registered."""
    update_time: int = 0
    close_time: int = 0
    """0 while it is open."""
    retention_months: int = 0
    """How long personal data are kept after archiving; 0: without limit."""


def create_workspace(workspace: Workspace, now: int) -> Workspace:
    """A workspace as it is registered. Raises InvalidField."""
    if not NAME.fullmatch(workspace.workspace_id):
        raise errors.invalid("workspace_id", "must be 1 to 64 lower-case letters, digits, hyphens and underscores")
    _check(workspace)
    return workspace._replace(create_time=now, update_time=now, close_time=0)


def update_workspace(workspace: Workspace, fields: Mapping[str, Any], now: int) -> Workspace:
    """A workspace with other settings. Raises WorkspaceClosed, InvalidField."""
    if workspace.close_time:
        raise errors.WorkspaceClosed(workspace.workspace_id)
    became = workspace._replace(**fields, update_time=clock.moment(now, workspace.update_time))
    _check(became)
    return became


def close_workspace(workspace: Workspace, now: int) -> Workspace:
    """A workspace that can be read and not changed. Raises WorkspaceClosed."""
    if workspace.close_time:
        raise errors.WorkspaceClosed(workspace.workspace_id)
    moment = clock.moment(now, workspace.update_time)
    return workspace._replace(update_time=moment, close_time=moment)


def reopen_workspace(workspace: Workspace, now: int) -> Workspace:
    """A workspace that can be changed again. Raises WorkspaceNotClosed."""
    if not workspace.close_time:
        raise errors.WorkspaceNotClosed(workspace.workspace_id)
    return workspace._replace(update_time=clock.moment(now, workspace.update_time), close_time=0)


def _check(workspace: Workspace) -> None:
    """Refuses what no workspace may have. Raises InvalidField."""
    flaw = flaw_of(workspace.display_name, is_name=True)
    if len(workspace.display_name) > DISPLAY_NAME_AT_MOST:
        flaw = f"must have {DISPLAY_NAME_AT_MOST} characters at most"
    if flaw:
        raise errors.invalid("display_name", flaw)
    if not 0 <= workspace.retention_months <= RETENTION_AT_MOST:
        raise errors.invalid("settings.retention_months", f"must be 0 to {RETENTION_AT_MOST}")

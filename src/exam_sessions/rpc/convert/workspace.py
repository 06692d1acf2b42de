"""Workspaces, between messages and records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain.workspaces import Workspace
from exam_sessions.rpc.convert.times import put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions_client.v1 import workspace_service_pb2 as pb

EDITABLE = {"display_name": "display_name", "settings.retention_months": "retention_months"}
"""The column of each field that may be edited, by the path of the field."""


def workspace_in(message: pb.CreateWorkspaceRequest) -> Workspace:
    """A new workspace as a record; times are filled in when it is written."""
    return Workspace(message.workspace_id, message.display_name, retention_months=message.settings.retention_months)


def edited_fields(message: pb.Workspace, paths: Iterable[str]) -> dict[str, Any]:
    """The columns a mask names, with their new values; `*` names all that are editable, `settings` those in it.

    Raises:
        errors.InvalidField: the mask is empty, or names what is not editable.
    """
    names: list[str] = []
    for path in paths:
        within = [name for name in EDITABLE if path in {"*", name} or name.startswith(f"{path}.")]
        if not within:
            raise errors.invalid("update_mask", f"{path!r} cannot be edited; these can: {', '.join(EDITABLE)}")
        names += within
    if not names:
        raise errors.invalid("update_mask", f"must name at least one field; these can: {', '.join(EDITABLE)}")
    values = {
        "display_name": message.display_name,
        "settings.retention_months": message.settings.retention_months,
    }
    return {EDITABLE[name]: values[name] for name in names}


def fill_workspace(message: pb.Workspace, workspace: Workspace) -> None:
    """Writes a workspace into a message."""
    message.workspace_id = workspace.workspace_id
    message.display_name = workspace.display_name
    for name in ("create_time", "update_time", "close_time"):
        if moment := getattr(workspace, name):
            put(getattr(message, name), moment)
    message.settings.retention_months = workspace.retention_months

"""The preview of one action on many sessions, as a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.rpc import status_pb2

from exam_sessions.rpc.convert.operation import describe

if TYPE_CHECKING:
    from exam_sessions.commands.transition_preview import TransitionPreview
    from exam_sessions_client.v1 import lifecycle_service_pb2 as pb


def fill_preview(message: pb.TransitionPreview, preview: TransitionPreview) -> None:
    """Writes moves in the order of their states, and refusals from the most frequent to the rarest."""
    message.succeeded_count = preview.moves.total()
    for (before, after), count in sorted(preview.moves.items()):
        message.moves.add(from_state=before, to_state=after, session_count=count)
    for (state, reason), refused in sorted(preview.refusals.items(), key=lambda entry: (-entry[1].count, entry[0])):
        message.failed_count += refused.count
        entry = message.refusals.add(reason=reason, session_count=refused.count)
        entry.from_state = state  # type: ignore[assignment]
        entry.first.CopyFrom(status_pb2.Status.FromString(describe(refused.first)))
        entry.session_ids.extend(refused.session_ids)

"""Regrades, between requests, what an operation keeps of them, and summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.domain.marks import div_half_up, text_of
from exam_sessions.domain.regrade_summary import BANDS, Summary

if TYPE_CHECKING:
    from exam_sessions.domain.regrade_summary import Spread
    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions_client.v1 import operation_pb2


def fill_regrade(message: operation_pb2.RegradeSummary, row: OperationRow) -> None:
    """Writes the summary of a regrade so far."""
    fill_summary(message, Summary.from_json(row.summary))


def fill_summary(message: operation_pb2.RegradeSummary, summary: Summary) -> None:
    """Writes counts, scores and the largest moves."""
    message.test_form, message.form_revision = summary.test_form, summary.form_revision
    message.changed_count, message.unchanged_count = summary.changed, summary.unchanged
    message.archived_count, message.voided_count = summary.archived, summary.voided
    message.not_handed_in_count, message.other_form_count = summary.not_handed_in, summary.other_form
    message.changed_attempt_count = summary.changed_attempts
    _fill_spread(message.before, summary.before)
    _fill_spread(message.after, summary.after)
    width = 100 // BANDS
    for number, (before, after) in enumerate(summary.bands):
        band = message.bands.add()
        band.from_percent, band.to_percent = number * width, (number + 1) * width
        band.before_count, band.after_count = before, after
    for move in summary.moves:
        row = message.largest_moves.add()
        row.session_id, row.candidate_id = move.session_id, move.candidate_id
        row.score_before, row.score_after = text_of(move.score_before), text_of(move.score_after)
        row.points_before, row.points_after = text_of(move.points_before), text_of(move.points_after)


def _fill_spread(message: operation_pb2.ScoreSpread, spread: Spread) -> None:
    message.scored_count = spread.count
    if spread.count:
        message.min_score, message.max_score = text_of(spread.least), text_of(spread.most)
        message.average_score = text_of(div_half_up(spread.total, spread.count))

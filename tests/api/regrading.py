"""Regrades: releases that were sat with a wrong key, and what a corrected revision makes of them."""

from __future__ import annotations

from forms import answer, essay, form, hand_in, mcq
from operations import result_of
from state_paths import STARTED, walk

from exam_sessions_client.v1 import session_pb2, test_form_pb2

REASON = "the key of question 2 was wrong"


def wrong_key(api, **fields):
    """Two questions of the machine, the second with a wrong key: C is right."""
    return form(api, mcq("1", "A"), mcq("2", "B"), **fields)


def corrected(api, *questions, reference="form-1", **fields):
    """The next revision of a form: with the right key of wrong_key, unless said otherwise."""
    message = test_form_pb2.TestForm(
        reference=reference, questions=questions or (mcq("1", "A"), mcq("2", "C")), **fields
    )
    return api.call("UpdateTestForm", test_form=message).test_form


def sat(api, release, *labels, **fields):
    """A session that was handed in with an option for each question."""
    session = walk(api, api.book(release, **fields), *STARTED)
    return hand_in(api, session, *(answer(str(n), label) for n, label in enumerate(labels, 1)))


def regraded(api, session, **fields):
    """RegradeSession."""
    return api.move("RegradeSession", session, **({"message": REASON} | fields))


def preview(api, release, **fields):
    """What a regrade of a release would come to."""
    return regrade(api, release, validate_only=True, **fields).preview


def regrade(api, release, **fields):
    """RegradeRelease."""
    return api.call("RegradeRelease", **({"release_id": release.id, "message": REASON} | fields))


def regrade_now(work, release, **fields):
    """The result of a regrade that was waited for."""
    return result_of(work.wait(regrade(work.api, release, **fields).operation))


def score_of(session):
    """What counts, as the session shows it."""
    return session.score.actual if session.HasField("score") else None


def told(events):
    """The regrades of a history: actor, message, and each changed field before and after."""
    return [
        (event.actor, event.message, {c.field: (c.old_value, c.new_value) for c in event.changes})
        for event in events
        if event.action == session_pb2.ACTION_REGRADE
    ]


def with_essay(api, **fields):
    """The same with an essay of five marks."""
    return form(api, mcq("1", "A"), mcq("2", "B"), essay("3"), mark_decimals=1, **fields)

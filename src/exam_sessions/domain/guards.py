"""Guards and conditions of the transitions: functions of a TransitionContext that transition_table.py refers to.

A guard returns when it is satisfied, and else raises the refusal. A condition says which of several transitions of an
action is taken; its name is part of the contract (GetStateMachine).
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.devices import ANY, holder_of, is_of, may_be_replaced
from exam_sessions.domain.revisions import check_revision
from exam_sessions.domain.scoring import waits_for_marks
from exam_sessions.domain.states import VoidReason
from exam_sessions.domain.texts import fold_code

if TYPE_CHECKING:
    from exam_sessions.domain.transition import TransitionContext

PIN_TRIES = 5
"""Wrong PINs before the PIN is blocked. Our own decision; the vendors are silent."""


def release_open(context: TransitionContext) -> None:
    """The release is not finalized (ItemLogic, /release/finalize)."""
    if context.release.finalized:
        raise errors.ReleaseFinalized(context.release.id)


def window_open(context: TransitionContext) -> None:
    """The window is open now, or the attempt has a deadline of its own."""
    if not context.session.own_deadline and not window_is_open(context):
        start, end = clock.window(context.session, context.release)
        raise errors.WindowClosed(clock.rfc3339(start), clock.rfc3339(end), clock.rfc3339(context.now))


def not_held_offline(context: TransitionContext) -> None:
    """No client holds the session to be sat offline."""
    if context.session.held_offline:
        raise errors.HeldOffline(context.session.client_machine)


def force_where_held(context: TransitionContext) -> None:
    """A session held offline is voided by force only (Surpass, forceLocalVoid)."""
    if not context.command.force:
        not_held_offline(context)


def token_present(context: TransitionContext) -> None:
    """The command carries the token of the device that holds the session, if one does; staff needs none."""
    digest = context.command.token_digest
    if digest is None or context.release.device_policy <= ANY:
        return
    device = holder_of(context.session, context.release)
    if device is not None and not is_of(device, digest):
        facts = device.facts()
        raise errors.StaleAttemptToken(*facts) if digest else errors.AttemptTokenRequired(*facts)


def held_by_device(context: TransitionContext) -> None:
    """A device holds the session."""
    if holder_of(context.session, context.release) is None:
        raise errors.SessionNotHeld


def may_take_over(context: TransitionContext) -> None:
    """An invigilator allowed the take-over, or the release does and the device works online."""
    device = holder_of(context.session, context.release)
    if device is not None and not may_be_replaced(device, context.session, context.release):
        raise errors.SessionHeld(*device.facts())


def pin_set(context: TransitionContext) -> None:
    """The session has a PIN."""
    if not context.session.pin:
        raise errors.PinNotSet


def pin_not_blocked(context: TransitionContext) -> None:
    """Fewer wrong PINs than the limit."""
    if context.session.pin_failures >= PIN_TRIES:
        raise errors.PinBlocked(context.session.pin_failures)


def pin_right(context: TransitionContext) -> None:
    """The PIN is the session's, compared in constant time; a command without a PIN asks only about the rest."""
    pin = context.command.pin
    if pin is not None and not hmac.compare_digest(fold_code(pin).encode(), context.session.pin.encode()):
        raise errors.WrongPin(PIN_TRIES - context.session.pin_failures - 1)


def time_left(context: TransitionContext) -> None:
    """The running attempt's deadline has not passed."""
    deadline = clock.deadline(context.session, context.release)
    if deadline and context.now >= deadline:
        raise errors.AttemptTimeExpired(clock.rfc3339(deadline))


def answers_are_taken(context: TransitionContext) -> None:
    """The running attempt's deadline has not passed, or the online grace period after it has not."""
    until = clock.accepted_until(context.session, context.release)
    if until and context.now >= until:
        raise errors.AttemptTimeExpired(clock.rfc3339(clock.deadline(context.session, context.release)))


def working_time_for_percent(context: TransitionContext) -> None:
    """Extra time in percent is of a working time that is limited."""
    if context.command.extra_percent and not clock.working_time(context.session, context.release):
        raise errors.NoWorkingTime(context.release.id)


def time_left_after_pause(context: TransitionContext) -> None:
    """The paused attempt has working time left."""
    left = clock.time_left_while_paused(context.session, context.release)
    if left is not None and left <= 0:
        raise errors.AttemptTimeExpired(clock.rfc3339(context.session.pause_start_time + left))


def time_left_to_reopen(context: TransitionContext) -> None:
    """The window is open and the ended attempt has working time left, or a new deadline, or none, is given."""
    if context.command.gives_deadline:
        return
    if not window_is_open(context):
        start, end = clock.window(context.session, context.release)
        raise errors.WindowClosed(clock.rfc3339(start), clock.rfc3339(end), clock.rfc3339(context.now))
    working = clock.working_time(context.session, context.release)
    limit = working + clock.extra_time(context.session, context.release)
    if working and clock.time_elapsed(context.session) >= limit:
        raise errors.AttemptTimeExpired(clock.rfc3339(context.session.end_time))


def attempts_left(context: TransitionContext) -> None:
    """The release allows another attempt."""
    if 0 < context.release.max_attempts <= context.session.attempt:
        raise errors.AttemptsExhausted(context.session.attempt, context.release.max_attempts)


def form_known(context: TransitionContext) -> None:
    """The catalogue holds the session's test form."""
    context.form()


def within_grace_period(context: TransitionContext) -> None:
    """The offline answers come back in time (Surpass, resultsUploadGracePeriod)."""
    until = context.session.end_time + max(0, context.release.grace_period)
    if context.release.grace_period and context.now > until:
        raise errors.GracePeriodOver(clock.rfc3339(context.session.end_time), clock.rfc3339(until))


def release_moderated(context: TransitionContext) -> None:
    """The release asks for moderation."""
    if not context.release.moderated:
        raise errors.ReleaseNotModerated(context.release.id)


def release_not_moderated(context: TransitionContext) -> None:
    """The release does not ask for moderation."""
    if context.release.moderated:
        raise errors.ModerationRequired(context.release.id)


def void_reason_fits(context: TransitionContext) -> None:
    """NOT_YET_STARTED only before the attempt started, PARTIALLY_COMPLETED only after (Surpass, void reasons).

    On paper only the caller can say whether the candidate began, so either is accepted.
    """
    if context.on_paper():
        return
    reason, started = context.command.void_reason, attempt_started(context)
    if (reason is VoidReason.NOT_YET_STARTED and started) or (
        reason is VoidReason.PARTIALLY_COMPLETED and not started
    ):
        raise errors.VoidReasonMismatch(reason.name)


def form_is_current(context: TransitionContext) -> None:
    """The form the caller saw is the session's (Surpass, currentTestFormRef)."""
    if context.command.current_form and context.command.current_form != context.session.test_form:
        raise errors.StaleForm(context.session.test_form)


def revision_fits(context: TransitionContext) -> None:
    """The revision to mark by can mark what was sat, and allows the marks that people gave."""
    check_revision(context.marking_context, context.attempt_record)


# Conditions: which transition is taken.


def window_is_open(context: TransitionContext) -> bool:
    """The window is open now."""
    return clock.window_is_open(context.session, context.release, context.now)


def check_in_required(context: TransitionContext) -> bool:
    """The release asks for check-in."""
    return bool(context.release.requires_check_in)


def pin_required(context: TransitionContext) -> bool:
    """The release is invigilated and the session has a PIN."""
    return bool(context.release.invigilated and context.session.pin)


def invigilated(context: TransitionContext) -> bool:
    """The release is invigilated."""
    return bool(context.release.invigilated)


def on_paper(context: TransitionContext) -> bool:
    """The release is delivered on paper."""
    return context.on_paper()


def online(context: TransitionContext) -> bool:
    """The release is delivered on a computer."""
    return not context.on_paper()


def clock_is_deferred(context: TransitionContext) -> bool:
    """The clock is to wait for the candidate."""
    return context.command.deferred_clock


def marks_missing(context: TransitionContext) -> bool:
    """People still have something to mark."""
    return waits_for_marks(context.form(), context.attempt_record)


def marks_become_missing(context: TransitionContext) -> bool:
    """By the revision to mark by people have something to mark, by the one before they had not."""
    return _waits_when_revised(context) and not marks_missing(context)


def marks_stay_missing(context: TransitionContext) -> bool:
    """People still have something to mark, or their marks wait to be submitted."""
    return _waits_when_revised(context) or not marks_missing(context)


def _waits_when_revised(context: TransitionContext) -> bool:
    return waits_for_marks(context.marking_context.revised or context.form(), context.attempt_record)


def moderated_on_paper(context: TransitionContext) -> bool:
    """The release is moderated, and delivered on paper, from where attempts go to moderation without a request."""
    return context.on_paper() and moderated(context)


def moderated(context: TransitionContext) -> bool:
    """The release asks for moderation."""
    return bool(context.release.moderated)


def attempt_started(context: TransitionContext) -> bool:
    """The clock of the current attempt has started."""
    return bool(context.session.start_time)

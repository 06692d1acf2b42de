"""Methods whose requests may name a session by a code: which calls do, what counts, what a locked-out caller gets.

A call that names a code is refused before the code is looked up while its address or its principal is locked out,
right or wrong. What was under way when the lock-out began is answered with it as well: a burst of calls reveals
no more than calls one by one, and neither do the rows of one call. Calls that name a session by its id pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.rpc import code_pb2

from exam_sessions import errors
from exam_sessions.rpc.convert.request import DEFAULT_WORKSPACE

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, MethodDescriptor

    from exam_sessions.rpc.access.code_guard import CodeGuard
    from exam_sessions.rpc.methods import Call

COUNTS_ENTRIES = frozenset({"EnterKeycode", "EnterPin"})
"""RPCs by which a candidate enters a session with a right code. Reads do not count: they can be repeated at will."""


def names_sessions_by_code(message: Descriptor) -> bool:
    """Whether a request of this kind may name a session by its keycode or its access code."""
    return "keycode" in message.fields_by_name and "access_code" in message.fields_by_name


def rows_by_code(message: Descriptor) -> str:
    """The field of a request whose rows may name sessions by such a code; empty without one."""
    rows = (field for field in message.fields if field.is_repeated and field.message_type)
    return next((field.name for field in rows if _names_one_of(field.message_type)), "")


def _names_one_of(message: Descriptor | None) -> bool:
    """Whether a message names a session in one of several ways: a booking has codes, but of its own."""
    return message is not None and "session" in message.oneofs_by_name and names_sessions_by_code(message)


def guard_of(guard: CodeGuard, method: MethodDescriptor) -> MethodGuard | None:
    """What guards the calls of a method; None where they name no codes."""
    if names_sessions_by_code(method.input_type):
        return MethodGuard(guard, method)
    rows = rows_by_code(method.input_type)
    return BatchGuard(guard, method, rows) if rows else None


class MethodGuard:
    """Guards the calls of one method."""

    __slots__ = ("_counts_entries", "_guard", "_method", "passes_ids")

    passes_ids: bool
    """Whether a call that names its session by its id need not `enter`."""

    def __init__(self, guard: CodeGuard, method: MethodDescriptor) -> None:
        self._guard, self._method = guard, method.name
        self._counts_entries = method.name in COUNTS_ENTRIES
        self.passes_ids = "session_id" in method.input_type.fields_by_name and method.name != "EnterPin"

    def enter(self, request: Any, call: Call) -> None:
        """Keeps a call that names a code out whose caller is locked out. Raises TooManyWrongCodes."""
        call.code_workspace = workspace = request.workspace_id or DEFAULT_WORKSPACE
        if self._guard.lockouts.locked_values and call.may_enter(workspace):
            self._guard.check_codes(call, workspace)

    def answer(self, request: Any, reply: Any, call: Call) -> None:
        """Counts an entry that succeeded, where its request named a code.

        Raises:
            errors.TooManyWrongCodes: its caller was locked out meanwhile.
        """
        workspace = call.code_workspace
        if self._guard.lockouts.locked_values:
            self._guard.check_codes(call, workspace)
        if self._counts_entries and not request.validate_only:
            entry = f"{self._method} {reply.session.id}"
            self._guard.lockouts.entered(workspace, entry, self._guard.watched(call, workspace))

    def failure(self, fault: BaseException, call: Call) -> BaseException:
        """Counts a wrong code. Returns what the caller gets, which is TooManyWrongCodes once it is locked out."""
        workspace = call.code_workspace
        if not workspace or isinstance(fault, errors.TooManyWrongCodes | errors.WorkspaceNotFound):
            # A caller who may not enter a workspace must not find out who is locked out there.
            return fault
        try:
            if self._guard.lockouts.locked_values:
                self._guard.check_codes(call, workspace)
        except errors.TooManyWrongCodes as locked:
            return locked
        if isinstance(fault, errors.SessionNotFound | errors.WrongPin):
            self._guard.lockouts.failed(self._guard.watched(call, workspace))
        return fault


class BatchGuard(MethodGuard):
    """Guards the calls of a method whose rows name sessions. The rows of its reply are those of the request."""

    __slots__ = ("_rows",)

    def __init__(self, guard: CodeGuard, method: MethodDescriptor, rows: str) -> None:
        super().__init__(guard, method)
        self._rows = rows

    def enter(self, request: Any, call: Call) -> None:
        """Keeps a call out whose caller is locked out, where a row names a code. Raises TooManyWrongCodes."""
        if not all(map(_is_by_id, getattr(request, self._rows))):
            call.code_workspace = workspace = request.workspace_id or DEFAULT_WORKSPACE
            if self._guard.lockouts.locked_values and call.may_enter(workspace):
                self._guard.check_codes(call, workspace)

    def answer(self, request: Any, reply: Any, call: Call) -> None:
        """Counts the wrong codes of the rows.

        Raises:
            errors.TooManyWrongCodes: with them its caller is locked out, or was meanwhile.
        """
        workspace, lockouts = call.code_workspace, self._guard.lockouts
        for row, answer in zip(getattr(request, self._rows), getattr(reply, self._rows), strict=True):
            if lockouts.locked_values:
                self._guard.check_codes(call, workspace)
            if answer.refusal.code == code_pb2.NOT_FOUND and not _is_by_id(row):
                lockouts.failed(self._guard.watched(call, workspace))
        if lockouts.locked_values:
            self._guard.check_codes(call, workspace)


def _is_by_id(row: Any) -> bool:
    """Whether a row names its session by its id."""
    return bool(row.session_id)

"""Creating test forms, and their next revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.session_changes import etag_of
from exam_sessions.domain.clock import moment
from exam_sessions.domain.forms import Form
from exam_sessions.domain.stored_records import StoredForm
from exam_sessions.domain.texts import flaw_of
from exam_sessions.execution.mutation import Mutation

if TYPE_CHECKING:
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import FormChanges
    from exam_sessions.execution.read_set import ReadSet


class PutForm(Mutation):
    """A revision of a test form. The result is the form as stored."""

    __slots__ = ("form",)

    def __init__(self, caller: Caller, form: Form) -> None:
        super().__init__(caller)
        self.form = form

    def declare_reads(self, reads: ReadSet) -> None:
        """Nothing: forms are read where they are judged."""

    def _put(self, uow: FormChanges, revision: int, before: int = 0) -> StoredForm:
        """Writes a revision, whose time is not before that of the one `before` it."""
        form = self.form
        form = Form(
            form.reference,
            revision,
            form.name,
            form.mark_decimals,
            form.questions,
            form.objectives,
            negative_marks=form.negative_marks,
        )
        now = moment(uow.clock.now, before)
        if not self.caller.validate_only:
            uow.forms.insert_now(self.caller.workspace, form, now)
        return StoredForm(form, now)

    def replay_payload(self, result: StoredForm) -> str:
        """Its reference."""
        return result.form.reference

    def replay(self, uow: FormChanges, payload: str) -> StoredForm:
        """The form as it is now."""
        stored = uow.forms.newest(self.caller.workspace, payload)
        if stored is None:
            raise errors.TestFormNotFound(payload)
        return stored


class CreateForm(PutForm):
    """A new form, as revision 1."""

    __slots__ = ()

    def apply(self, uow: FormChanges) -> StoredForm:
        """Writes it, unless its reference is taken. Raises InvalidField, DuplicateTestForm."""
        if flaw := flaw_of(self.form.reference):
            raise errors.invalid("test_form.reference", flaw)
        if uow.forms.newest(self.caller.workspace, self.form.reference):
            raise errors.DuplicateTestForm(self.form.reference)
        return self._put(uow, 1)


class UpdateForm(PutForm):
    """The next revision of a form."""

    __slots__ = ("etag",)

    def __init__(self, caller: Caller, form: Form, etag: str) -> None:
        super().__init__(caller, form)
        self.etag = etag

    def apply(self, uow: FormChanges) -> StoredForm:
        """Writes it after the newest; what sessions are sat with stays."""
        stored = uow.forms.newest(self.caller.workspace, self.form.reference)
        if stored is None:
            raise errors.TestFormNotFound(self.form.reference)
        if self.etag and self.etag != etag_of(stored.form.revision):
            raise errors.StaleTestForm(self.form.reference, etag_of(stored.form.revision))
        return self._put(uow, stored.form.revision + 1, stored.create_time)

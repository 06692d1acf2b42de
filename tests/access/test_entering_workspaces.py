"""Which workspaces a caller may enter."""

from __future__ import annotations

import pytest

from exam_sessions import errors
from exam_sessions.domain.access import Principal
from exam_sessions.rpc.access.verified import NO_CERTIFICATE
from exam_sessions.rpc.methods import Call


class CallOf(Call):
    """A call of a principal."""

    def __init__(self, principal):
        super().__init__()
        self.principal, self.workspaces = principal, None

    def metadata(self, _):
        return []

    def peer(self):
        return "192.0.2.1"

    def certificate(self):
        return NO_CERTIFICATE


def test_a_caller_enters_the_workspaces_only_that_its_principal_is_bound_to():
    call = CallOf(Principal("a", frozenset(), frozenset({"north"})))
    assert call.may_enter("north")
    assert call.enter("north") == call.enter_new("north") == "north"
    assert not call.may_enter("south")
    for enter in (call.enter, call.enter_new):
        with pytest.raises(errors.WorkspaceNotFound):
            enter("south")


def test_a_caller_whose_principal_is_bound_to_none_enters_all():
    assert CallOf(Principal("b", frozenset())).enter("anything") == "anything"

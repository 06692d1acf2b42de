"""All statements of one database, each compiled when it is first used."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from exam_sessions.store.aggregates import AggregateRows
from exam_sessions.store.api_keys import ApiKeyRows
from exam_sessions.store.attempts import AttemptRows
from exam_sessions.store.catalog import CatalogRows
from exam_sessions.store.conflicts import ConflictRows
from exam_sessions.store.consumers import ConsumerRows
from exam_sessions.store.events import EventRows
from exam_sessions.store.forms import FormRows
from exam_sessions.store.lockouts import LockoutRows
from exam_sessions.store.operations import OperationRows
from exam_sessions.store.personal_data import PersonalDataRows
from exam_sessions.store.requests import RequestRows
from exam_sessions.store.session_pages import SessionPages
from exam_sessions.store.sessions import SessionRows
from exam_sessions.store.staged_imports import StagedImportRows
from exam_sessions.store.workspaces import WorkspaceRows

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store


_compiling = threading.Lock()


class Repositories:
    """One attribute per kind of row. Threads share them: statements are never changed, and kept ones made again."""

    def __init__(self, store: Store) -> None:
        self.sessions = SessionRows(store)
        self.conflicts = ConflictRows(store)
        self.events = EventRows(store)
        self.catalog = CatalogRows(store)
        self.staged_imports = StagedImportRows(store)
        self.consumers = ConsumerRows(store)
        self.requests = RequestRows(store)
        self.forms = FormRows(store)
        self.attempts = AttemptRows(store)
        self.pages = SessionPages(store)
        self.aggregates = AggregateRows(store, self.pages)
        self.operations = OperationRows(store)
        self.api_keys = ApiKeyRows(store)
        self.lockouts = LockoutRows(store)
        self.personal_data = PersonalDataRows(store)
        self.workspaces = WorkspaceRows(store)


def repositories_of(store: Store) -> Repositories:
    """The statements of a store, made when they are first asked for: it takes 20 ms."""
    with _compiling:
        if store.compiled is None:
            store.compiled = Repositories(store)
        repositories: Repositories = store.compiled
        return repositories

"""All statements of one database, compiled together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.store.aggregates import TallyRows
from exam_sessions.store.attempts import ScriptRows
from exam_sessions.store.catalog import CatalogRows
from exam_sessions.store.consumers import ConsumerRows
from exam_sessions.store.events import EventRows
from exam_sessions.store.forms import FormRows
from exam_sessions.store.operations import OperationRows
from exam_sessions.store.requests import RequestRows
from exam_sessions.store.session_pages import SessionPages
from exam_sessions.store.sessions import SessionRows
from exam_sessions.store.staged_imports import DraftRows

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store


class Rows:
    """One attribute per kind of row. Not shared between threads: a lane has its own."""

    def __init__(self, store: Store) -> None:
        self.sessions = SessionRows(store)
        self.events = EventRows(store)
        self.catalog = CatalogRows(store)
        self.drafts = DraftRows(store)
        self.consumers = ConsumerRows(store)
        self.requests = RequestRows(store)
        self.forms = FormRows(store)
        self.scripts = ScriptRows(store)
        self.pages = SessionPages(store)
        self.tallies = TallyRows(store, self.pages)
        self.operations = OperationRows(store)

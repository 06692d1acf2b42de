"""All statements of one database, each compiled when it is first used."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

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
from exam_sessions.store.statement import Statement
from exam_sessions.store.workspaces import WorkspaceRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.store.engine import Store


Rows = TypeVar("Rows")

_compiling = threading.Lock()

_made: dict[tuple[type[Store], Callable[[Store], Any]], Any] = {}
"""By the class of a store, what depends on nothing else: a statement has no connection. A process that starts many
servers, as the tests do, makes and compiles statements once; they are 40 % of the processor time of a start."""


class Repositories:
    """One attribute per kind of row. Threads share them: statements are never changed, and kept ones made again."""

    def __init__(self, store: Store) -> None:
        self.sessions = _shared(SessionRows, store)
        self.conflicts = _shared(ConflictRows, store)
        self.events = _shared(EventRows, store)
        self.catalog = _shared(CatalogRows, store)
        self.staged_imports = _shared(StagedImportRows, store)
        self.consumers = _shared(ConsumerRows, store)
        self.requests = _shared(RequestRows, store)
        self.forms = _shared(FormRows, store)
        self.attempts = _shared(AttemptRows, store)
        self.pages = SessionPages(store)  # its statements depend on the collations of the database
        self.aggregates = AggregateRows(store, self.pages)
        self.operations = _shared(OperationRows, store)
        self.api_keys = _shared(ApiKeyRows, store)
        self.lockouts = _shared(LockoutRows, store)
        self.personal_data = _shared(PersonalDataRows, store)
        self.workspaces = _shared(WorkspaceRows, store)

    def compile_hot(self) -> None:
        """Compiles the statements of calls that come in great numbers; the first of these took 20 ms longer."""
        for rows in (self.sessions, self.attempts, self.catalog, self.events, self.forms, self.requests):
            for found in vars(rows).values():
                for statement in found.values() if isinstance(found, dict) else (found,):
                    if isinstance(statement, Statement):
                        statement.compile_now()


def _shared(rows: Callable[[Store], Rows], store: Store) -> Rows:
    """The one of all stores of a class."""
    key = (type(store), rows)
    if key not in _made:
        _made[key] = rows(store)
    made: Rows = _made[key]
    return made


def repositories_of(store: Store) -> Repositories:
    """The statements of a store, made when they are first asked for: it takes 20 ms."""
    with _compiling:
        if store.compiled is None:
            store.compiled = Repositories(store)
        repositories: Repositories = store.compiled
        return repositories

"""Keys made on the machine of the database, without a server: the first one, and one for when all are lost."""

from __future__ import annotations

from contextlib import closing

from exam_sessions.app import now
from exam_sessions.commands.api_keys import CreateApiKey
from exam_sessions.domain.access import ROLES, Principal
from exam_sessions.domain.api_keys import SYSTEM_WORKSPACE, Grant
from exam_sessions.execution.caller import Caller
from exam_sessions.execution.executor import Executor
from exam_sessions.execution.known_workspaces import KnownWorkspaces
from exam_sessions.execution.random_codes import new_credential
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store.databases import store_of
from exam_sessions.store.repositories import Repositories

CREATOR = "local"
"""The creator of such keys: no authenticated principal."""


def create_admin_key(database_url: str, name: str, expire_time: int) -> tuple[str, str]:
    """Creates an API key of the role admin, for every workspace, in a database that may be served meanwhile.

    Args:
        database_url: the database; brought to the newest schema.
        name: of the key's principal.
        expire_time: microseconds since 1970; 0 is never.

    Returns:
        Its id, and the credential, which is stored nowhere.

    Raises:
        InvalidField: the name can be no principal's, or the time has passed.
        DatabaseDown: the database cannot be used; so do other refusals of it.
    """
    credential = new_credential()
    giver, grant = Principal(CREATOR, ROLES["admin"]), Grant(name, ("admin",), None, None)
    mutation = CreateApiKey(Caller(SYSTEM_WORKSPACE, CREATOR), giver, grant, expire_time, credential)
    with closing(store_of(database_url)) as store:
        upgrade(store)
        executor = Executor(Repositories(store), now, "", KnownWorkspaces())
        with store.writer() as db:
            executor.attach(db)
            (outcome,) = executor.run([mutation])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome.id, credential

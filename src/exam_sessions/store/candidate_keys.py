"""The file with the keys of candidate ids, and whether a database fits it."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import case, literal, select
from sqlalchemy import func as sql
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from exam_sessions.configuration.file_modes import open_to_others
from exam_sessions.domain.candidate_ids import PLAIN, CandidateIdKeys, UnfitKeys, generation_of
from exam_sessions.domain.erasure import PREFIX
from exam_sessions.store.access_tables import candidate_id_keys
from exam_sessions.store.schema import sessions

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store

REKEY = "exam-sessions candidates rekey --candidate-id-keys FILE"


def read_keys(path: str) -> CandidateIdKeys:
    """The keys in a file that its owner alone may read.

    Raises:
        UnfitKeys: it is not there, others may read it, or what it holds are no keys.
    """
    file = Path(path)
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="ascii")
    except UnicodeDecodeError:
        raise UnfitKeys(f"{path} is not a file of keys in hexadecimal") from None
    except OSError as error:
        raise UnfitKeys(f"{path} cannot be read: {error.strerror}") from None
    if open_to_others(mode, stat.S_IRWXG | stat.S_IRWXO):
        raise UnfitKeys(f"{path} may be read by others than its owner: chmod 600 {path}")
    try:
        return CandidateIdKeys.parse(text)
    except UnfitKeys as error:
        raise UnfitKeys(f"{path}: {error}") from None


def stored_generations(store: Store) -> set[int]:
    """The generations of the candidate ids of all sessions; PLAIN for ids as they are. Reads an index once."""
    c = sessions.c.candidate_id
    kind = case(
        (c.startswith(PREFIX), literal("")), (c.startswith("hmac"), sql.substr(c, 1, 8)), else_=literal("plain")
    )
    with store.engine.connect() as connection:
        found = {row[0] for row in connection.execute(select(kind).distinct())}
    # What begins so may be an id all the same.
    return {_generation(kind) for kind in found if kind}


def check_keys(store: Store, keys: CandidateIdKeys) -> None:
    """Makes sure that the key of each generation is the one that the database was served with before.

    By what a key is known that has not been seen yet is stored.

    Raises:
        UnfitKeys: it is another.
    """
    c, values = candidate_id_keys.c, keys.check_values()
    rows = [{"workspace_id": "", "generation": number, "check_value": value} for number, value in values.items()]
    insert = sqlite_insert if store.engine.dialect.name == "sqlite" else postgresql_insert
    with store.engine.connect() as connection:
        known = select(c.generation, c.check_value)
        stored = {row.generation: row.check_value for row in connection.execute(known)}
        if not values.keys() <= stored.keys():
            connection.execute(insert(candidate_id_keys).values(rows).on_conflict_do_nothing())
            connection.commit()
            # Another server may have been faster, with other keys.
            stored = {row.generation: row.check_value for row in connection.execute(known)}
    for number, value in values.items():
        if stored[number] != value:
            raise UnfitKeys(f"key number {number} of the key file is not the one that the database was served with")


def _generation(kind: str) -> int:
    return generation_of(f"{kind}{'A' * 43}") or PLAIN


def check_generations(stored: set[int], keys: CandidateIdKeys | None) -> None:
    """Makes sure that every stored candidate id is what the keys make of it. Raises UnfitKeys."""
    newest = max(stored, default=PLAIN)
    if keys is None:
        if newest != PLAIN:
            raise UnfitKeys(f"the database holds candidate ids of generation {newest}, and no key file is given")
        return
    if newest > keys.current:
        raise UnfitKeys(
            f"the database holds candidate ids of generation {newest}, and the key file ends with {keys.current}"
        )
    if stored - {keys.current}:
        oldest = min(stored)
        what = "plain candidate ids" if oldest == PLAIN else f"candidate ids of generation {oldest}"
        raise UnfitKeys(f"the database holds {what}, and the key file has generation {keys.current}: run `{REKEY}`")

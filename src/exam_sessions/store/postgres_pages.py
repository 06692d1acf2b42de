"""Reading everything that a PostgreSQL database stores: by amcheck where it is installed, else row by row.

amcheck compares indexes with their tables. Reading finds pages that PostgreSQL itself refuses, which with data
checksums are all that changed on the disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from exam_sessions.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exam_sessions.store.postgres_driver import Driver

MAY_AMCHECK = """
    SELECT count(*) FROM pg_proc
    WHERE proname IN ('verify_heapam', 'bt_index_check') AND has_function_privilege(oid, 'EXECUTE')
"""

INDEXES = """
    SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_am a ON a.oid = c.relam
    JOIN pg_class t ON t.oid = i.indrelid
    WHERE a.amname = 'btree' AND c.relnamespace = current_schema()::regnamespace AND t.relname = ANY(%s)
    ORDER BY 1
"""


def damaged_pages(driver: Driver) -> Iterator[str]:
    """What cannot be read, or contradicts an index. `driver` is not in a transaction and has no time limit."""
    tables = sorted(metadata.tables)
    by_amcheck = (driver.execute(MAY_AMCHECK).fetchone() or (0,))[0]
    for table in tables:
        if by_amcheck:
            said = "SELECT format('%%s: block %%s: %%s', %s::text, blkno, msg) FROM verify_heapam(%s::regclass)"
            yield from _said(driver, said, (table, table))
        yield from _said(driver, f"SELECT NULL FROM {table} HAVING sum(length({table}::text)) < 0", ())  # noqa: S608
    if by_amcheck:
        for (index,) in driver.execute(INDEXES, (tables,)).fetchall():
            check = "SELECT NULL FROM (SELECT bt_index_check(%s::regclass, true)) AS checked WHERE false"
            yield from _said(driver, check, (index,))


def _said(driver: Driver, query: str, values: tuple[str, ...]) -> Iterator[str]:
    """The texts that a query gives; its failure is one where it is not that the connection was lost."""
    try:
        for (text,) in driver.execute(query, values).fetchall():
            yield str(text)
    except psycopg.Error as error:
        if driver.closed:
            raise
        yield " ".join(str(error).split())

"""What an engine that shards by workspace needs of the schema, besides the workspace in front of every key."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect


def test_no_table_refers_to_another(migrated):
    seen = inspect(migrated.engine)
    assert len(seen.get_table_names()) > 8
    assert [table for table in seen.get_table_names() if seen.get_foreign_keys(table)] == []


@pytest.mark.sqlite(reason="this is where it keeps its triggers")
def test_nothing_happens_by_itself_in_a_file(migrated, database):
    assert database.read("SELECT name FROM sqlite_master WHERE type = 'trigger'") == []


@pytest.mark.postgresql(reason="this is where it keeps its triggers, sequences and functions")
def test_nothing_happens_by_itself_in_a_server(migrated, database):
    assert database.read("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal") == []
    assert inspect(migrated.engine).get_sequence_names() == []
    own = "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'"
    assert database.read(own) == []
    defaults = database.read("SELECT column_default FROM information_schema.columns WHERE table_schema = 'public'")
    assert not [default for (default,) in defaults if default and "nextval" in default]

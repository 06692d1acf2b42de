"""Checks that the migrations are one chain: each has a number of its own, and follows the one before it."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

FOLDER = Path(__file__).parent.parent / "src" / "exam_sessions" / "migrations"


def main() -> int:
    """Names what breaks the chain, and gives the exit code."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    warnings.simplefilter("error")
    try:
        heads = ScriptDirectory.from_config(config).get_heads()
    except UserWarning as warning:
        sys.stderr.write(f"{warning}: give the migration the next free number\n")
        return 1
    if len(heads) != 1:
        sys.stderr.write(f"{', '.join(heads)} follow the same migration: let one follow the other\n")
    return int(len(heads) != 1)


if __name__ == "__main__":
    sys.exit(main())

"""Where the database is when no setting says it: a file here, or in the user's data directory."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path

NAME = "exam-sessions.db"
SQLITE = "sqlite:///"


def default_database_url() -> str:
    """The URL of ./exam-sessions.db where there is one, else of a file in the user's data directory, which is made.

    Raises:
        OSError: the directory cannot be made.
    """
    here = Path(NAME)
    if here.exists():
        return f"{SQLITE}{NAME}"
    directory = user_data_path("exam-sessions", appauthor=False)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"{SQLITE}{directory / NAME}"


def names_new_file(url: str) -> bool:
    """Whether a URL names a SQLite file that is still to be made."""
    return url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists()

"""Contexts: servers by name, with what is needed to reach them, in a file that only its user can read."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import orjson

from exam_sessions.cli.shared.atomic_file import atomic_file
from exam_sessions.cli.shared.console import fail
from exam_sessions.configuration.file_modes import open_to_others

FILE = "contexts.json"


@dataclass(frozen=True, slots=True)
class Context:
    """One server. Empty values are not set."""

    target: str = ""
    workspace: str = ""
    tls: bool | None = None
    ca: str = ""
    cert: str = ""
    key: str = ""
    token: str = ""
    """Where the token is, as --token says it, or the token that was typed when the context was made."""
    insecure_token: bool | None = None

    @property
    def has_tls(self) -> bool:
        """Whether the connection has TLS."""
        return bool(self.ca or self.cert or self.key) if self.tls is None else self.tls

    def for_client(self) -> dict[str, Any]:
        """The arguments of a client, by their names."""
        files = {name: getattr(self, name) or None for name in ("ca", "cert", "key")}
        return {**files, "tls": self.tls, "insecure_token": bool(self.insecure_token)}

    def given(self) -> dict[str, Any]:
        """What is set."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value not in {"", None}}


@dataclass(slots=True)
class Contexts:
    """All contexts of a user, and the one that is used where a command names none."""

    all: dict[str, Context] = field(default_factory=dict)
    current: str = ""

    @classmethod
    def read(cls) -> Self:
        """The user's contexts; ends the command when their file cannot be used."""
        path = contexts_file()
        try:
            mode, content = path.stat().st_mode, path.read_bytes()
        except FileNotFoundError:
            return cls()
        except OSError as error:
            fail(f"the contexts in {path} cannot be read: {error.strerror}", "may you read that file?")
        if open_to_others(mode, stat.S_IRWXG | stat.S_IRWXO):
            fail(f"others on this machine may read or write {path}, which may hold tokens", f"chmod 600 {path}")
        try:
            held = orjson.loads(content)
            return cls({name: Context(**values) for name, values in held["contexts"].items()}, held["current"])
        except (ValueError, TypeError, KeyError, AttributeError):
            fail(f"{path} is damaged", f"move it away and add your contexts again: mv {path} {path}.damaged")

    def write(self) -> None:
        """Writes them for the user alone, all or nothing."""
        path = contexts_file()
        held = {"current": self.current, "contexts": {name: context.given() for name, context in self.all.items()}}
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with atomic_file(path) as file:
                file.write(orjson.dumps(held, option=orjson.OPT_INDENT_2).decode() + "\n")
        except OSError as error:
            fail(f"the contexts cannot be written to {path}: {error.strerror}", "may you write there?")

    def named(self, name: str) -> Context:
        """The context of a name; ends the command when there is none."""
        if name not in self.all:
            known = ", ".join(sorted(self.all))
            make = f"make it: exam-sessions context add {name} --target HOST:PORT"
            fail(f"there is no context {name!r}", f"choose one of {known}" if known else make)
        return self.all[name]


def contexts_file() -> Path:
    """The file that holds them."""
    directory = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(directory) if directory.startswith("/") else Path.home() / ".config"
    return base / "exam-sessions" / FILE

"""What the log says when a server begins to serve: what runs, on which database, and what was set."""

from __future__ import annotations

import logging
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from exam_sessions.configuration.database_urls import without_password
from exam_sessions.settings import DECLARED, Settings
from exam_sessions.telemetry.traces import collector_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.store.engine import Store

log = logging.getLogger(__name__)


def report_start(settings: Settings, store: Store, schema: str | None, addresses: Sequence[str]) -> None:
    """Logs it at INFO: a block in text, an object in JSON. No secrets: passwords are masked, files only named.

    Args:
        settings: all of the server's.
        store: its database.
        schema: the revision of its schema.
        addresses: where the server listens.
    """
    facts = {
        "version": version("exam-sessions"),
        "python": platform.python_version(),
        "grpcio": version("grpcio"),
        "database": f"{store.version()}, {_shown(settings, 'database_url')}",
        "schema": schema,
        "listen": list(addresses),
        "transport": settings.transport,
        "workers": settings.workers,
        "auth": settings.auth,
        "tls": _tls(settings),
        "metrics": settings.metrics or "none",
        "traces": without_password(collector_of(settings)) or "none",
        "settings": changed(settings),
    }
    log.info("exam-sessions starts", extra={"facts": facts, "is_block": True})


def changed(settings: Settings) -> dict[str, object]:
    """The settings that differ from their defaults, by name; as they may be shown."""
    defaults = Settings()
    return {name: _shown(settings, name) for name in DECLARED if getattr(settings, name) != getattr(defaults, name)}


def _shown(settings: Settings, name: str) -> object:
    return DECLARED[name].option.without_secrets(getattr(settings, name))


def _tls(settings: Settings) -> str:
    if not settings.tls_cert:
        return "none"
    if not settings.tls_client_ca:
        return "server certificate"
    where = f"at {settings.mtls_listen}" if settings.mtls_listen else "everywhere"
    return f"server certificate; client certificates {where}"

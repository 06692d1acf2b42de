"""Database URLs as they may be shown."""

from __future__ import annotations

import re


def without_password(url: str) -> str:
    """A URL that may be shown."""
    url = re.sub(r"(//[^:/?#@]*):[^?#]*@", r"\1:***@", url)
    return re.sub(r"(password=)[^&]*", r"\1***", re.sub(r":[^:/@]*@", ":***@", url))


def has_password(url: str) -> bool:
    """Whether a URL holds a password."""
    return without_password(url) != url

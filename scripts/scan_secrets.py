"""Fails when a file of the repository seems to hold a secret: a private key, or a credential of ours or of others.

Names in examples (`postgresql://exams:secret@...`) are allowed by what they are, wherever they stand.
"""

from __future__ import annotations

import subprocess
import sys
from multiprocessing import Pool
from pathlib import Path

from detect_secrets.core import scan
from detect_secrets.settings import transient_settings

from exam_sessions.domain.api_keys import CREDENTIAL

ROOT = Path(__file__).parent.parent
DETECTORS = (
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "KeywordDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SlackDetector",
    "StripeDetector",
)
"""Detectors of detect-secrets that look for a known form. Those that measure entropy find every UUID of a test."""

EXAMPLES = frozenset({"PASSWORD", "hunter2", "password", "se", "secret", "x-actor", "exam-sessions-tls"})
"""What stands for a secret in examples, and names of secrets."""

GENERATED = (
    "clients/python/src/exam_sessions_client/v1/",
    "clients/python/src/exam_sessions_client/reasons.py",
    "src/exam_sessions/contract/",
    "docs/reference/",
)


def files() -> list[str]:
    """The files of the repository that people write."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.splitlines() if not name.startswith(GENERATED) and not name.endswith(".binpb")]


def found_in(name: str) -> list[str]:
    """What one file seems to hold, as lines for people; never the secret itself."""
    path = ROOT / name
    if not path.is_file():
        return []
    with transient_settings({"plugins_used": [{"name": detector} for detector in DETECTORS]}):
        found = [
            f"{name}:{secret.line_number}: {secret.type}"
            for secret in scan.scan_file(str(path))
            if secret.secret_value not in EXAMPLES
        ]
    text = path.read_text(errors="replace")
    return found + [f"{name}:{text[: hit.start()].count(chr(10)) + 1}: API key" for hit in CREDENTIAL.finditer(text)]


def main() -> None:
    with Pool() as pool:
        lines = [line for found in pool.imap(found_in, files(), chunksize=16) for line in found]
    print("\n".join(lines))
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()

"""Credentials: reads and durable transitions with an API key and with a token, beside the same service without."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmark.switched_on import SwitchedOn, beside_without

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmark.bench import Bench
    from benchmark.databases import Database
    from benchmark.results import Figure

ISSUER, AUDIENCE, KEY_ID = "https://login.example/bench", "exam-sessions", "bench"
VALID_S = 6 * 3600


def credentials(bench: Bench) -> Iterator[Figure]:
    """GetSession and durable transitions with an API key, and with a token, against none, over plain text."""
    yield from beside_without(bench, "credentials", lambda database: _ways(bench, database), "no credential")


def _ways(bench: Bench, database: Database) -> list[SwitchedOn]:
    config, signed = token(bench.directory)
    return [
        SwitchedOn("with an API key", {"auth": "keys"}, credential=api_key(database)),
        SwitchedOn("with a token", {"auth": "jwt", "auth_config": config}, credential=signed),
    ]


def api_key(database: Database) -> str:
    """The key of an admin, made in the database."""
    command = [sys.executable, "-m", "exam_sessions", "keys", "bootstrap", "bench", "--database-url", database.url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def token(directory: Path) -> tuple[Path, str]:
    """The configuration that accepts tokens signed with RS256, and the token of an admin."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    keys = directory / "jwks.json"
    keys.write_text(json.dumps({"keys": [public | {"kid": KEY_ID, "alg": "RS256", "use": "sig"}]}))
    config = directory / "auth.toml"
    config.write_text(
        f'[[jwt]]\nissuer = "{ISSUER}"\naudiences = ["{AUDIENCE}"]\njwks_file = "{keys.name}"\n'
        'roles = ["admin"]\nall_workspaces = true\n'
    )
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "bench", "exp": int(time.time()) + VALID_S}
    return config, jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})

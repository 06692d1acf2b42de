"""Credentials: reads and durable transitions with an API key and with a token, beside the same service without."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmark.bench import Side
from benchmark.load_sessions import Cohort
from benchmark.servers import service
from benchmark.traffic import SESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmark.bench import Bench
    from benchmark.databases import Database
    from benchmark.results import Figure

CALLERS = 64
ISSUER, AUDIENCE, KEY_ID = "https://login.example/bench", "exam-sessions", "bench"
VALID_S = 6 * 3600


class Way(NamedTuple):
    """A way to authenticate: its setting, a credential of an admin, and the file of `--auth-config`."""

    name: str
    auth: str
    credential: str
    config: Path | str = ""


def credentials(bench: Bench) -> Iterator[Figure]:
    """GetSession and durable transitions with an API key, and with a token, against none, over plain text."""
    database, floor_database = bench.database("credentials"), bench.database("none")
    with service(bench.cores, database) as first:
        bench.say(f"booking {SESSIONS:,} sessions and walking them into progress, on both servers")
        cohort = Cohort(first.port, SESSIONS)
    ways = (Way("an API key", "keys", api_key(database)), token(bench.directory))
    with service(bench.cores, floor_database) as plain:
        beside = Cohort(plain.port, SESSIONS)
        for way in ways:
            with service(bench.cores, database, auth=way.auth, auth_config=way.config) as real:
                for name, mine, its in (
                    ("GetSession", cohort.reads, beside.reads),
                    ("Durable transition", cohort.moves, beside.moves),
                ):
                    yield bench.rate_figure(
                        f"{name} with {way.name}, {CALLERS} callers",
                        Side(way.name, real, mine, credential=way.credential),
                        Side("no credential", plain, its),
                        bench.callers(CALLERS),
                    )


def api_key(database: Database) -> str:
    """The key of an admin, made in the database."""
    command = [sys.executable, "-m", "exam_sessions", "keys", "bootstrap", "bench", "--database-url", database.url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def token(directory: Path) -> Way:
    """The token of an admin, signed with RS256, and the configuration that accepts it."""
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
    signed = jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})
    return Way("a token", "jwt", signed, config)

"""An issuer of tokens with real keys, and a server for its JWKS."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from exam_sessions.app import now
from exam_sessions.rpc.access.configuration import read_auth_config
from exam_sessions.rpc.access.tokens import JwtVerifier, key_set_of
from exam_sessions.rpc.access.verified import Credentials

ISSUER, AUDIENCE = "https://login.example.org/board", "exam-sessions"
MAKE = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


def seconds():
    """The time in seconds since 1970, as tokens say it."""
    return now() // 1_000_000


class IssuerKeys:
    """Keys by their ids, each with its algorithm."""

    def __init__(self, **algorithms):
        self.algorithm = dict(algorithms)
        self.private = {kid: MAKE[algorithm]() for kid, algorithm in algorithms.items()}

    def jwk(self, kid, **more):
        """The public key of an id."""
        algorithm = get_default_algorithms()[self.algorithm[kid]]
        return json.loads(algorithm.to_jwk(self.private[kid].public_key())) | {"kid": kid} | more

    def jwks(self, *kids, **more):
        """The JWKS with the keys of these ids, all when none is named."""
        return json.dumps({"keys": [self.jwk(kid, **more) for kid in kids or self.private]})

    def token(self, kid, headers=None, **claims):
        """A token signed by a key; a claim that is None is left out."""
        full = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "exp": seconds() + 600, "iat": seconds()} | claims
        content = {name: value for name, value in full.items() if value is not None}
        headers = {"kid": kid} | (headers or {})
        return jwt.encode(content, self.private[kid], self.algorithm[kid], headers=headers)


BASE = f"""[[jwt]]
issuer = "{ISSUER}"
audiences = ["{AUDIENCE}"]
"""
EVERYBODY_READS = 'roles = ["reader"]\nall_workspaces = true\n'


def config_file(directory, jwks, lines, source='jwks_file = "jwks.json"'):
    """The file of a configuration with one issuer, whose keys are in a file of the content `jwks` beside it."""
    if jwks:
        (directory / "jwks.json").write_text(jwks)
    file = directory / "auth.toml"
    file.write_text(f"{BASE}{source}\n{lines}")
    return file


def configured(directory, jwks, source='jwks_file = "jwks.json"', lines=EVERYBODY_READS):
    """The issuers of such a configuration."""
    return read_auth_config(str(config_file(directory, jwks, lines, source))).issuers


def verifier_of(directory, jwks, lines=EVERYBODY_READS):
    """A verifier of such a configuration."""
    return JwtVerifier([(issuer, key_set_of(issuer)) for issuer in configured(directory, jwks, lines=lines)])


def verify(verifier, token="", sans=()):
    """What a verifier makes of a credential."""
    return asyncio.run(verifier.verify(Credentials(token, tuple(sans), "127.0.0.1")))


@contextmanager
def http_server(answer):
    """A server on loopback; `answer` takes the handler of each GET. Gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # how soon it stops
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/jwks"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler, body, status=200, **headers):
    """Answers a GET."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body.encode() if isinstance(body, str) else body)

"""The keys of an issuer: read from a file or a real HTTP server, read again, and kept when they cannot be."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from exam_sessions import errors
from exam_sessions.rpc.access import jwks
from exam_sessions.rpc.access.jwks import KEYS_AT_MOST, SIZE_AT_MOST, KeySet, KeyUrl, keys_in
from exam_sessions.rpc.access.tokens import JwtVerifier, key_set_of
from exam_sessions.rpc.access.verified import Credentials
from issuing import IssuerKeys, configured, http_server, send

OLD, NEW = IssuerKeys(old="ES256"), IssuerKeys(new="ES256")
BOTH = json.dumps({"keys": [OLD.jwk("old"), NEW.jwk("new")]})


class StandingClock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Published:
    """What a server answers, and how often it was asked."""

    def __init__(self, body):
        self.body, self.asked = body, 0

    def __call__(self, handler):
        self.asked += 1
        send(handler, self.body)


def accepts(verifier, token):
    """Whether a verifier accepts a token; a coroutine."""

    async def run():
        try:
            return await verifier.verify(Credentials(token, (), "")) is not None
        except errors.CredentialInvalid:
            return False

    return run()


def of_url(directory, url, clock):
    """A verifier with the keys at a URL."""
    (issuer,) = configured(directory, "", f'jwks_url = "{url}"')
    keys = KeySet(KeyUrl(url, issuer.refresh_s, None), issuer.algorithms, clock)
    return JwtVerifier([(issuer, keys)]), keys


def test_keys_are_read_from_a_server_when_the_first_token_comes(tmp_path):
    published = Published(BOTH)
    with http_server(published) as url:
        (issuer,) = configured(tmp_path, "", f'jwks_url = "{url}"')
        verifier = JwtVerifier([(issuer, key_set_of(issuer))])

        async def run():
            return await asyncio.gather(*[accepts(verifier, OLD.token("old")) for _ in range(20)])

        assert asyncio.run(run()) == [True] * 20
        assert published.asked == 1


def test_an_unknown_key_is_asked_for_at_most_every_ten_seconds(tmp_path):
    published, clock = Published(OLD.jwks()), StandingClock()
    with http_server(published) as url:
        verifier, _ = of_url(tmp_path, url, clock)

        async def run():
            assert await accepts(verifier, OLD.token("old"))
            published.body = BOTH
            assert not await accepts(verifier, NEW.token("new"))
            for n in range(30):
                assert not await accepts(verifier, IssuerKeys(**{f"k{n}": "ES256"}).token(f"k{n}"))
            assert published.asked == 1
            clock.now += 10
            assert await accepts(verifier, NEW.token("new"))
            assert published.asked == 2

        asyncio.run(run())


def test_keys_are_read_again_after_the_time_that_is_configured(tmp_path):
    published, clock = Published(OLD.jwks()), StandingClock()
    with http_server(published) as url:
        verifier, keys = of_url(tmp_path, url, clock)

        async def run():
            token = OLD.token("old")
            assert await accepts(verifier, token)
            credential = (await verifier.verify(Credentials(token, (), ""))).credential
            published.body = NEW.jwks()
            clock.now += 299
            assert await verifier.revoked({credential}) == set()
            assert published.asked == 1
            clock.now += 1
            await verifier.revoked({credential})
            await keys._reading
            assert published.asked == 2
            assert await verifier.revoked({credential}) == {credential}
            assert await accepts(verifier, NEW.token("new"))

        asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        lambda handler: send(handler, "no", status=500),
        lambda handler: send(handler, "", status=302, Location="/elsewhere"),
        lambda handler: send(handler, "no JSON"),
        lambda handler: send(handler, "[" * 100_000),
        lambda handler: send(handler, '{"keys": 7}'),
        lambda handler: send(handler, json.dumps({"keys": [{}] * (KEYS_AT_MOST + 1)})),
        lambda handler: send(handler, b" " * (SIZE_AT_MOST + 1)),
        lambda handler: send(handler, b"\xff\xfe\x00"),
        lambda handler: handler.wfile.write(b"garbage\r\n\r\n"),
        lambda handler: handler.connection.close(),
    ],
    ids=["fault", "redirect", "no JSON", "nested", "no list", "many", "large", "no UTF-8", "no HTTP", "closed"],
)
def test_keys_that_are_known_hold_when_they_cannot_be_read_again(tmp_path, answer):
    clock, published = StandingClock(), Published(OLD.jwks())
    with http_server(lambda handler: answer(handler) if published.asked else published(handler)) as url:
        verifier, keys = of_url(tmp_path, url, clock)

        async def run():
            assert await accepts(verifier, OLD.token("old"))
            clock.now += 300
            await verifier.revoked(set())
            await keys._reading
            assert await accepts(verifier, OLD.token("old"))
            assert not await accepts(verifier, NEW.token("new"))

        asyncio.run(run())


def test_nobody_waits_for_a_server_that_failed_and_it_is_asked_again_soon(tmp_path):
    clock, published, asked, answer = StandingClock(), Published(OLD.jwks()), threading.Event(), threading.Event()

    def first_fails_then_thinks(handler):
        if not published.asked:
            published.asked += 1
            send(handler, "no", status=500)
            return
        asked.set()
        answer.wait(30)
        published(handler)

    with http_server(first_fails_then_thinks) as url:
        verifier, keys = of_url(tmp_path, url, clock)

        async def run():
            assert not await accepts(verifier, OLD.token("old"))
            clock.now += 10
            await verifier.revoked(set())
            await asyncio.to_thread(asked.wait, 30)
            assert not await accepts(verifier, OLD.token("old")), "it is not waited for"
            answer.set()
            await keys._reading
            assert await accepts(verifier, OLD.token("old"))

        asyncio.run(run())


def test_a_server_that_goes_on_for_ever_is_given_up(tmp_path):
    stop = threading.Event()

    def trickle(handler):
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(0.05):
            handler.wfile.write(b" ")

    try:
        with http_server(trickle) as url, pytest.raises(OSError, match="more than"):
            KeyUrl(url, 300, None, timeout_s=0.3).read()
    finally:
        stop.set()


def test_the_event_loop_goes_on_while_a_server_thinks(tmp_path):
    asked, answer = threading.Event(), threading.Event()

    def think(handler):
        asked.set()
        answer.wait(30)
        send(handler, OLD.jwks())

    with http_server(think) as url:
        verifier, _ = of_url(tmp_path, url, StandingClock())

        async def run():
            waiting = asyncio.ensure_future(accepts(verifier, OLD.token("old")))
            await asyncio.to_thread(asked.wait, 30)
            assert not waiting.done()
            answer.set()
            return await waiting

        assert asyncio.run(run())


def test_a_file_that_is_replaced_is_read_again(tmp_path):
    clock = StandingClock()
    (issuer,) = configured(tmp_path, OLD.jwks())
    keys = KeySet(jwks.KeyFile(tmp_path / "jwks.json"), issuer.algorithms, clock)
    keys.load()
    verifier = JwtVerifier([(issuer, keys)])

    async def run():
        assert await accepts(verifier, OLD.token("old"))
        replacement = tmp_path / "new.json"
        replacement.write_text(NEW.jwks())
        replacement.replace(tmp_path / "jwks.json")
        clock.now += 1
        await verifier.revoked(set())
        await keys._reading
        assert await accepts(verifier, NEW.token("new"))
        assert not await accepts(verifier, OLD.token("old"))
        (tmp_path / "jwks.json").unlink()
        clock.now += 1
        await verifier.revoked(set())
        await keys._reading
        assert await accepts(verifier, NEW.token("new"))

    asyncio.run(run())


def test_a_damaged_key_is_passed_over_and_the_others_are_taken():
    damaged = [
        {"kty": "EC", "crv": "P-256", "kid": "x", "x": 7, "y": "é"},
        {"kty": "RSA", "kid": "y"},
        7,
        {"kid": []},
    ]
    damaged += [OLD.jwk("old") | {"alg": []}, OLD.jwk("old") | {"crv": []}, OLD.jwk("old") | {"kid": 7}]
    private = NEW.jwk("new") | {"d": "AAAA"}
    found = keys_in(json.dumps({"keys": [*damaged, private, OLD.jwk("old")]}).encode(), ("RS256", "ES256", "EdDSA"))
    assert list(found) == [("old", "ES256")]

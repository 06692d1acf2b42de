"""Credentials end: by their time, by revocation, with their key; and the streams that were opened with them."""

from __future__ import annotations

import pytest
from authenticated import bearer, client_of, guarded, key_of
from credentials import KEYS, SSO, WATCHER, client_with, reason_of
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode
from watchers import Watch

from issuing import IssuerKeys, config_file, seconds
from serving import serving, until


@pytest.fixture(scope="module")
def server(new_database, tmp_path_factory):
    file = config_file(tmp_path_factory.mktemp("auth"), KEYS.jwks(), SSO)
    with new_database() as database, serving(database, auth="keys,jwt", auth_config=str(file)) as running:
        yield running


@pytest.fixture
def guarded_server(database, clock):
    with guarded(database, clock, tick_ms=3_600_000) as running:
        yield running


@pytest.mark.both_databases("keys are rows of each database")
def test_a_key_ends_at_its_expiry_to_the_microsecond(guarded_server, clock):
    credential = key_of(guarded_server, "reader", expires=clock() + 1_000_000)
    client = client_with(guarded_server, *bearer(credential))
    clock.advance(0.999999)
    assert reason_of(client) == ""
    clock.advance(0.000001)
    assert reason_of(client) == "CREDENTIAL_EXPIRED"


@pytest.mark.both_databases("keys are rows of each database")
def test_both_keys_of_a_rotation_hold_during_the_overlap_and_then_the_new_one_only(guarded_server, clock):
    admin = client_of(guarded_server, "admin")
    first = key_of(guarded_server, "reader", name="portal")
    old = client_with(guarded_server, *bearer(first))
    reply = admin.call("RotateApiKey", api_key_id=first.split("_")[1], overlap=Duration(seconds=60))
    new = client_with(guarded_server, *bearer(reply.credential))
    assert old.call("GetPrincipal").principal.name == new.call("GetPrincipal").principal.name == "portal"
    clock.advance(59)
    assert (reason_of(old), reason_of(new)) == ("", "")
    clock.advance(1)
    guarded_server.run(guarded_server.app._server._gate.look())
    assert (reason_of(old), reason_of(new)) == ("CREDENTIAL_REVOKED", "")


@pytest.mark.both_databases("what another server revokes is read in the database")
def test_a_key_that_is_revoked_is_refused_by_every_server_and_its_streams_end(database):
    with guarded(database) as here, guarded(database) as there:
        admin = client_of(here, "admin")
        admin.release()  # the workspace
        credential = key_of(here, "reader", name="board")
        clients = [client_with(server, *bearer(credential)) for server in (here, there)]
        with Watch(clients[0]) as one, Watch(clients[1]) as two, Watch(admin) as other:
            for watch in (one, two, other):
                watch.complete()
            admin.call("RevokeApiKey", api_key_id=credential.split("_")[1])
            for watch in (one, two):
                refused = watch.refused()
                assert (refused.code, refused.reason) == (StatusCode.UNAUTHENTICATED, "CREDENTIAL_REVOKED")
            assert [reason_of(client) for client in clients] == ["CREDENTIAL_REVOKED"] * 2
            session = admin.book()
            other.until(lambda: session.id in [event.session_id for event in other.events])


def test_a_stream_ends_when_its_key_expires(guarded_server, clock):
    client_of(guarded_server, "admin").release()
    client = client_with(guarded_server, *bearer(key_of(guarded_server, "reader", expires=clock() + 5_000_000)))
    with Watch(client) as watch:
        watch.complete()
        clock.advance(5)
        assert watch.refused().reason == "CREDENTIAL_EXPIRED"


def test_a_stream_ends_when_its_token_expires(server):
    client = client_with(server, *bearer(KEYS.token("e", exp=seconds() + 3, **WATCHER)))
    client.release()
    with Watch(client) as watch:
        watch.complete()
        assert watch.refused().reason == "CREDENTIAL_EXPIRED"


def test_tokens_and_streams_end_when_their_key_is_taken_from_the_jwks(database, tmp_path):
    keys = IssuerKeys(old="ES256", new="ES256")
    file = config_file(tmp_path, keys.jwks(), SSO)
    with serving(database, auth="jwt", auth_config=str(file)) as server:
        old, new = (client_with(server, *bearer(keys.token(kid, **WATCHER))) for kid in ("old", "new"))
        old.release()
        with Watch(old) as ending, Watch(new) as lasting:
            ending.complete()
            lasting.complete()
            replacement = tmp_path / "jwks.new"
            replacement.write_text(keys.jwks("new"))
            replacement.replace(tmp_path / "jwks.json")
            assert ending.refused().reason == "CREDENTIAL_REVOKED"
            assert reason_of(old) == "CREDENTIAL_INVALID"
            session = new.book()
            lasting.until(lambda: session.id in [event.session_id for event in lasting.events])


def test_tokens_end_with_their_key_while_the_database_is_away(database, tmp_path):
    keys = IssuerKeys(old="ES256", new="ES256")
    file = config_file(tmp_path, keys.jwks(), SSO)
    with serving(database, auth="keys,jwt", auth_config=str(file)) as server:
        holder = client_with(server, *bearer(key_of(server, "reader")))
        old, new = (client_with(server, *bearer(keys.token(kid, **WATCHER))) for kid in ("old", "new"))
        assert [reason_of(client) for client in (holder, old, new)] == ["", "", ""]
        with database.unusable():
            replacement = tmp_path / "jwks.new"
            replacement.write_text(keys.jwks("new"))
            replacement.replace(tmp_path / "jwks.json")
            until(lambda: reason_of(old) == "CREDENTIAL_INVALID")
            assert [reason_of(client) for client in (holder, new)] == ["", ""], "what is known holds"

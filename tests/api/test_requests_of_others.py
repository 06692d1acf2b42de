"""A request id is its principal's: who repeats the request of another is not given what that one was given."""

from __future__ import annotations

import pytest
from authenticated import client_of, guarded
from devices import ONE_DEVICE
from messages import new_id
from mutations import MUTATIONS
from state_paths import walk

from serving import Refused


@pytest.fixture(scope="module")
def server(new_database):
    with new_database() as database, guarded(database, tick_ms=3_600_000) as running:
        yield running.quiet()


@pytest.fixture(scope="module")
def clients(server):
    """Of a principal, of the same one with another key, and of another principal."""
    return [client_of(server, "admin", workspace="halls", name=name) for name in ("anna", "anna", "ben")]


def test_no_request_of_another_principal_is_repeated(clients):
    anna, same, ben = clients
    for rpc, prepare in MUTATIONS.items():
        _, fields = prepare(anna)
        fields["request_id"] = new_id()
        first = anna.call(rpc, **fields)
        with pytest.raises(Refused) as refused:
            ben.call(rpc, **fields)
        assert refused.value.reason == "REQUEST_ID_REUSED", rpc
        assert type(same.call(rpc, **fields)) is type(first), rpc


def test_the_attempt_token_of_a_device_is_not_given_to_another_kiosk_that_repeats_its_entry(server, clients):
    session = walk(clients[0], clients[0].book(clients[0].release(**ONE_DEVICE)), "CreatePackage", "DownloadSession")
    kiosk, other = (client_of(server, "candidate", workspace="halls", name=name) for name in ("k-1", "k-2"))
    entry = {"keycode": session.keycode, "device_label": "Laptop 3", "request_id": new_id()}
    assert kiosk.call("EnterKeycode", **entry).attempt_token
    with pytest.raises(Refused) as refused:
        other.call("EnterKeycode", **entry)
    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert kiosk.call("EnterKeycode", **entry).attempt_token, "its own first reply may have been lost"

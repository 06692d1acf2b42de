"""`exam-sessions keys`: the credential on stdout alone or in a file of its owner's, everything else on stderr."""

from __future__ import annotations

import hashlib
import json
import re
import stat

import pytest
from terminal import Terminal, typed
from typer.testing import CliRunner

from command_tree import cli
from serving import serving, until

CREDENTIAL = re.compile(r"es_([0-9a-f]{12})_[0-9a-f]{64}\n")


class KeyTerminal(Terminal):
    """A terminal for commands that concern no workspace."""

    def __init__(self, target):
        self.where = ("--target", target)


@pytest.fixture
def keys(server):
    return KeyTerminal(server.target)


def created(keys, *words):
    """The id of a new key."""
    return CREDENTIAL.fullmatch(keys("keys", "create", *words).stdout)[1]


def test_the_credential_alone_is_printed_and_what_is_said_of_it_is_not(keys):
    result = keys("keys", "create", "anna", "--role", "reader", "--all-workspaces")
    found = CREDENTIAL.fullmatch(result.stdout)
    assert f"key {found[1]} of anna" in result.stderr
    assert found[0].strip() not in result.stderr


def test_a_file_for_the_credential_can_be_read_by_its_owner_only(keys, tmp_path):
    out = tmp_path / "anna.key"
    out.write_text("what was there")
    out.chmod(0o644)
    result = keys("keys", "create", "anna", "--role", "reader", "--workspace", "w", "--out", out)
    assert CREDENTIAL.fullmatch(out.read_text())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert result.stdout == ""


def test_no_key_is_made_whose_credential_could_not_be_written(keys, tmp_path):
    before = len(keys.json("keys", "list"))
    missing = tmp_path / "nowhere" / "anna.key"
    keys("keys", "create", "anna", "--role", "reader", "--all-workspaces", "--out", missing, code=2)
    assert len(keys.json("keys", "list")) == before


@pytest.mark.parametrize(
    "words",
    [(), ("--role", "reader"), ("--all-workspaces",), ("--role", "reader", "--all-workspaces", "--workspace", "w")],
)
def test_a_key_says_what_it_may_do_and_where(keys, words):
    assert "next:" in keys("keys", "create", "anna", *words, code=2).stderr


def test_a_role_that_is_none_is_refused_with_those_there_are(keys):
    told = keys("keys", "create", "anna", "--role", "root", "--all-workspaces", code=1).stderr
    assert "roles[0]" in told
    assert "invigilator" in told


def test_keys_are_listed_with_all_that_is_known_but_their_secrets(keys):
    words = ("--role", "invigilator", "--role", "marker", "--workspace", "w", "--centre", "K-03")
    key_id = created(keys, "room-3", *words, "--expires", "2999-07-01T00:00Z")
    (shown,) = [key for key in keys.json("keys", "list") if key["id"] == key_id]
    assert (shown["name"], shown["roles"], shown["workspaces"]) == ("room-3", ["invigilator", "marker"], ["w"])
    assert (shown["centres"], shown["expire_time"]) == (["K-03"], "2999-07-01T00:00:00Z")
    (line,) = [line for line in keys("keys", "list").stdout.splitlines() if line.startswith(key_id)]
    assert re.search(r"room-3 +invigilator, marker +w +K-03 ", line)


def test_a_key_is_rotated_and_revoked(keys, tmp_path):
    old = created(keys, "anna", "--role", "reader", "--all-workspaces")
    result = keys("keys", "rotate", old, "--overlap", "0s")
    new = CREDENTIAL.fullmatch(result.stdout)[1]
    assert f"key {new} of anna takes the place of {old}" in result.stderr
    assert "API_KEY_ENDED" in keys("keys", "rotate", old, code=1).stderr
    assert "say --yes" in keys("keys", "revoke", new, code=2).stderr
    assert "is revoked since" in keys("keys", "revoke", new, "--yes").stderr
    known = {key["id"]: key for key in keys.json("keys", "list")}
    assert known[old]["revoke_time"]
    assert known[new]["rotated_from"] == old
    assert "API_KEY_NOT_FOUND" in keys("keys", "revoke", "nobody", "--yes", code=1).stderr


def test_who_one_is_where_nobody_is_authenticated(keys):
    told = keys("keys", "whoami").stdout
    assert "this server asks nobody for one" in told
    assert "MANAGE_ACCESS" in told
    (principal,) = keys.json("keys", "whoami")
    assert principal["all_workspaces"] is True


@pytest.mark.both_databases("the key is written past any server")
def test_the_first_key_is_made_in_the_database_itself(empty_database, tmp_path):
    result = typed("keys", "bootstrap", "--database-url", empty_database.url)
    found = CREDENTIAL.fullmatch(result.stdout)
    rows = empty_database.read("SELECT id, digest, name, roles, workspaces, creator FROM api_keys")
    ((key_id, digest, *rest),) = rows
    assert (key_id, bytes(digest)) == (found[1], hashlib.sha256(found[0].strip().encode()).digest())
    assert rest == ["admin", json.dumps(["admin"]), "", "local"]
    assert "password" not in result.stderr
    for wrong in ("system", "a b", "x" * 129, "ż"):
        assert (
            "name: must be" in typed("keys", "bootstrap", wrong, "--database-url", empty_database.url, code=2).stderr
        )
    past = ("--expires", "2001-01-01 00:00:00")
    assert "future" in typed("keys", "bootstrap", *past, "--database-url", empty_database.url, code=2).stderr
    assert len(empty_database.read("SELECT id FROM api_keys")) == 1


def test_a_database_that_is_none_is_named(tmp_path):
    assert "names no database" in typed("keys", "bootstrap", "--database-url", "nonsense", code=2).stderr
    assert (
        "cannot be used"
        in typed("keys", "bootstrap", "--database-url", f"sqlite:///{tmp_path}/x/y.db", code=1).stderr
    )


def test_a_key_made_beside_a_server_is_there_for_it_at_once(server, keys):
    made = typed("keys", "bootstrap", "beside", "--database-url", server.database.url).stdout
    assert CREDENTIAL.fullmatch(made)[1] in [key["id"] for key in keys.json("keys", "list")]
    assert created(keys, "after", "--role", "reader", "--all-workspaces")


def test_from_the_first_key_on_everything_is_done_with_keys(database, tmp_path):
    url, admin_key, anna_key = database.url, tmp_path / "admin.key", tmp_path / "anna.key"
    typed("keys", "bootstrap", "root", "--database-url", url, "--out", admin_key)
    with serving(database, auth="keys") as server:
        assert "CREDENTIAL_MISSING" in typed("keys", "list", "--target", server.target, code=1).stderr
        typed(
            "context",
            "add",
            "exams",
            "--target",
            server.target,
            "--token",
            f"file:{admin_key}",
            "--workspace",
            "spring",
        )
        typed("context", "use", "exams")
        assert "root" in typed("keys", "whoami").stdout
        typed("keys", "create", "anna", "--role", "reader", "--all-workspaces", "--out", anna_key)
        typed("keys", "create", "bert", "--role", "reader", "--workspace", "north", "--out", tmp_path / "bert.key")
        known = {key["name"]: key for key in map(json.loads, typed("keys", "list", "--json").stdout.splitlines())}
        assert (known["anna"]["all_workspaces"], known["bert"]["workspaces"]) == (True, ["north"])
        assert (known["root"]["creator"], known["anna"]["creator"]) == ("local", "root")
        as_anna = ("--token", f"file:{anna_key}")
        assert "PERMISSION_DENIED" in typed("keys", "list", *as_anna, code=1).stderr
        typed("keys", "revoke", known["anna"]["id"], "--yes")
        until(lambda: "CREDENTIAL_REVOKED" in CliRunner().invoke(cli, ["keys", "whoami", *as_anna]).stderr)

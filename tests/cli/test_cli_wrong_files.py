"""Files that settings name: a mistake in one is told before the database is touched."""

from __future__ import annotations

import os

import pytest
from terminal import typed

from certificates import Authority
from command_tree import tree

FILES = sorted(
    parameter.name for parameter in tree().commands["serve"].params if getattr(parameter, "metavar", None) == "FILE"
)
"""The settings that name a file."""

WRONG = {
    "missing": lambda _: None,
    "a directory": lambda path: path.mkdir(),
    "noise": lambda path: path.write_bytes(b"\xff\x00\xfe" * 100),
}


@pytest.fixture
def right(tmp_path):
    """Settings with which a server starts."""
    authority = Authority()
    cert, key = authority.issue().write(tmp_path, "server")
    ca, _ = authority.write(tmp_path, "ca")
    config = tmp_path / "auth.toml"
    config.write_text('[[certificates]]\nsan = "kiosk.example.org"\nroles = ["candidate"]\nall_workspaces = true\n')
    keys = tmp_path / "candidate-ids.keys"
    keys.touch(mode=0o600)
    keys.write_text("5a" * 32)
    settings = tmp_path / "settings.toml"
    settings.touch()
    limits = tmp_path / "limits.toml"
    limits.write_text('[[limit]]\nby = "principal"\ncalls = 5\n')
    return {
        "auth": "certificates",
        "tls_cert": cert,
        "tls_key": key,
        "tls_client_ca": ca,
        "config": settings,
        "auth_config": config,
        "candidate_id_keys": keys,
        "limits": limits,
    }


def serve(tmp_path, settings, code=2):
    """What a server says that does not start; its database was not made."""
    database = tmp_path / "none.db"
    flags = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
    said = typed("serve", "--listen", "127.0.0.1:0", "--database-url", f"sqlite:///{database}", *flags, code=code)
    assert not list(tmp_path.glob("none.db*")), settings
    return said.stderr


def test_settings_that_name_a_file_are_known_here(right):
    assert set(FILES) <= set(right)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_wrong_file_is_told_before_the_database_is_made(tmp_path, right, name, wrong, workers):
    path = tmp_path / "wrong"
    WRONG[wrong](path)
    if path.is_file():
        path.chmod(0o600)
    said = serve(tmp_path, right | {name: path, "workers": workers}).splitlines()
    assert [line.split(":")[0] for line in said] == ["error", "next"]
    assert str(path) in said[0]


@pytest.mark.parametrize("named", ["jwks_file", "ca_file"])
def test_a_wrong_file_that_a_file_names_is_told_before_the_database_is_made(tmp_path, right, named):
    url = 'jwks_url = "https://login.example.org/jwks"\n' if named == "ca_file" else ""
    right["auth_config"].write_text(
        '[[jwt]]\nissuer = "us"\naudiences = ["exams"]\nroles = ["reader"]\nall_workspaces = true\n'
        f'{url}{named} = "no"\n'
    )
    said = serve(tmp_path, right | {"auth": "jwt"})
    assert f"{named} {tmp_path / 'no'} cannot be used" in said


@pytest.mark.skipif(os.name != "posix", reason="of modes of POSIX")
@pytest.mark.parametrize("name", ["tls_key", "candidate_id_keys"])
def test_a_secret_that_others_may_read_is_told_before_the_database_is_made(tmp_path, right, name):
    right[name].chmod(0o644)
    assert f"chmod 600 {right[name]}" in serve(tmp_path, right)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"auth": "passwords"}, "no way to authenticate"),
        ({"auth": "none"}, "of no use where nobody is authenticated"),
        ({"tls_client_ca": ""}, "with TLS and their CA only"),
        ({"tls_cert": ""}, "of no use without"),
        ({"transport": "native"}, "transport"),
    ],
)
def test_settings_that_contradict_each_other_are_told_before_the_database_is_made(tmp_path, right, settings, told):
    assert told in serve(tmp_path, right | settings)

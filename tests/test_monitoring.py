"""Alerts, dashboard and their page name what a server exposes, and each other; promtool has the last word."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from documents import ROOT, section
from exam_sessions.telemetry.catalogue import FAMILIES
from scraping import sampled
from serving import ApiClient, serving

PROMETHEUS, DASHBOARD = ROOT / "deploy" / "prometheus", ROOT / "deploy" / "grafana" / "exam-sessions.json"
RULES, RULE_TESTS = PROMETHEUS / "alerts.yml", PROMETHEUS / "alerts.test.yml"
NAME = re.compile(r"\b(?:exam_sessions|rpc_server|db_client|process)_\w+")
SUFFIX = re.compile(r"_(?:bucket|count|sum)$")
LABELS = {label for family in FAMILIES for label in family.labels}
HISTOGRAMS = {family.name for family in FAMILIES if family.kind == "histogram"}

needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")


def family_of(name):
    """The family of a name in an expression."""
    base = SUFFIX.sub("", name)
    return base if base in HISTOGRAMS else name


def names_in(text):
    return {family_of(name) for name in NAME.findall(text)} - LABELS


def alerts():
    return re.findall(r"^ +- alert: (\w+)$", RULES.read_text(), re.MULTILINE)


def panels():
    return json.loads(DASHBOARD.read_text())["panels"]


def dashboard_expressions():
    """The expressions of the dashboard, as Prometheus takes them."""
    found = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    found += [re.search(r"label_values\((.*), \w+\)", name)[1] for name in queries()]
    chosen = {"$__rate_interval": "1m", "$instance": ".*", "$workspace": ".*"}
    for variable, value in chosen.items():
        found = [expression.replace(variable, value) for expression in found]
    assert not [expression for expression in found if "$" in expression]
    return found


def queries():
    variables = json.loads(DASHBOARD.read_text())["templating"]["list"]
    return [variable["query"]["query"] for variable in variables if variable["type"] == "query"]


@pytest.fixture(scope="module")
def exposed(new_database):
    """The names of the metrics that a server exposes."""
    with new_database() as database, serving(database, metrics="0") as server:
        api = ApiClient(server.target)
        api.book()
        api.close()
        text = sampled(server).text
    return {name.split()[2] for name in text.splitlines() if name.startswith("# TYPE ")}


def test_alerts_and_dashboard_use_what_a_server_exposes_and_nothing_else(exposed):
    used = names_in(RULES.read_text()) | names_in("\n".join(dashboard_expressions()))
    assert not used - exposed
    # There is no help in the address space a process has reserved.
    assert not exposed - used - {"process_virtual_memory_bytes"}


def test_labels_in_expressions_are_those_of_the_metric():
    labels = {family.name: {*family.labels, "job", "instance", "le"} for family in FAMILIES}
    for expression in [*dashboard_expressions(), RULES.read_text()]:
        for name, matchers in re.findall(r"\b(\w+)\{([^}]*)\}", expression):
            if (family := family_of(name)) in labels:
                assert set(re.findall(r"(\w+)\s*(?:=|!)", matchers)) <= labels[family], (name, matchers)


def test_the_page_explains_each_alert_and_no_other():
    page = (ROOT / "docs" / "operate" / "monitoring.md").read_text()
    explained = re.findall(r"^### (\w+)$", section(page, "What each alert means"), re.MULTILINE)
    assert explained == alerts()
    assert len(set(explained)) == len(explained)


def test_the_page_says_how_severe_an_alert_is():
    page = section((ROOT / "docs" / "operate" / "monitoring.md").read_text(), "What each alert means")
    said = re.findall(r"^### (\w+)\n\n(Critical|Warning)\. ", page, re.MULTILINE)
    rules = re.findall(r"- alert: (\w+)\n.*?severity: (\w+)", RULES.read_text(), re.DOTALL)
    assert [(name, severity.lower()) for name, severity in said] == rules


def test_each_alert_is_tested():
    tested = re.findall(r"^ +alertname: (\w+)$", RULE_TESTS.read_text(), re.MULTILINE)
    assert sorted(tested) == sorted(2 * alerts())


def promtool(*arguments, directory=PROMETHEUS):
    done = subprocess.run(
        ["promtool", *arguments], cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_takes_the_configuration_and_the_rules():
    promtool("check", "config", "prometheus.yml")


@needs_promtool
def test_each_alert_is_quiet_and_fires_when_it_should():
    promtool("test", "rules", "alerts.test.yml")


@needs_promtool
def test_promtool_takes_each_expression_of_the_dashboard(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(dashboard_expressions())]
    # JSON is YAML.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", "rules.yml", directory=tmp_path)


def test_the_panels_of_the_dashboard_have_room_beside_each_other():
    taken, ids = set(), [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["type"] == "row" or panel["targets"]
        assert [t["refId"] for t in panel.get("targets", ())] == list("ABCD")[: len(panel.get("targets", ()))]
        assert panel["type"] == "row" or panel["datasource"]["uid"] == "${datasource}"


def lost(given, kept, where="dashboard"):
    """What of a JSON value is not in another, or not the same there."""
    if isinstance(given, dict):
        return [
            text for key in given for text in lost(given[key], (kept or {}).get(key, "nothing"), f"{where}.{key}")
        ]
    if isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        return [text for n, both in enumerate(zip(given, kept, strict=True)) for text in lost(*both, f"{where}[{n}]")]
    return [] if given == kept else [f"{where} is {given!r}, and would be {kept!r}"]


def as_grafana_reads(dashboard):
    """A dashboard through the types that Grafana's own schemas describe, of dashboards, panels and queries."""
    pytest.importorskip("grafana_foundation_sdk", reason="scripts/install deployment")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: PLC0415 - it may not be there
    from grafana_foundation_sdk.cog.plugins import register_default_plugins  # noqa: PLC0415 - as above
    from grafana_foundation_sdk.models.dashboard import Dashboard  # noqa: PLC0415 - as above

    register_default_plugins()
    return json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))


def test_grafana_s_schemas_know_every_field_of_the_dashboard():
    dashboard = json.loads(DASHBOARD.read_text())
    assert lost(dashboard, as_grafana_reads(dashboard)) == []


def test_a_field_that_grafana_does_not_know_is_found():
    dashboard = json.loads(DASHBOARD.read_text())
    panel = next(panel for panel in dashboard["panels"] if panel["type"] == "timeseries")
    panel["options"]["legend"]["placment"] = "right"
    panel["targets"][0]["expression"] = "1"
    number = dashboard["panels"].index(panel)
    found = lost(dashboard, as_grafana_reads(dashboard))
    assert [text.split(" is ")[0] for text in found] == [
        f"dashboard.panels[{number}].targets[0].expression",
        f"dashboard.panels[{number}].options.legend.placment",
    ]

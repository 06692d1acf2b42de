"""A real Prometheus scrapes a server under load, evaluates the alerts, and answers what the dashboard asks."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from callers import Caller, moves
from operations import OperationsApi, filled
from state_paths import bring_to
from test_metrics_port import free_ports
from watchers import Watch

from serving import ApiClient, serving, until
from test_monitoring import PROMETHEUS, RULES, alerts, dashboard_expressions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not installed: scripts/companions"),
]

EMPTY_WITHOUT_TROUBLE = ("certificate", 'rpc_response_status_code!="OK"', "refusals")
"""What has no values on a server without TLS that refuses nothing."""


class Prometheus:
    """A Prometheus with our configuration, whose times are shortened to a second."""

    def __init__(self, directory, target):
        port = free_ports(1)
        self._at = f"http://127.0.0.1:{port}/api/v1"
        config = (PROMETHEUS / "prometheus.yml").read_text().replace("127.0.0.1:9464", target).replace("15s", "1s")
        (directory / "prometheus.yml").write_text(config)
        lines = RULES.read_text().splitlines()
        patient = [
            line if not line.strip().startswith("for: ") else line.split("for:")[0] + "for: 1s" for line in lines
        ]
        (directory / "alerts.yml").write_text("\n".join(patient))
        self._log = (directory / "log").open("w")
        command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
        self._process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], cwd=directory, stderr=self._log
        )

    def get(self, path):
        """What its API answers."""
        with closing(urlopen(f"{self._at}/{path}", timeout=30)) as answer:
            found = json.load(answer)
        assert found["status"] == "success", found
        return found["data"]

    def value_of(self, expression):
        """The values of an expression now."""
        return self.get(f"query?query={quote(expression)}")["result"]

    def is_up(self):
        try:
            return any(target["health"] == "up" for target in self.get("targets")["activeTargets"])
        except (URLError, ConnectionError):
            assert self._process.poll() is None, Path(self._log.name).read_text()
            return False

    def firing(self):
        """The names of the alerts that fire."""
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"] if alert["state"] == "firing"}

    def close(self):
        self._process.terminate()
        self._process.wait(60)
        self._log.close()


@contextmanager
def load(server, api):
    """Callers that pause and resume sessions, for the length of a block."""
    over = threading.Event()
    sessions = [bring_to(api, "IN_PROGRESS") for _ in range(4)]
    callers = [Caller(server, moves(session), api.workspace) for session in sessions]
    threads = [threading.Thread(target=caller.work, args=(over,)) for caller in callers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_prometheus_scrapes_a_server_under_load_and_evaluates_alerts_and_dashboard(database):
    with tempfile.TemporaryDirectory(prefix="exams-") as directory, serving(database, metrics="0") as server:
        api = ApiClient(server.target)
        work = OperationsApi(api)
        with (
            closing(Prometheus(Path(directory), str(server.app.metrics.address))) as prometheus,
            load(server, api),
            Watch(api, now=True),
        ):
            api.call("AcknowledgeEvents", consumer="marking", sequence=1)
            work.wait(work.of_release("CREATE_PACKAGE", filled(api, 20)))
            until(prometheus.is_up)
            server.run(server.app.metrics.sampler.take())
            rates = "sum(rate(exam_sessions_transitions_total[10s]))"
            until(lambda: (found := prometheus.value_of(rates)) and float(found[0]["value"][1]) > 0)
            for expression in dashboard_expressions():
                found = until(lambda asked=expression: prometheus.value_of(asked) or is_quiet(asked))
                assert found, expression
            (group,) = prometheus.get("rules")["groups"]
            until(lambda: all(rule["health"] == "ok" for rule in prometheus.get("rules")["groups"][0]["rules"]))
            assert [rule["name"] for rule in group["rules"]] == alerts()
            assert prometheus.firing() == set()
            api.move("FailSession", api.book(), message="broken")
            server.run(server.app.metrics.sampler.take())
            until(lambda: prometheus.firing() == {"ExamSessionsSessionsQuarantined"})
            server.run(server.app.metrics.stop())
            until(lambda: "ExamSessionsServerDown" in prometheus.firing())
        api.close()


def is_quiet(expression):
    """Whether an expression may have no values."""
    return any(part in expression for part in EMPTY_WITHOUT_TROUBLE)

"""The Dockerfile without an engine: read as an engine reads it, and (--slow) every step replayed in a directory.

The root of the stage at work is always the same directory, as it is always `/` in an image: a finished stage is moved
away, so that what is copied from it must hold at its new owner's, with the absolute paths it was built with.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass, field
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
from typer.testing import CliRunner

from command_tree import cli, tree
from exam_sessions.cli.shared.settings_options import CONFIG_VARIABLE
from exam_sessions.configuration.config_file import read_config
from exam_sessions.settings import DECLARED
from serving import until

PROJECT = Path(__file__).parent.parent
VENV = "/opt/exam-sessions"
MEGABYTES = 135
"""What the environment may weigh; 130 MB, a quarter of it compiled modules."""

FOR_DEVELOPERS = {"test", "check", "deployment"}
"""Extras that no module of the package may import from."""

IS_ROOT = os.geteuid() == 0
OF_THE_BASE = "bin|dev|etc|proc|sbin|tmp|usr"
ABSOLUTE = re.compile(rf"""(?:^|(?<=[\s=:"'])|(?<=///))/(?=\w)(?!(?:{OF_THE_BASE})/)""")
"""The first slash of a path that the Dockerfile makes, not the base image."""


@dataclass
class Step:
    word: str
    flags: dict[str, str]
    rest: str

    @property
    def arguments(self):
        """The words: of the exec form (a JSON list) or divided at spaces."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


def parse(text):
    """The steps of a Dockerfile. Comments go first, then lines that end in a backslash are one with the next."""
    lines = "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    steps = []
    for line in re.sub(r"\\[ \t]*\n", " ", lines).splitlines():
        word, rest = line.strip().split(maxsplit=1)
        flags = {}
        while found := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            flags[found[1]] = found[2]
            rest = rest[found.end() :]
        steps.append(Step(word.upper(), flags, rest))
    return steps


def final_stage(steps):
    """The last stage's steps by their word; RUN and COPY may come more than once and are left out."""
    start = max(n for n, step in enumerate(steps) if step.word == "FROM")
    return {step.word: step for step in steps[start:] if step.word not in {"RUN", "COPY"}}


def variables(step, known):
    """What an ENV step sets."""
    return dict(pair.split("=", 1) for pair in shlex.split(string.Template(step.rest).safe_substitute(known)))


def ignored(path, patterns):
    """Whether .dockerignore keeps a path out: the last pattern that fits it, or a directory above it, decides."""
    verdict, above = False, ["/".join(path.parts[: n + 1]) for n in range(len(path.parts))]
    for pattern in patterns:
        glob = re.escape(pattern.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(glob, name) for name in above):
            verdict = not pattern.startswith("!")
    return verdict


STEPS = parse((PROJECT / "Dockerfile").read_text())
IGNORE = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
FINAL = final_stage(STEPS)
ENV = variables(FINAL["ENV"], {"PATH": "/usr/bin"})
SETTINGS = tomllib.loads((PROJECT / "deploy/image/exam-sessions.toml").read_text())
"""The image's configuration file."""


@dataclass
class Stage:
    """What an image has besides its files."""

    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    words: dict[str, list[str]] = field(default_factory=dict)


class Replay:
    """Carries out a Dockerfile in a directory."""

    def __init__(self, directory):
        self.directory, self.root = directory, directory / "root"
        self.stage, self.name = Stage(), ""
        python = Path(sys.base_prefix, "bin")
        passed_on = re.compile(r"PIP_|.*(_PROXY|_CA_BUNDLE)$|SSL_CERT_", re.IGNORECASE)
        self.machine = {name: value for name, value in os.environ.items() if passed_on.match(name)}
        self.path = f"{python}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

    def play(self, steps):
        for step in steps:
            getattr(self, f"_{step.word.lower()}", self._remember)(step)
        shutil.rmtree(self.directory / "stages")  # nothing can lean on an earlier stage any more
        return self

    def at(self, path):
        """Where a path of the image is on this machine."""
        return Path(self.rewrite(str(Path(self.stage.workdir, path))))

    def rewrite(self, text):
        # A socket belongs to the image, whoever else has one of its name on this machine.
        return ABSOLUTE.sub(lambda _: f"{self.root}/", text.replace("unix:/tmp/", f"unix:{self.root}/tmp/"))

    def environment(self, **more):
        known = {"PATH": self.path} | {name: self.rewrite(value) for name, value in self.stage.env.items()}
        return known | {"HOME": str(self.root)} | more

    def run(self, *command, **environment):
        """A command as the image's user."""
        return subprocess.run(
            self.as_user(command), env=self.environment(**environment), capture_output=True, text=True, check=False
        )

    def as_user(self, command):
        if not IS_ROOT:
            return command
        uid, gid = self.stage.user.split(":")
        # May read everywhere: this machine's Python, which stands for the base image's, can be in somebody's home.
        may_read = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search")
        return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *may_read, "--", *command]

    def start(self, **environment):
        """Starts the container, and says at which port it serves."""
        command = [self.rewrite(word) for word in self.stage.words["ENTRYPOINT"] + self.stage.words["CMD"]]
        listen = self.rewrite(SETTINGS["listen"].replace(f":{FINAL['EXPOSE'].rest}", ":0"))
        running = subprocess.Popen(
            self.as_user(command),
            env=self.environment(EXAM_SESSIONS_LISTEN=listen, EXAM_SESSIONS_INSECURE="1", **environment),
            cwd=self.at("."),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = running.stdout.readline()
        assert line.startswith("serving on 0.0.0.0:"), running.communicate()
        return running, f"127.0.0.1:{int(line.split(', ')[0].rpartition(':')[2])}"

    def _from(self, step):
        base, *named = step.arguments
        if self.root.exists():
            (self.directory / "stages").mkdir(exist_ok=True)
            self.root.rename(self.directory / "stages" / self.name)
        self.name = named[1] if named else ""
        assert base.startswith("python:"), "this machine's Python stands for the base image's, nothing else can"
        (self.root / "etc").mkdir(parents=True)
        (self.root / "tmp").mkdir()
        (self.root / "tmp").chmod(0o1777)
        (self.root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
        (self.root / "etc/group").write_text("root:x:0:\n")
        self.stage = Stage()

    def _copy(self, step):
        assert set(step.flags) <= {"from"}
        *sources, target = step.arguments
        other = step.flags.get("from")
        for source in sources:
            home = self.directory / "stages" / other if other else PROJECT
            path = home / source.lstrip("/")
            to = self.at(target) / path.name if path.is_file() else self.at(target)
            if other:
                shutil.copytree(path, to, symlinks=True, dirs_exist_ok=True)
                continue
            for file in [path] if path.is_file() else filter(Path.is_file, path.rglob("*")):
                if not ignored(file.relative_to(PROJECT), IGNORE):
                    copy = to if path.is_file() else to / file.relative_to(path)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(file, copy)
                    if file.suffix == ".toml" and self.name != "build":
                        copy.write_text(self.rewrite(file.read_text()))

    def _run(self, step):
        assert self.stage.user == "0:0", "steps after USER are not replayed"
        assert not step.flags
        # Users are made in the stage's own /etc; only root can give files away.
        shell = [f'{name}() {{ command {name} --prefix "{self.root}" "$@"; }}' for name in ("groupadd", "useradd")]
        shell += [] if IS_ROOT else ["chown() { :; }"]
        done = subprocess.run(
            ["sh", "-c", "\n".join([*shell, self.rewrite(step.rest)])],
            env=self.environment(**self.machine),
            cwd=self.at("."),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{step.rest}\n{done.stdout}{done.stderr}"

    def _env(self, step):
        self.stage.env |= variables(step, {"PATH": self.path} | self.stage.env)

    def _workdir(self, step):
        self.stage.workdir = step.rest
        self.at(".").mkdir(parents=True, exist_ok=True)

    def _user(self, step):
        self.stage.user = step.rest

    def _remember(self, step):
        assert step.word in {"VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
        if step.word == "HEALTHCHECK":
            step = parse(step.rest)[0]
            self.stage.words["HEALTHCHECK"] = step.arguments
        else:
            self.stage.words[step.word] = step.arguments


def test_comments_continued_lines_and_flags_are_read_as_an_engine_reads_them():
    steps = parse('# a\nRUN one \\\n  # b\n && two\n\nCOPY --from=x --link=1 /a \\\n  /b\ncmd ["c", "d e"]\n')
    assert steps == [
        Step("RUN", {}, "one   && two"),
        Step("COPY", {"from": "x", "link": "1"}, "/a    /b"),
        Step("CMD", {}, '["c", "d e"]'),
    ]
    assert steps[2].arguments == ["c", "d e"]


def test_the_final_stage_is_not_root_and_its_user_is_a_number():
    uid, gid = FINAL["USER"].rest.split(":")
    assert int(uid) >= 10_000
    assert int(gid) >= 10_000


def test_both_stages_have_the_same_python_and_the_final_one_is_slim():
    build, final = [step.arguments[0] for step in STEPS if step.word == "FROM"]
    assert (build, final) == ("python:3.11", "python:3.11-slim")
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.11"


def test_it_starts_without_a_shell_and_stops_at_a_signal_the_server_heeds():
    assert FINAL["ENTRYPOINT"].rest == f'["{VENV}/bin/exam-sessions"]'
    assert FINAL["CMD"].rest == '["serve"]'
    assert FINAL["STOPSIGNAL"].rest == "SIGTERM"


def test_it_is_done_draining_before_an_engine_kills_it():
    assert SETTINGS["drain_s"] < 10


def test_no_variable_of_ours_is_a_setting_for_it_would_win_over_a_file():
    assert {name for name in ENV if name.startswith("EXAM")} == {"EXAM_SESSIONS_TARGET", CONFIG_VARIABLE}


def test_its_configuration_file_is_copied_to_where_it_is_looked_for(monkeypatch):
    monkeypatch.delenv("EXAM_SESSIONS_TRANSPORT", raising=False)
    [(source, folder)] = [step.arguments for step in STEPS if step.word == "COPY" and "deploy" in step.rest]
    assert ENV[CONFIG_VARIABLE] == f"{folder}{Path(source).name}"
    assert not ignored(Path(source), IGNORE)
    file = read_config(str(PROJECT / source), DECLARED)
    assert set(file.values) == {"listen", "database_url", "drain_s"}


def test_it_listens_on_the_port_it_exposes_and_writes_only_to_its_volume():
    assert SETTINGS["listen"].split(",")[0] == f"0.0.0.0:{FINAL['EXPOSE'].rest}"
    [volume] = FINAL["VOLUME"].arguments
    assert FINAL["WORKDIR"].rest == volume
    assert SETTINGS["database_url"].startswith(f"sqlite:///{volume}/")


def test_it_serves_other_machines_only_with_certificates_or_when_it_is_told_otherwise(monkeypatch):
    monkeypatch.delenv("EXAM_SESSIONS_TRANSPORT", raising=False)
    said = CliRunner().invoke(cli, ["serve", "--config", str(PROJECT / "deploy/image/exam-sessions.toml")])
    assert said.exit_code == 2
    assert "other machines can reach 0.0.0.0:50051" in said.stderr
    assert "--tls-cert" in said.stderr


def test_its_health_check_is_a_command_of_ours_at_a_socket_that_needs_no_certificates():
    assert SETTINGS["listen"].split(",")[1:] == [ENV["EXAM_SESSIONS_TARGET"]]
    assert ENV["EXAM_SESSIONS_TARGET"].startswith("unix:/tmp/")
    check = parse(FINAL["HEALTHCHECK"].rest)[0]
    assert set(FINAL["HEALTHCHECK"].flags) == {"interval", "timeout", "start-period", "retries"}
    assert check.arguments == [f"{VENV}/bin/exam-sessions", "health", "liveness"]
    assert {"serve", "health"} <= set(tree().commands)


def test_it_installs_what_is_constrained_and_what_a_server_and_its_traces_need():
    [install] = [
        command for step in STEPS if step.word == "RUN" for command in step.rest.split("&&") if " install " in command
    ]
    assert shlex.split(install)[-2:] == ["./clients/python", ".[server,traces]"]
    assert {"--no-cache-dir", "--constraint"} <= set(install.split())


def test_every_module_imports_only_what_is_installed_with_the_package():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = {name: needs for name, needs in project["optional-dependencies"].items() if name not in FOR_DEVELOPERS}
    needed = project["dependencies"] + extras.pop("server")
    declared = {canonical(re.match(r"[\w-]+", need)[0]) for need in needed}
    known = {name: {canonical(each) for each in found} for name, found in packages_distributions().items()}
    installed = {name for name, found in known.items() if found & declared}
    # Extras need not be installed here: their packages have the names of their distributions, or the first word.
    optional = {canonical(re.match(r"[\w-]+", need)[0]) for needs in extras.values() for need in needs}
    optional = {name.replace("-", "_") for name in optional} | {name.partition("-")[0] for name in optional}
    allowed = installed | optional | sys.stdlib_module_names | {"exam_sessions", "exam_sessions_client", "_typeshed"}
    for path in (PROJECT / "src/exam_sessions").rglob("*.py"):
        assert imports_of(path) <= allowed, path


def imports_of(path):
    """The packages that a module imports, not those beside it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return {name.partition(".")[0] for name in names}


def canonical(name):
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        "tests/conftest.py",
        "exam-sessions.db",
        ".env",
        "src/x.db-wal",
        "src/a/__pycache__/b.pyc",
        "deploy/compose/.env",
        "deploy/compose/tls/tls.key",
    ],
)
def test_what_the_image_needs_not_stays_out_of_its_context(path):
    assert ignored(Path(path), IGNORE)


def test_what_the_wheel_is_made_of_is_in_the_context_and_copied():
    copied = [a for step in STEPS if step.word == "COPY" and not step.flags for a in step.arguments[:-1]]
    wheel = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    packages = wheel["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    for name in ("pyproject.toml", "constraints.txt", wheel["project"]["readme"], "clients/python", *packages):
        assert (PROJECT / name).exists()
        assert name in copied or name.split("/")[0] in copied
        assert not ignored(Path(name), IGNORE)


def test_the_sample_form_is_in_the_context():
    [sample] = (PROJECT / "src").rglob("maths-year-5.json")
    assert not ignored(sample.relative_to(PROJECT), IGNORE)


@pytest.fixture(scope="module")
def image():
    """The image's files and settings, made as the Dockerfile says."""
    if missing := [tool for tool in ("useradd", "groupadd", "setpriv", "strip") if not shutil.which(tool)]:
        pytest.skip(f"replaying the Dockerfile needs {', '.join(missing)}")
    # Not in pytest's own directory, which is closed to other users.
    with tempfile.TemporaryDirectory(prefix="exam-sessions-image-") as name:
        directory = Path(name).resolve()
        directory.chmod(0o755)
        yield Replay(directory).play(STEPS)


@pytest.fixture
def installed(image):
    """The distributions in the image's environment, with their versions."""
    [packages] = (image.root / VENV.lstrip("/")).glob("lib/python*/site-packages")
    return {found.name.lower().replace("_", "-"): found.version for found in distributions(path=[str(packages)])}


@pytest.mark.slow
def test_the_image_holds_no_tool_and_nothing_that_is_not_pinned(installed):
    assert not installed.keys() & {
        "pip",
        "setuptools",
        "hatchling",
        "pytest",
        "mypy",
        "ruff",
        "grpcio-tools",
        "buf-bin",
    }
    constraints = (PROJECT / "constraints.txt").read_text().lower().replace("_", "-").split()
    assert installed.pop("exam-sessions") == installed.pop("exam-sessions-client")
    assert {f"{name}=={version}" for name, version in installed.items()} <= set(constraints)


@pytest.mark.slow
def test_the_image_adds_only_the_environment_the_user_and_the_data_directory(image):
    files = {str(path.relative_to(image.root)) for path in image.root.rglob("*") if VENV not in str(path)}
    made = {"opt", "var", "var/lib", "var/lib/exam-sessions"}
    assert files - {f"etc/{name}{old}" for name in ("passwd", "group") for old in ("", "-")} == {"etc", "tmp"} | made
    assert "exam-sessions:!:10001:10001:" in (image.root / "etc/passwd").read_text()
    data = (image.root / "var/lib/exam-sessions").stat()
    assert oct(data.st_mode) == "0o40750"
    assert (data.st_uid, data.st_gid) == ((10001, 10001) if IS_ROOT else (os.geteuid(), os.getegid()))


@pytest.mark.slow
def test_the_image_is_small(image):
    weight = sum(
        file.lstat().st_size for file in image.at(VENV).rglob("*") if file.is_file() and not file.is_symlink()
    )
    assert weight / 1_000_000 < MEGABYTES


@pytest.mark.slow
def test_every_module_of_the_image_is_compiled_whatever_the_time_of_its_source(image):
    compiled = list(image.at(VENV).rglob("exam_sessions/**/*.pyc"))
    assert len(compiled) == len(list(image.at(VENV).rglob("exam_sessions/**/*.py")))
    # PEP 552: by hash, and not checked against the source.
    assert {file.read_bytes()[4] for file in compiled} == {1}


@pytest.mark.slow
def test_the_image_has_the_sample_form(image):
    look = (
        "from importlib import resources as r; print(*[f.name for f in r.files('exam_sessions.samples').iterdir()])"
    )
    said = image.run("python", "-c", look)
    assert "maths-year-5.json" in said.stdout.split(), said.stderr


@pytest.mark.slow
def test_the_image_can_send_traces(image):
    running, _ = image.start(EXAM_SESSIONS_OTLP_ENDPOINT="http://127.0.0.1:1")
    running.terminate()
    _, logged = running.communicate(timeout=60)
    assert running.returncode == 0, logged
    assert "traces=http://127.0.0.1:1" in logged


@pytest.mark.slow
def test_the_image_serves_turns_healthy_stops_at_its_signal_and_keeps_what_it_was_told(image):
    check = [image.rewrite(word) for word in image.stage.words["HEALTHCHECK"]]
    proxied = {"http_proxy": "http://127.0.0.1:1"}  # as an engine may set it
    for n in (1, 2):
        running, target = image.start()
        try:
            until(lambda: image.run(*check, **proxied).returncode == 0)
            image.run("exam-sessions", "releases", "create", f"Release {n}", "--target", target)
            listed = image.run("exam-sessions", "releases", "list", "--target", target)
            running.send_signal(signal.Signals[image.stage.words["STOPSIGNAL"][0]])
            _, logged = running.communicate(timeout=20)
            assert running.returncode == 0, logged
        finally:
            running.kill()
            running.communicate()
        assert image.run(*check).returncode == 1
    assert "Release 1" in listed.stdout, listed.stderr
    assert "Release 2" in listed.stdout
    files = {file.name for file in image.at(".").iterdir()}
    assert "exam-sessions.db" in files
    assert files <= {f"exam-sessions.db{part}" for part in ("", "-wal", "-shm")}


@pytest.mark.slow
@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
def test_the_user_of_the_image_can_write_its_data_and_nothing_else(image):
    assert image.run("touch", str(image.at("mine"))).returncode == 0
    image.at("mine").unlink()
    for path in (f"{VENV}/bin/new", f"{VENV}/bin/exam-sessions", "/var/new", "/new"):
        assert "Permission denied" in image.run("touch", str(image.at(path))).stderr, path

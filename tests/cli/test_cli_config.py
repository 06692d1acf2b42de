"""The file of --config, and what `config show` says of the settings in force."""

from __future__ import annotations

import json
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from terminal import start, typed

from command_tree import tree
from exam_sessions.configuration.config_file import UnfitFile, read_config
from exam_sessions.configuration.option import LARGEST
from exam_sessions.settings import DECLARED, PREFIX, Settings
from serving import ApiClient

ROOT = Path(__file__).parents[2]
SECRET = "hunter2"
URL = f"postgresql://exams:{SECRET}@127.0.0.1:1/exams"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No setting comes from the environment of the tests."""
    for name in DECLARED:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


@pytest.fixture
def config(tmp_path):
    """Writes a configuration file, and returns its path."""

    def write(*lines, mode=0o600):
        path = tmp_path / "exam-sessions.toml"
        path.write_text("".join(f"{line}\n" for line in lines))
        path.chmod(mode)
        return path

    return write


def shown(*words):
    """What `config show` says, by setting: value, source and place."""
    settings = json.loads(typed("config", "show", "-o", "json", *words).stdout)["settings"]
    return {name: (told["value"], told["source"], told["place"]) for name, told in settings.items()}


def another(name):
    """A value of a setting that is not its default, and may be in a file."""
    kind, option = DECLARED[name]
    default = getattr(Settings(), name)
    if option.choices:
        return next(choice for choice in option.choices if choice != default)
    if kind is bool:
        return not default
    if kind is str:
        return "sqlite:///another.db"
    return next(kind(value) for value in (option.least, option.least + 1) if value != default)


def lines_of(values):
    return [f"{name} = {json.dumps(value)}" for name, value in values.items()]


def test_every_setting_may_stand_in_the_file_and_is_in_force_then(config):
    values = {name: another(name) for name in DECLARED}
    path = config("# comes first", *lines_of(values))
    assert shown("--config", path) == {
        name: (value, "file", f"{path}:{line}") for line, (name, value) in enumerate(values.items(), start=2)
    }


def test_without_anything_every_setting_is_its_default(configuration):
    defaults = replace(Settings(), database_url=f"sqlite:///{configuration}/exam-sessions/exam-sessions.db")
    assert shown() == {name: (getattr(defaults, name), "default", "") for name in DECLARED}


def test_a_flag_wins_over_a_variable_that_over_the_file_and_that_over_the_default(config, monkeypatch):
    path = config("backlog = 5", "workers = 3", "tick_ms = 7", "insecure = true", 'log_level = "warning"')
    monkeypatch.setenv("EXAM_SESSIONS_CONFIG", str(path))
    monkeypatch.setenv("EXAM_SESSIONS_BACKLOG", "6")
    monkeypatch.setenv("EXAM_SESSIONS_WORKERS", "4")
    found = shown("--backlog", 8, "--no-insecure")
    assert found["backlog"] == (8, "flag", "--backlog")
    assert found["insecure"] == (False, "flag", "--no-insecure")
    assert found["workers"] == (4, "environment", "EXAM_SESSIONS_WORKERS")
    assert found["tick_ms"] == (7.0, "file", f"{path}:3")
    assert found["log_level"] == ("WARNING", "file", f"{path}:5")
    assert found["linger_ms"] == (1.0, "default", "")


def test_a_file_that_a_flag_names_wins_over_one_that_a_variable_names(config, monkeypatch, tmp_path):
    monkeypatch.setenv("EXAM_SESSIONS_CONFIG", str(tmp_path / "nowhere.toml"))
    assert shown("--config", config("backlog = 5"))["backlog"][0] == 5


def refused(path, *, command="serve"):
    """What a command says of a file, on two lines."""
    said = typed(command, "--config", path, code=2).stderr.splitlines()
    assert [line.split(":")[0] for line in said] == ["error", "next"]
    return said


WRONG = {bool: "1", int: '"1"', float: "true", str: "1"}


def test_a_value_of_another_type_is_refused_with_file_line_and_key_before_a_database_is_made(config, tmp_path):
    path = config(f'database_url = "sqlite:///{tmp_path}/x.db"', 'backlog = "5"')
    assert refused(path)[0] == f"error: {path}:2: backlog must be a whole number, not '5'"
    assert refused(path, command="migrate")[0].startswith(f"error: {path}:2: backlog ")
    assert not (tmp_path / "x.db").exists()


def test_no_setting_takes_a_value_of_another_type(config):
    for name, (kind, _) in DECLARED.items():
        path = config("", f"{name} = {WRONG[kind]}")
        with pytest.raises(UnfitFile) as fault:
            read_config(str(path), DECLARED)
        assert str(fault.value).startswith(f"{path}:2: {name} must be ")


def test_a_number_has_the_same_bounds_in_the_file_as_as_a_flag(config):
    flags = {flag.name: flag for flag in tree().commands["serve"].params}
    for name, (kind, option) in DECLARED.items():
        if kind in {str, bool}:
            continue
        most = LARGEST if option.most is None else option.most
        assert (flags[name].min, flags[name].max) == (option.least, most)
        for value in (option.least - 1, most + 1, *(["nan", "inf"] if kind is float else [])):
            path = config(f"{name} = {value}")
            with pytest.raises(UnfitFile) as fault:
                read_config(str(path), DECLARED)
            assert str(fault.value).startswith(f"{path}:1: {name} must be {option.least:,} ")


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("databaseurl = 'x'", "did you mean database_url?"),
        ("tls-cert = 'x'", "did you mean tls_cert?"),
        ("EXAM_SESSIONS_WORKERS = 2", "did you mean workers?"),
        ('"backlogs" = 2', "did you mean backlog?"),
        ("nothing_of_ours = 1", "docs/reference/settings names all of them"),
        ("[server]\nlisten = 'x'", "the file has no tables"),
        ("server.listen = 'x'", "the file has no tables"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(config, line, nearest):
    path = config('limits = """', "nothing_of_ours = 1", '"""', line)
    said = refused(path)
    key = re.split(r"[ .]", line)[0].strip('[]"\n').partition("]")[0]
    assert said[0] == f"error: {path}:4: {key} is no setting"
    assert nearest in said[1]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"backlog = ", "is not valid TOML"),
        (b"backlog = 1\nbacklog = 2", "overwrite"),
        (b"\xff", "is not valid TOML"),
        (b"x = " + b"[" * 100_000, "is not valid TOML"),
        (b"#" * (1024 * 1024 + 1), "has more than 1,048,576 bytes"),
    ],
)
def test_a_file_that_is_no_toml_is_refused(config, content, fault):
    path = config()
    path.write_bytes(content)
    said = typed("serve", "--config", path, code=2).stderr
    assert said.startswith(f"error: {path} ")
    assert fault in said


@pytest.mark.parametrize("name", ["nowhere.toml", ".", "\0"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, name):
    assert "cannot be read" in refused(tmp_path / name if name != "\0" else name)[0]


def test_a_server_serves_as_its_file_says(config, database):
    path = config('listen = "127.0.0.1:0"', f'database_url = "{database.url}"', "open_workspaces = 1", "workers = 1")
    server = start("serve", "--config", path)
    try:
        line = server.stdout.readline()
        assert line.startswith("serving on 127.0.0.1:"), server.stderr.read()
        api = ApiClient(line.split()[-1])
        assert api.get(api.book()).id
        api.close()
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    finally:
        server.kill()
        server.communicate()


def test_commands_that_open_the_database_find_it_in_the_file(config, tmp_path):
    path = config(f'database_url = "sqlite:///{tmp_path}/x.db"', "workers = 2")
    assert f"{tmp_path}/x.db went from empty" in typed("migrate", "--config", path).stdout
    assert f"{tmp_path}/x.db" in typed("keys", "bootstrap", "--config", path).stderr


def test_every_command_that_takes_a_setting_takes_the_file_too():
    found = {}
    for name, command in tree().commands.items():
        for inner, each in getattr(command, "commands", {"": command}).items():
            variables = {getattr(parameter, "envvar", None) for parameter in each.params}
            if variables & {PREFIX + setting.upper() for setting in DECLARED}:
                found[f"{name} {inner}".strip()] = "EXAM_SESSIONS_CONFIG" in variables
    assert {"serve", "migrate", "keys bootstrap", "candidates rekey", "config show"} <= set(found)
    assert all(found.values()), found


@pytest.mark.parametrize("form", ["table", "json", "toml"])
def test_passwords_are_not_shown(config, monkeypatch, form):
    monkeypatch.setenv("EXAM_SESSIONS_DATABASE_URL", URL)
    said = typed("config", "show", "--output", form, "--config", config(f'direct_database_url = "{URL}"'))
    assert said.output.count("127.0.0.1:1/exams") == 2
    assert SECRET not in said.output


def test_what_is_shown_as_toml_is_a_file_that_means_the_same(config):
    values = {name: another(name) for name in DECLARED if name != "direct_database_url"}
    values["limits"] = 'a "b" \\ é\t#.toml'
    path = config(*lines_of(values), f'direct_database_url = "{URL}"')
    again = path.with_name("again.toml")
    again.write_text(typed("config", "show", "--config", path, "-o", "toml").stdout)
    found = {name: value for name, (value, source, _) in shown("--config", again).items() if source == "file"}
    assert found == values
    assert "# direct_database_url = " in again.read_text()


@pytest.mark.parametrize(
    ("mode", "url", "warns"), [(0o644, URL, True), (0o640, URL, False), (0o644, "sqlite:///x.db", False)]
)
def test_a_file_with_a_password_that_everybody_can_read_is_warned_of(config, mode, url, warns):
    path = config(f'database_url = "{url}"', mode=mode)
    assert ("everybody on this machine can read" in typed("config", "show", "--config", path).stderr) is warns


def test_the_example_file_is_right_and_so_is_what_it_has_as_comments(config):
    text = (ROOT / "deploy/exam-sessions.toml").read_text()
    assert all(
        source == "file"
        for _, source, place in shown("--config", ROOT / "deploy/exam-sessions.toml").values()
        if place
    )
    names = re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE)
    assert {"listen", "database_url", "log_level"} <= set(names) <= set(DECLARED)
    for line in re.findall(r"^# (\w+ = .*)$", text, re.MULTILINE):
        shown("--config", config(line))

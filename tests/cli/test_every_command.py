"""Every command of the tree: its help, without a server, with wrong credentials, with bad data, with real data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from command_runs import run, split
from command_table import TABLE
from command_world import Fakes, World
from hinted import commands_in, flaw

from command_tree import leaves
from exam_sessions.cli.shared.hints import TARGET_VARIABLE
from postgres import free_port
from serving import serving

NOBODY_KNOWN = "es_000000000000_" + "0" * 64
WAY_OUT = re.compile(
    r"next: |Try 'exam-sessions [a-z -]+ -h' for help|field: .*(must|needs|is required|may hold)|--help"
)
"""The next step, the page to read, or what a field has to be."""


def talks_to_a_server(words):
    """Whether a command has the options of those that call a server; `context add` has its own."""
    return any(getattr(parameter, "envvar", None) == TARGET_VARIABLE for parameter in leaves()[words].params)


def takes_a_workspace(words):
    return any(parameter.name == "workspace" for parameter in leaves()[words].params) and words != "keys create"


CALLING = [words for words in TABLE if words in leaves() and talks_to_a_server(words) and words != "demo"]
"""The demonstration starts a server where there is none."""


def flaws(done, codes):
    """What is wrong with how a command ended."""
    said = done.stdout + done.stderr
    if done.exception is not None:
        return [f"raised {done.exception!r}"]
    if "Traceback" in said:
        return ["a traceback"]
    return [] if done.code in codes else [f"ended with {done.code}: {said}"]


def filled(words, world):
    """The words with what stands for the braces, which are filled in one by one."""
    return [re.sub(r"\{(\w+)\}", lambda found: world[found[1]], word) for word in split(words)]


@pytest.fixture
def fakes(tmp_path):
    return Fakes(None, typed_in(), tmp_path)


def typed_in(*where):
    """Runs a command for a World, with options for those that talk to a server."""

    def typed(*words):
        name = next(name for name in (" ".join(words[:2]), words[0]) if name in leaves())
        there = where_of(name, where)
        done = run(*words, *there)
        assert done.code == 0, (words, done)
        return done

    return typed


def where_of(name, where):
    """The options that say which server and workspace, as far as a command takes them."""
    if not talks_to_a_server(name):
        return ()
    return where if takes_a_workspace(name) else where[:2]


def reaches(command, server):
    """Whether a command that is named talks to the server that was asked, where it talks to one."""
    name = next((name for name in leaves() if command.startswith(f"exam-sessions {name} ")), "")
    return (
        not name or name in {"demo", "serve"} or not talks_to_a_server(name) or f"--target {server.target}" in command
    )


@pytest.fixture
def world(server, api, tmp_path):
    return World(api, typed_in("--target", server.target, "--workspace", api.workspace), tmp_path)


def test_the_table_has_every_command_and_no_other():
    assert set(TABLE) == set(leaves())
    for words, row in TABLE.items():
        assert row.words or not row.bad or row.elsewhere or words in leaves()
        assert not row.elsewhere or list(Path(__file__).parents[1].rglob(f"{row.elsewhere}.py")), words


def test_without_a_server_every_command_says_so_and_how_to_start_one(fakes):
    target = f"127.0.0.1:{free_port()}"
    wrong = {}
    for words in CALLING:
        done = run(*words.split(), *filled(TABLE[words].words, fakes), "--target", target)
        found = flaws(done, {1, 2} if words == "board" else {1})
        if words != "board" and done.stderr.count("start one with `exam-sessions serve") != 1:
            found.append(f"said {done.stderr}")
        if found:
            wrong[words] = found
    assert not wrong, "\n".join(f"{words}: {found}" for words, found in wrong.items())


def test_with_wrong_credentials_every_command_says_so_and_what_to_do(database, fakes):
    wrong = {}
    with serving(database, auth="keys") as server:
        for words in CALLING:
            for token, reason in (("", "CREDENTIAL_MISSING"), (NOBODY_KNOWN, "CREDENTIAL_INVALID")):
                typed = filled(TABLE[words].words, fakes)
                done = run(*words.split(), *typed, "--target", server.target, EXAM_SESSIONS_TOKEN=token)
                expected = {0} if words == "health" else {1, 2} if words == "board" else {1}
                found = flaws(done, expected)
                if expected == {1} and not (done.stderr.count(reason) == done.stderr.count("next: ") == 1):
                    found.append(f"said {done.stderr}")
                if found:
                    wrong[words, reason] = found
    assert not wrong, "\n".join(f"{words}: {found}" for words, found in wrong.items())


def test_bad_data_is_refused_by_every_command_with_what_is_wrong_and_a_way_out(world, server):
    wrong = {}
    where = ("--target", server.target, "--workspace", world.api.workspace)
    for words, row in TABLE.items():
        for bad in row.bad:
            done = run(*words.split(), *filled(bad.words, world), *where_of(words, where))
            found = flaws(done, {bad.code})
            said = " ".join(re.sub(r"[│╭╮╰╯─\n]+", " ", done.stderr).split())
            if bad.said not in said:
                found.append(f"did not say {bad.said!r}: {said}")
            if not WAY_OUT.search(said):
                found.append(f"no way out: {said}")
            found += [f"{command!r}: {why}" for command in commands_in(done.stderr) if (why := flaw(command))]
            found += [
                f"{command!r} asks another server"
                for command in commands_in(done.stderr)
                if not reaches(command, server)
            ]
            if found:
                wrong[words, bad.words] = found
    assert not wrong, "\n".join(f"{words}: {found}" for words, found in wrong.items())


def numbers(command):
    """The options of a command that are numbers, by one of their names each."""
    for parameter in command.params:
        told = parameter.type_descriptor
        kinds = {told.annotation, *get_args(told.annotation)}
        if kinds & {int, float} and not told.parameter_info.parser and parameter.opts[0].startswith("-"):
            yield parameter.opts[0]


def test_text_where_a_number_is_due_is_refused_by_every_command_that_takes_one():
    options = {(words, option) for words, command in leaves().items() for option in numbers(command)}
    assert {("serve", "--backlog"), ("import", "--chunk"), ("watch", "--count"), ("serve", "--tick-ms")} <= options
    wrong = {}
    for words, option in sorted(options):
        for text in ("many", "1x", ""):
            # Given first, it is looked at before what else is missing.
            done = run(*words.split(), option, text)
            if found := flaws(done, {2}):
                wrong[words, option, text] = found
            elif option not in done.stderr or not WAY_OUT.search(done.stderr):
                wrong[words, option, text] = done.stderr
    assert not wrong, "\n".join(f"{words}: {found}" for words, found in wrong.items())


def test_every_command_works_with_real_data(world, server):
    wrong = {}
    where = ("--target", server.target, "--workspace", world.api.workspace)
    for words, row in TABLE.items():
        if row.elsewhere:
            continue
        done = run(*words.split(), *filled(row.words, world), *where_of(words, where))
        if found := flaws(done, {0}):
            wrong[words] = found
    assert not wrong, "\n".join(f"{words}: {found}" for words, found in wrong.items())

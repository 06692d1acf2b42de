"""Commands that print into Latin-1 or into a pipe that nobody reads, or are stopped while a server is silent."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import contextmanager, suppress

import pytest
from command_runs import run, run_for_nobody
from command_table import TABLE
from command_world import Fakes
from test_every_command import CALLING, filled, flaws, typed_in, where_of, world  # noqa: F401 - a fixture

from command_tree import leaves

PRINTING = (
    "forms list", "forms show {form}", "forms export {form}", "releases list", "releases show {release}",
    "export --release {release}", "sessions list", "sessions show {named}", "sessions show {named} -v",
    "sessions history {named}", "sessions score {handed_in}", "results show {handed_in}",
    "results export --release {release}", "operations list", "operations show {operation}", "lockouts list --all",
    "candidates export {candidate}", "watch --from 1 --count 1", "audit", "events tail --from 1 --count 1",
    "events consumers", "workspaces list", "workspaces show {workspace}", "keys list", "keys whoami",
    "context list", "context show {context}", "config show", "diagram", "migrate --plan --database-url {database}",
)  # fmt: skip
"""Everything that is read; what is written prints a line or two."""


@pytest.fixture
def printing(world, server):  # noqa: F811 - the fixture
    """The words of these commands, with what they read."""
    where = ("--target", server.target, "--workspace", world.api.workspace)

    def words_of(line):
        name = next(name for name in leaves() if f"{line} ".startswith(f"{name} "))
        return [*filled(line, world), *where_of(name, where)]

    return [words_of(line) for line in PRINTING]


def test_into_a_terminal_that_lacks_letters_everything_is_printed_with_escapes(printing):
    for charset in ("latin-1", "ascii"):
        for words in printing:
            assert not flaws(run(*words, charset=charset), {0}), (charset, words)


def test_a_pipe_that_nobody_reads_ends_a_command_without_a_traceback(printing):
    for words in printing:
        done = run_for_nobody(*words)
        assert not flaws(done, {0, 1}), words
        assert "error:" not in done.stderr, words


@contextmanager
def silent_server():
    """Takes a connection, answers nothing, and sends this process Ctrl-C: its target, and the connections taken."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = []

        def accept():
            with suppress(OSError):
                taken.append(listening.accept()[0])
                os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}", taken
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for connection in taken:
                connection.close()


@pytest.mark.slow
def test_ctrl_c_ends_every_command_without_a_traceback(tmp_path):
    fakes = Fakes(None, typed_in(), tmp_path)
    for words in CALLING:
        # A board needs a terminal (test_cli_room).
        if words != "board":
            typed = filled(TABLE[words].words, fakes)
            with silent_server() as (target, taken):
                done = run(*words.split(), *typed, "--target", target)
                assert taken, words
            # Who watches until Ctrl-C has seen what they wanted.
            assert not flaws(done, {0} if words in {"watch", "events tail"} else {1, 130}), words

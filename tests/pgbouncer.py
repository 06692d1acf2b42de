"""A real PgBouncer, where it is installed (scripts/companions)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from postgres import account, free_port, place
from serving import until

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")

SETTINGS = """
[databases]
* = host=127.0.0.1 port={server} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 30
"""


@contextmanager
def pooler(server, mode):
    """A PgBouncer before a server; gives the function from a database's URL to its URL by way of the pooler."""
    uid, gid = account()
    folder, port = Path(tempfile.mkdtemp(prefix="bouncer-", dir=place())), free_port()
    (folder / "pgbouncer.ini").write_text(SETTINGS.format(server=server.port, port=port, mode=mode))
    for path in (folder, folder / "pgbouncer.ini"):
        os.chown(path, uid, gid)
    who = {"user": uid, "group": gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([PROGRAM, folder / "pgbouncer.ini"], stderr=log, stdout=log, cwd=folder, **who)

    def by_pooler(url):
        return urlsplit(url)._replace(netloc=f"postgres@127.0.0.1:{port}").geturl()

    def answers():
        try:
            psycopg.connect(by_pooler(server.url)).close()
        except psycopg.OperationalError:
            assert process.poll() is None, (folder / "log").read_text()
            return False
        return True

    try:
        until(answers)
        yield by_pooler
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)

"""A program: a server in a network of its own, whose wire to PostgreSQL is cut and mended. Run it by `unshare -n`.

It prints the server's log, as JSON. One wire between the two networks carries the calls, the
other leads to the database; where that one has no carrier, packets vanish and connections stay open.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing, contextmanager

import psycopg
from grpc_health.v1 import health_pb2, health_pb2_grpc

import postgres
from databases import PostgresqlDatabase
from serving import ApiClient, Refused, until

CALLS, DATABASE = 1, 2


def run(*commands):
    for command in commands:
        subprocess.run(command.split(), check=True)


@contextmanager
def other_network():
    """Another network and two wires to it; gives the command that runs a program there."""
    run("ip link set lo up")
    holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo there; exec sleep 600"], stdout=subprocess.PIPE)
    holder.stdout.readline()
    there = f"nsenter -t {holder.pid} -n"
    try:
        run(f"{there} ip link set lo up")
        for wire in (CALLS, DATABASE):
            run(
                f"ip link add here{wire} type veth peer name there{wire}",
                f"ip link set there{wire} netns {holder.pid}",
                f"ip addr add 10.{wire}.0.1/24 dev here{wire}",
                f"ip link set here{wire} up",
                f"{there} ip addr add 10.{wire}.0.2/24 dev there{wire}",
                f"{there} ip link set there{wire} up",
            )
        yield there
    finally:
        holder.kill()
        holder.wait()


def health(api):
    return health_pb2_grpc.HealthStub(api.channel).Check(health_pb2.HealthCheckRequest(), timeout=60).status


def refused(api):
    try:
        api.book()
    except Refused as refusal:
        if refusal.reason != "DATABASE_UNAVAILABLE":
            raise
        return True
    return False


def main():
    postgres.SETTINGS["listen_addresses"] = "*"
    with closing(postgres.PostgresServer(durable=False)) as server, other_network() as there:
        server.start()
        with (server.folder / "data/pg_hba.conf").open("a") as file:
            file.write("\nhost all all 10.0.0.0/8 trust\n")
        with psycopg.connect(server.url, autocommit=True) as db:
            db.execute("SELECT pg_reload_conf()")
        with PostgresqlDatabase(server) as database:
            url = database.url.replace("127.0.0.1", f"10.{DATABASE}.0.1")
            serve = f"{sys.executable} -m exam_sessions serve --insecure"
            command = f"{there} {serve} --listen 10.{CALLS}.0.2:0 --database-url {url}"
            log = server.folder / "our.log"
            with log.open("w") as file:
                process = subprocess.Popen(command.split(), stdout=subprocess.PIPE, stderr=file, text=True)
            with closing(ApiClient(process.stdout.readline().split()[-1])) as api:
                api.book()
                run(f"ip link set here{DATABASE} down")
                assert refused(api)
                until(lambda: health(api) == 2)
                run(f"ip link set here{DATABASE} up")
                until(lambda: not refused(api))
                until(lambda: health(api) == 1)
                until(lambda: "serves again" in log.read_text())
            process.terminate()
            process.communicate(timeout=30)
            sys.stdout.write(json.dumps({"log": log.read_text()}))


if __name__ == "__main__":
    main()

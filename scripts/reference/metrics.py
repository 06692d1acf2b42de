"""docs/reference/metrics.md: every metric with its type, labels, source and meaning."""

from __future__ import annotations

from exam_sessions.execution import measures
from exam_sessions.store.samples import CONSUMERS_AT_MOST
from exam_sessions.telemetry.catalogue import FAMILIES
from exam_sessions.telemetry.readings import WORKSPACES_AT_MOST
from exam_sessions.telemetry.sampler import EVERY_S, PAUSE_PER_SECOND
from reference.protos import table

INTRODUCTION = f"""\
# Metrics

What a server exposes with `--metrics`, in the text format of Prometheus ([monitoring](../operate/monitoring.md)).
Names that begin with `rpc_` and `db_` are those of OpenTelemetry's semantic conventions, as Prometheus spells them.

Values come about in three ways:

- **counted** by this server since it started. After a restart they begin at 0.
- **read** from this server at the scrape.
- **sampled** from the database every {EVERY_S:g} s, or after a pause of {PAUSE_PER_SECOND:g} times as long as the
  sample took. Every server of a database exposes the same values: take `max` over them, not `sum`. During an outage
  of the database they stay as they were.

Labels come from descriptors, enumerations and the database, never from a request. The {WORKSPACES_AT_MOST} workspaces
with the most sessions are named, and the {CONSUMERS_AT_MOST} consumers that are furthest behind. No candidate, no
code and no id of a session is exposed; names of workspaces and consumers are.
"""

PROCESS = """\
`process_*` are those of the Prometheus client for Python: processor time, memory, file descriptors and the start
time of the process. They exist on Linux only.
"""


def page() -> str:
    """The page."""
    rows = [
        (
            f"`{family.name}`",
            family.kind.value,
            ", ".join(f"`{label}`" for label in family.labels),
            family.source.value,
            family.help,
        )
        for family in FAMILIES
    ]
    buckets = f"""\
A histogram has a `_bucket`, a `_count` and a `_sum`. Upper bounds of its buckets:

- of durations, in seconds: {", ".join(f"{bound:g}" for bound in measures.SECONDS)}
- of numbers of calls: {", ".join(map(str, measures.SIZES))}
"""
    return "\n".join([INTRODUCTION, table(("Name", "Type", "Labels", "Value", "Meaning"), rows), buckets, PROCESS])

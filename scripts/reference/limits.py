"""docs/reference/limits.md: what a request, a reply and a server hold at most."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from exam_sessions.rpc import pages
from exam_sessions.rpc.convert.reply_size import ELEMENT_AT_MOST, REPLY_AT_MOST
from exam_sessions.rpc.decoding.maxima import MASK_PATH, MASK_PATHS, REPETITIONS, TOTALS, longest_text, most_elements
from exam_sessions.rpc.transports.aio import PING_FLOOR_MS
from exam_sessions.rpc.watch_servicer import HEARTBEAT_S
from exam_sessions.settings import Settings
from reference.protos import in_words, messages_and_enums, services, table

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

SERVICE_CONFIG = Path(__file__).parent.parent.parent / "clients" / "service_config.json"
INTRODUCTION = """\
# Limits

Every list and every text of a request has a maximum. Counts are checked on the bytes of a request, before it is
decoded: a request that holds too much is refused with [INVALID_FIELD](errors.md#invalid_field) at the first breach.
At most 100 bad fields are named. Limits that a setting changes are in [settings.md](settings.md).

## Requests and replies as a whole

"""


def mib(size: int) -> str:
    """Bytes as MiB."""
    return f"{size / 2**20:g} MiB"


def page() -> str:
    """The page."""
    default = Settings()
    whole: list[tuple[str, ...]] = [
        ("A request, unpacked", f"{mib(default.max_message_bytes)} (`--max-message-bytes`)", "MESSAGE_TOO_LARGE"),
        ("All requests in flight", f"{mib(default.bytes_in_flight)} (`--bytes-in-flight`)", "OVERLOADED"),
        ("Calls that wait to be answered", f"{default.backlog:,} (`--backlog`)", "OVERLOADED"),
        ("Calls at a time on one connection", "10,000", "they wait"),
        ("Compression of requests", "gzip or none; counted uncompressed", "deflate: UNIMPLEMENTED, by gRPC"),
        ("A reply", f"{REPLY_AT_MOST:,} bytes; pages end early, with a token", "REPLY_TOO_LARGE without pages"),
        ("One event, session or result in a reply", f"{ELEMENT_AT_MOST:,} bytes", "it is cut and has `abridged` set"),
        ("A page", f"{pages.AT_MOST:,} elements; {pages.DEFAULT} by default", "a larger `page_size` is reduced"),
        ("Paths of a field mask", f"{MASK_PATHS}, of {MASK_PATH} characters each", "INVALID_FIELD"),
        ("A singular field in the bytes of one message", f"{REPETITIONS} times", "INVALID_FIELD"),
        ("Watches that are open at once", f"{default.watchers:,} (`--watchers`)", "TOO_MANY_WATCHERS"),
        ("Events back that a watch may begin", f"{default.watch_reach:,} (`--watch-reach`)", "SEQUENCE_TOO_OLD"),
        ("Sessions of the snapshot of a watch", "100,000", "SNAPSHOT_TOO_LARGE"),
        ("WaitOperation", "60 s", "it returns the operation as it is"),
        ("Wrong entries of a PIN", "5", "PIN_BLOCKED"),
        (
            "Wrong codes of an address or a principal, besides one for each session entered",
            f"{default.wrong_codes_at_most} within {default.wrong_codes_window_s:g} s (`--wrong-codes-at-most`)",
            "TOO_MANY_WRONG_CODES",
        ),
        ("Calls of a principal or a workspace", "any number (`--limits`)", "RATE_LIMITED"),
        ("Repeating a request by `request_id`", "at least 24 hours", "after that it is a new request"),
    ]  # fmt: skip
    totals: list[tuple[str, ...]] = [
        (", ".join(f"`{name}`" for name in sorted(names)), f"{most:,}") for most, names in TOTALS
    ]
    lists, texts = _fields()
    return "\n".join(
        [
            INTRODUCTION + table(("What", "At most", "Beyond"), whole),
            "## Connections, waiting and repeating\n",
            table(("What", "How long, how often", "Then"), _times(default)),
            "## Totals over a whole request\n",
            table(("Elements of all these fields together", "At most"), totals),
            "## Lists\n",
            table(("Field", "Rules"), lists),
            "## Texts\n",
            table(("Field", "Rules"), texts),
        ]
    )


def _times(default: Settings) -> list[tuple[str, ...]]:
    """What a connection, a call and a watch may take, and how the published service config repeats calls."""
    config = json.loads(SERVICE_CONFIG.read_text())["methodConfig"][0]
    policy = config["retryPolicy"]
    tries = (
        f"{policy['maxAttempts']}, after {policy['initialBackoff']}, then {policy['backoffMultiplier']} times as "
        f"long each, at most {policy['maxBackoff']}; after {', '.join(policy['retryableStatusCodes'])}"
    )
    watch = next(kind for kind in _in_requests() if kind.name == "WatchSessionsRequest")
    heartbeat = in_words(watch.fields_by_name["heartbeat_interval"])
    age, age_grace = default.max_connection_age_s, default.max_connection_age_grace_s
    deadline = default.default_deadline_s
    return [
        (
            "Keepalive pings of a client",
            f"at most one in {PING_FLOOR_MS:,} ms, also without calls",
            "GOAWAY, by gRPC",
        ),
        (
            "Heartbeats of a watch",
            f"after {HEARTBEAT_S:g} s without a message; `heartbeat_interval`: {heartbeat}",
            "",
        ),
        (
            "A message of a watch that is not taken",
            f"{default.watcher_patience_s:g} s (`--watcher-patience-s`)",
            "WATCHER_TOO_SLOW",
        ),
        (
            "A call without a deadline",
            f"{f'{deadline:g} s' if deadline else 'no limit'} (`--default-deadline-s`)",
            "DEFAULT_DEADLINE_EXCEEDED",
        ),
        (
            "A connection",
            f"{f'{age:g} s' if age else 'no limit'} (`--max-connection-age-s`)",
            f"GOAWAY; calls on it have {age_grace:g} s more (`--max-connection-age-grace-s`)",
        ),
        (
            "Calls under way when a server stops",
            f"{default.drain_s:g} s (`--drain-s`)",
            "UNAVAILABLE; watches end with SHUTTING_DOWN at once",
        ),
        (
            "Tries of a call, by `clients/service_config.json`",
            tries,
            f"the error; {config['timeout']} in all",
        ),
    ]


def _fields() -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The rules of lists and of texts, messages with the same rule for a field of the same name in one row."""
    lists: dict[tuple[str, str], list[str]] = {}
    texts: dict[tuple[str, str], list[str]] = {}
    for kind in _in_requests():
        for field in kind.fields:
            rule = in_words(field)
            if field.is_repeated and most_elements(field):
                lists.setdefault((field.name, rule), []).append(kind.name)
            elif longest_text(field) and rule:
                texts.setdefault((field.name, rule), []).append(kind.name)
    return _rows(lists), _rows(texts)


def _in_requests() -> list[Descriptor]:
    """Our messages that a request is or holds."""
    seen: set[str] = set()

    def visit(kind: Descriptor) -> None:
        if kind.full_name not in seen:
            seen.add(kind.full_name)
            for field in kind.fields:
                if field.message_type:
                    visit(field.message_type)

    for service in services():
        for method in service.methods:
            visit(method.input_type)
    return [kind for kind in messages_and_enums()[0] if kind.full_name in seen]


SEVERAL = 3
"""Messages that are named one by one."""


def _rows(found: dict[tuple[str, str], list[str]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for (name, rule), kinds in sorted(found.items()):
        more = f" and {len(kinds) - SEVERAL} more" if len(kinds) > SEVERAL else ""
        rows.append((f"`{name}` of {', '.join(kinds[:SEVERAL])}{more}", rule))
    return rows

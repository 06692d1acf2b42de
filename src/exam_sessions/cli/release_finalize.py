"""`exam-sessions releases finalize`: what it would submit, and the question, before a release is locked."""

from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial

from exam_sessions.cli.releases import Named, find_release, show_whole
from exam_sessions.cli.shared.bulk_work import Asked, Preview, may_go_on
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import Yes, coloured, err, say, show, table
from exam_sessions.cli.shared.enum_names import word
from exam_sessions.cli.shared.progress import bar
from exam_sessions.cli.shared.transition_views import sessions_text
from exam_sessions.client.catalog import Release
from exam_sessions.client.client import Client
from exam_sessions.client.failures import NoServer
from exam_sessions.client.messages import SessionStatistics
from exam_sessions.domain.clock import UNDER_WAY
from exam_sessions.domain.states import MATURITY, Maturity, State

EPILOG = """[bold]What it does[/] Locks the release, submits what is in progress, scores, computes the statistics.
Sessions nobody began stay as they are, and cannot be begun. Papers stay where they are.

[bold]Example[/]
exam-sessions releases finalize "Maths, May" --preview
exam-sessions releases finalize "Maths, May"
"""

LOOK_S = 0.5
"""Seconds between two looks at how many sessions are left to submit."""


def finalize_release(
    release: Named,
    *,
    preview: Preview = False,
    yes: Yes = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Locks a release, and has it submitted and scored; shows a preview first."""
    asked = Asked(preview, yes, json)
    with connected(target, workspace) as client:
        found = find_release(client, release)
        if asked.needs_foresight:
            counts = client.aggregate(found.id)
            ending = sessions_text(_under_way(counts))
            question = f"release {found.name!r} is finalized: {ending} in progress end now"
            if not may_go_on(asked, counts, partial(_show_foreseen, counts), question):
                return
        try:
            became = _finalized(client, found.id)
        except NoServer:
            # The lock is written at once, and the rest is done by any server: the answer alone may be late or lost.
            became = client.release(found.id)
            if not became.finalized:
                raise
    show_whole(became, json=json)


def _finalized(client: Client, release_id: str) -> Release:
    """Finalizes a release, and shows on a terminal how many sessions are submitted meanwhile."""
    if not err.is_interactive:
        return client.finalize(release_id)
    left = _under_way(client.aggregate(release_id))
    pool = ThreadPoolExecutor(1)
    try:
        with bar("submitting", left, "sessions") as advance:
            finalizing = pool.submit(client.finalize, release_id)
            while not wait([finalizing], LOOK_S).done:
                now = _under_way(client.aggregate(release_id))
                advance(left - now)
                left = now
            became = finalizing.result()
            advance(left)
            return became
    finally:
        # After Ctrl-C the call ends when the connection is closed; what is locked is submitted all the same.
        pool.shutdown(wait=False)


def _under_way(counts: SessionStatistics) -> int:
    return sum(row.count for row in counts.states if State(row.state) in UNDER_WAY)


def _show_foreseen(counts: SessionStatistics) -> None:
    if not counts.session_count:
        say("the release has no sessions")
        return
    made = table("sessions", "in", "what becomes of them", whole=("sessions",))
    for row in counts.states:
        state = coloured(word(row, "state"), Maturity(MATURITY[row.state]).name)
        made.add_row(f"{row.count:,}", state, _outcome(State(row.state)))
    show(made)


def _outcome(state: State) -> str:
    if state in UNDER_WAY:
        return "submitted now"
    if MATURITY[state] is Maturity.NOT_STARTED:
        return "stay, and cannot be begun"
    return "stay"

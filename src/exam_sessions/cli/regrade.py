"""`exam-sessions releases regrade` and `sessions regrade`: marking by another revision of the form."""

from functools import partial
from typing import Annotated

import typer

from exam_sessions.cli.releases import Named, find_release
from exam_sessions.cli.session_names import Who, resolved
from exam_sessions.cli.shared.bulk_work import Asked, NoWait, Preview, follow, may_go_on
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import Yes, say
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.operation_views import show_failures, show_regrade
from exam_sessions.cli.shared.retry import once
from exam_sessions.cli.shared.session_views import score_text
from exam_sessions.client.messages import OperationResult
from exam_sessions.client.operations import failures_in

EPILOG = """[bold]What it does[/] Marks every handed-in attempt by a corrected revision of the form.
Earlier attempts are marked too. Marks of people stay; archived and voided sessions stay as they are. A finalized
release may be regraded.

[bold]Examples[/]
exam-sessions forms import maths-year-5.json --update                   (the corrected key, as revision 2)
exam-sessions releases regrade "Maths, May" --reason "question 7 accepts C" --preview
exam-sessions releases regrade "Maths, May" --reason "question 7 accepts C" --revision 2 --yes
"""

SESSION_EPILOG = """[bold]Example[/]
exam-sessions sessions regrade H76RBD8P --reason "question 7 accepts C" --preview
"""

Why = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", show_default=False, help="Why; it is kept in the history."),
]
Revision = Annotated[
    int, typer.Option(min=0, metavar="NUMBER", show_default="the latest", help="The revision of the form to mark by.")
]


def regrade_release(
    release: Named,
    reason: Why,
    revision: Revision = 0,
    test_form: Annotated[
        str, typer.Option(metavar="FORM", show_default="the release's", help="The form whose attempts are regraded.")
    ] = "",
    per_second: Annotated[
        int, typer.Option(min=0, max=100_000, metavar="COUNT", help="At most so many sessions a second.")
    ] = 0,
    *,
    preview: Preview = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Marks what was handed in of a release by another revision of its form; shows a preview first."""
    asked = Asked(preview, yes, json, no_wait)
    with connected(target, workspace) as client:
        found = find_release(client, release)
        call = partial(client.regrade_release, found.id, test_form, message=reason)
        foreseen = once(call, revision, validate_only=True).preview
        question = f"{foreseen.regrade.changed_count:,} sessions of {found.name!r} change"
        if not may_go_on(asked, foreseen, partial(_show_foreseen, foreseen), question):
            return
        # By the revision that was previewed, whatever is made of the form meanwhile.
        definite = foreseen.regrade.form_revision
        reply = once(call, definite, sessions_per_second=per_second)
        follow(client, reply.operation, asked)


def _show_foreseen(foreseen: OperationResult) -> None:
    show_regrade(foreseen)
    show_failures(failures_in(foreseen))


def regrade_session(
    session: Who,
    reason: Why,
    revision: Revision = 0,
    *,
    preview: Preview = False,
    yes: Yes = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Marks what was handed in of one session by another revision of its form."""
    with connected(target, workspace) as client:
        before = resolved(client, session)
        call = partial(client.regrade_session, before.id, message=reason)
        became = once(call, revision, validate_only=True)
        outcome = f"{before.keycode}: {score_text(before) or 'no score'} becomes {score_text(became) or 'no score'}"
        if became.state != before.state:
            outcome += f", {word(before, 'state')} becomes {word(became, 'state')}"
        if not may_go_on(Asked(preview, yes, json), became, partial(say, outcome), "it is regraded so"):
            return
        became = once(call, revision, etag=before.etag)
    say(message_json(became) if json else outcome)

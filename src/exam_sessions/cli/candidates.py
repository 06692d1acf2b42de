"""`exam-sessions candidates`: what is stored about a candidate, removed or written to a file."""

from functools import partial
from typing import Annotated

import typer

from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import Yes, confirm, note, say, show
from exam_sessions.cli.shared.enum_names import message_json
from exam_sessions.cli.shared.operation_views import NoWait, erasure_facts, tell_ways_on, watch_to_the_end
from exam_sessions.cli.shared.retry import retry
from exam_sessions.client.channel import new_request_id
from exam_sessions.client.operations import id_of

ERASE_EPILOG = """[bold]What it does[/] Removes names, ids, codes and other particulars of a candidate for good.
It does so in sessions, their history, operations and repeated requests of the workspace. Results stay.

[bold]Examples[/]
exam-sessions candidates erase S-4471 --reason "request of 3 May" --preview
exam-sessions candidates erase S-4471 --reason "request of 3 May" --free-text --responses
"""

cli = typer.Typer(no_args_is_help=True, help="What is stored about a candidate: erase it.")

Candidate = Annotated[
    str, typer.Argument(metavar="CANDIDATE", show_default=False, help="The candidate's id, as it was booked.")
]
Reason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", show_default=False, help="Why; it is kept, so it must name nobody."),
]
FreeText = Annotated[bool, typer.Option("--free-text", help="Remove messages that people typed, too.")]
Responses = Annotated[bool, typer.Option("--responses", help="Remove texts the candidate wrote in responses, too.")]
Preview = Annotated[bool, typer.Option("--preview", help="Count what it would come to, write nothing.")]


@cli.command("erase", epilog=ERASE_EPILOG)
def erase(
    candidate: Candidate,
    reason: Reason,
    *,
    free_text: FreeText = False,
    responses: Responses = False,
    live: Annotated[
        bool, typer.Option("--live", help="Erase sessions that are neither voided nor archived, too.")
    ] = False,
    preview: Preview = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Removes what identifies a candidate; cannot be undone."""
    with connected(target, workspace) as client:
        call = partial(
            client.erase_candidate,
            candidate,
            reason=reason,
            erase_free_text=free_text,
            erase_responses=responses,
            include_live=live,
        )
        if preview or not yes:
            foreseen = retry(partial(call, validate_only=True)).preview
            if preview and json:
                say(message_json(foreseen))
                return
            show(erasure_facts(foreseen))
            if preview:
                note("nothing was written", "dim")
                return
            confirm(f"candidate {candidate} is erased from workspace {workspace} for good")
        reply = retry(partial(call, request_id=new_request_id()))
        if no_wait:
            say(message_json(reply.operation) if json else id_of(reply.operation))
            tell_ways_on(reply.operation)
            return
        watch_to_the_end(client, reply.operation, json=json)

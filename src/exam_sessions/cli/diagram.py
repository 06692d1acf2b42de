"""`exam-sessions diagram`: the state machine as a picture."""

import typer


def diagram() -> None:
    """Prints the state machine as a Mermaid diagram, drawn from the machine itself."""
    from exam_sessions.domain.diagram import mermaid  # noqa: PLC0415 - the machine is the server's

    typer.echo(mermaid(), nl=False)

"""`exam-sessions diagram`: the state machine as a picture."""

import typer

from exam_sessions.domain.diagram import mermaid


def diagram() -> None:
    """Prints the state machine as a Mermaid diagram, drawn from the machine itself."""
    typer.echo(mermaid(), nl=False)

"""`exam-sessions version`: of this program, and of the server."""

import json as json_text

from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import facts, note, say, show
from exam_sessions.version import VERSION


def version(*, json: Json = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default") -> None:
    """Shows the version of this program, and of the server."""
    with connected(target, workspace) as client:
        server = client.server_version()
    if json:
        say(json_text.dumps({"client": VERSION, "server": server}))
        return
    show(facts((("client", VERSION), ("server", f"{server or 'older than 0.2'}  {target}"))))
    if server != VERSION:
        note("they are not of one version", "yellow")

"""The command line. Thin: arguments in, words out; the work is the server's, reached through client/.

tree.py says which modules the commands are in: one per command, or per group of them.
roster.py and roster_columns.py read rosters, importer.py writes them,
import_ids.py says under which ids; marks_file.py reads marks, marks_importer.py writes them; csv_file.py is how both
files are read. console.py, progress.py, times.py and enum_names.py are its output, operation_views.py that of long
work; connection.py is the connection to a server. session_names.py says which session is meant, typed_names.py which
state or action. Watches are kept going by resuming_watch.py; watch_views.py,
candidate_names.py, event_lines.py and acknowledger.py do the rest for them.
"""

from __future__ import annotations

import sys
from typing import Any


def main() -> None:
    """Runs the command line. What another command needs is not imported: `--version` needs next to nothing."""
    if sys.argv[1:] == ["--version"]:
        from exam_sessions.version import VERSION  # noqa: PLC0415 - as above

        sys.stdout.write(f"exam-sessions {VERSION}\n")
        return
    try:
        from exam_sessions.cli.shared.terminal_texts import as_typed, show_what_can_be_shown  # noqa: PLC0415 - as above
        from exam_sessions.cli.tree import tree_for  # noqa: PLC0415 - as above

        show_what_can_be_shown()
        sys.argv[1:] = [as_typed(word) for word in sys.argv[1:]]
        tree_for(sys.argv[1:])()
    except KeyboardInterrupt:
        # Before a command runs; typer sees to it afterwards.
        sys.exit(130)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("exam_sessions"):
            raise
        missing = f"error: this command needs the server, of which {error.name} is not installed"
        sys.exit(f"{missing}\nnext:  pip install 'exam-sessions[server]'")


def __getattr__(name: str) -> Any:
    """`cli` is the whole tree of commands."""
    if name != "cli":
        raise AttributeError(name)
    from exam_sessions.cli.tree import tree_for  # noqa: PLC0415 - as above

    return tree_for([])

"""The command line. Thin: arguments in, words out; the work is the server's, reached through client/.

One module per command, or per group of them. roster.py and roster_columns.py read rosters, importer.py writes them,
import_ids.py says under which ids; marks_file.py reads marks, marks_importer.py writes them; csv_file.py is how both
files are read. console.py, progress.py, times.py and enum_names.py are how it speaks, operation_views.py how of long
work; connection.py is which server it speaks to. Watches are kept going by resuming_watch.py; watch_views.py,
candidate_names.py, event_lines.py and acknowledger.py do the rest for them.
"""

from __future__ import annotations

import typer

from exam_sessions.cli import (
    candidates,
    check,
    config,
    context,
    demo,
    events,
    export,
    forms,
    health,
    import_command,
    keys,
    lockouts,
    marks,
    operations,
    protos,
    regrade,
    release_edit,
    release_finalize,
    releases,
    results,
    results_export,
    serve,
    sessions,
    transition,
    watch,
    workspaces,
)
from exam_sessions.cli.shared.settings_options import SettingsCommand

EPILOG = """[bold]Begin here[/]
exam-sessions demo     something to see within a minute; it needs nothing
exam-sessions serve    a server that stays; then, in another terminal:
exam-sessions releases create "Maths, May" --duration 1h30m
exam-sessions import roster.csv --release "Maths, May"
exam-sessions watch    what goes on, as it happens
exam-sessions results show KEYCODE

[bold]Exit codes[/]  0 done, 1 refused or failed, 2 the command was wrong. --help after a command tells about it.
"""

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="The session service of record for exams: a server, and the tools around it.",
    epilog=EPILOG,
)
cli.command("demo")(demo.demo)
cli.command("serve", epilog=serve.EPILOG)(serve.serve)
cli.command("protos", epilog=protos.EPILOG)(protos.protos)
cli.command("migrate")(serve.migrate)
cli.command("check", epilog=check.EPILOG)(check.check)
cli.command("health", epilog=health.EPILOG)(health.health)
cli.add_typer(forms.cli, name="forms")
releases.cli.command("edit", epilog=release_edit.EPILOG)(release_edit.edit_release)
releases.cli.command("finalize", epilog=release_finalize.EPILOG)(release_finalize.finalize_release)
cli.add_typer(releases.cli, name="releases")
cli.command("import", epilog=import_command.EPILOG)(import_command.import_roster)
cli.command("export", epilog=export.EPILOG)(export.export)
sessions.cli.command("transition", epilog=transition.EPILOG)(transition.transition)
sessions.cli.command("regrade", epilog=regrade.SESSION_EPILOG)(regrade.regrade_session)
releases.cli.command("regrade", epilog=regrade.EPILOG)(regrade.regrade_release)
cli.add_typer(sessions.cli, name="sessions")
cli.add_typer(marks.cli, name="marks")
results.cli.command("export", epilog=results_export.EPILOG)(results_export.export_results)
cli.add_typer(results.cli, name="results")
cli.add_typer(operations.cli, name="operations")
cli.add_typer(lockouts.cli, name="lockouts")
cli.add_typer(candidates.cli, name="candidates")
cli.add_typer(candidates.retention, name="retention")
cli.command("watch", epilog=watch.EPILOG)(watch.watch)
cli.add_typer(events.cli, name="events")
cli.add_typer(workspaces.cli, name="workspaces")
cli.add_typer(keys.cli, name="keys")
cli.add_typer(context.cli, name="context")
cli.add_typer(config.cli, name="config")


@cli.command("diagram")
def diagram() -> None:
    """Prints the state machine as a Mermaid diagram, drawn from the machine itself."""
    from exam_sessions.domain.diagram import mermaid  # noqa: PLC0415 - no other command needs the machine

    typer.echo(mermaid(), nl=False)


for _group in (cli, *(added.typer_instance for added in cli.registered_groups)):
    for _command in _group.registered_commands if _group else ():
        _command.cls = SettingsCommand


def main() -> None:
    """Runs the command line."""
    cli()

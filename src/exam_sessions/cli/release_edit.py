"""`exam-sessions releases edit`: a release written anew, field by field."""

from typing import Annotated, Any

import typer

from exam_sessions.cli.releases import Counts, Devices, DuplicateName, MissingForm, Named, find_release
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import MISUSED, facts, fail, say, show
from exam_sessions.cli.shared.enum_names import message_json
from exam_sessions.cli.shared.release_views import described
from exam_sessions.cli.shared.times import length, time_of
from exam_sessions.client import messages
from exam_sessions.client.catalog import Release
from exam_sessions.client.times import put

NONE = "none"

EPILOG = """[bold]Open sessions follow[/]: deadlines go by the new window and duration. `none` takes a limit away.

[bold]Examples[/]
exam-sessions releases edit "Maths, May" --duration 2h --online-grace-period 5m
exam-sessions releases edit "Maths, May" --window-end "2026-05-05 18:00:00" --no-invigilated
exam-sessions releases edit "Maths, May" --grace-period none --name "Maths, spring"
"""


def _time(text: str) -> int:
    return 0 if text.strip().lower() == NONE else time_of(text)


def _limit(text: str) -> int:
    """A length of time of at least a second; 0 for none."""
    if text.strip().lower() == NONE:
        return 0
    found = length(text)
    if not found:
        raise typer.BadParameter(f"{text!r} is no time at all; `none` is no limit")
    return found


def _grace(text: str) -> int:
    """A length of time, zero too; -1 for none."""
    return -1 if text.strip().lower() == NONE else length(text)


def _option(metavar: str, help_text: str, parser: Any = None) -> Any:
    return typer.Option(metavar=metavar, parser=parser, show_default="as it is", help=help_text)


def _flag(name: str, help_text: str) -> Any:
    return typer.Option(f"--{name}/--no-{name}", show_default="as it is", help=help_text)


def edit_release(
    release: Named,
    name: Annotated[str | None, _option("NAME", "What people call it.")] = None,
    duration: Annotated[int | None, _option("LENGTH|none", "Working time of an attempt.", _limit)] = None,
    window_start: Annotated[int | None, _option("TIME|none", "Not opened before.", _time)] = None,
    window_end: Annotated[int | None, _option("TIME|none", "Every session closes then.", _time)] = None,
    test_form: Annotated[str | None, _option("FORM", "Test form of sessions booked from now on.")] = None,
    max_attempts: Annotated[int | None, typer.Option(min=0, metavar="COUNT", help="0 is unlimited.")] = None,
    counts: Annotated[Counts | None, typer.Option("--counts", help="Which attempt counts.")] = None,
    grace_period: Annotated[
        int | None, _option("LENGTH|none", "How late an offline attempt may be uploaded; none is no limit.", _grace)
    ] = None,
    online_grace_period: Annotated[
        int | None, _option("LENGTH|none", "How late answers are taken online; none is not at all.", _grace)
    ] = None,
    device_policy: Annotated[
        Devices | None, typer.Option("--device-policy", help="What a second device of the same candidate may do.")
    ] = None,
    *,
    invigilated: Annotated[bool | None, _flag("invigilated", "A PIN or a hand lets each one in.")] = None,
    requires_check_in: Annotated[bool | None, _flag("requires-check-in", "Each one is checked in.")] = None,
    auto_create_pin: Annotated[bool | None, _flag("auto-create-pin", "Rooms get a PIN by themselves.")] = None,
    moderated: Annotated[bool | None, _flag("moderated", "Marked scripts are moderated.")] = None,
    allow_multiple_open_sessions: Annotated[
        bool | None, _flag("allow-multiple-open-sessions", "A candidate may have another session open.")
    ] = None,
    allow_missing_form: MissingForm = False,
    allow_duplicate_name: DuplicateName = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Edits a release that is not finalized; what is not named stays as it is."""
    times = {"duration": duration, "window_start": window_start, "window_end": window_end}
    graces = {"grace_period": grace_period, "online_grace_period": online_grace_period}
    plain = {
        "name": name,
        "test_form": test_form,
        "max_attempts": max_attempts,
        "attempt_strategy": messages.AttemptStrategy.Value(f"ATTEMPT_STRATEGY_{counts.name}") if counts else None,
        "device_policy": messages.DevicePolicy.Value(f"DEVICE_POLICY_{device_policy.name}")
        if device_policy
        else None,
        "invigilated": invigilated,
        "requires_check_in": requires_check_in,
        "auto_create_pin": auto_create_pin,
        "moderated": moderated,
        "allow_multiple_open_sessions": allow_multiple_open_sessions,
    }
    paths = [field for field, value in {**plain, **times, **graces}.items() if value is not None]
    if not paths:
        fail("it is not said what is to be edited", "name a field, such as --duration 2h; see --help", MISUSED)
    with connected(target, workspace) as client:
        written = _written(find_release(client, release).id, plain, times, graces)
        edited = client.update_release(
            written, paths, allow_missing_form=allow_missing_form, allow_duplicate_name=allow_duplicate_name
        )
    if json:
        say(message_json(edited))
        return
    show(facts((("release", edited.id), *described(edited))))


def _written(
    release_id: str, plain: dict[str, Any], times: dict[str, int | None], graces: dict[str, int | None]
) -> Release:
    """The new values. Times of 0 and grace periods below 0 are unset."""
    written = Release(id=release_id, **{field: value for field, value in plain.items() if value is not None})
    for field, micros in times.items():
        if micros:
            put(getattr(written, field), micros)
    for field, micros in graces.items():
        if micros is not None and micros >= 0:
            getattr(written, field).SetInParent()
            put(getattr(written, field), micros)
    return written

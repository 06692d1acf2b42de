"""The state machine as a Mermaid diagram, drawn from the machine itself.

`void` and `fail` leave almost every state; their arrows would hide the rest, so notes show them.
"""

from __future__ import annotations

from exam_sessions.domain.states import Action, State
from exam_sessions.domain.transition_table import transitions_of_machine

EVERYWHERE = (Action.VOID, Action.FAIL)


def mermaid() -> str:
    """The diagram as Mermaid text, without a fence."""
    arrows: dict[tuple[State, State], list[str]] = {}
    everywhere: dict[Action, list[State]] = {action: [] for action in EVERYWHERE}
    for action, source, dest, conditions in transitions_of_machine():
        if action in everywhere:
            everywhere[action].append(source)
        elif source is not dest:
            label = f"{action} [{conditions.replace('_', ' ')}]" if conditions else action.value
            labels = arrows.setdefault((source, dest), [])
            if label not in labels:
                labels.append(label)
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{state.value} {state.name}" as {state.name}' for state in State]
    lines += [
        f"    [*] --> {State.SCHEDULED_BUT_NOT_CREATED.name}: schedule",
        f"    [*] --> {State.PAPER_RESPONSE_UPLOAD.name}: schedule [on paper]",
    ]
    lines += [f"    {a.name} --> {b.name}: {', '.join(labels)}" for (a, b), labels in arrows.items()]
    lines += [f"    {state.name} --> [*]" for state in (State.VOIDED, State.ARCHIVED)]
    for action, target in ((Action.VOID, State.VOIDED), (Action.FAIL, State.EXCEPTION)):
        absent = ", ".join(s.name for s in State if s not in everywhere[action])
        lines.append(f"    note right of {target.name}: {action} leads here from every state but {absent}")
    return "\n".join(lines) + "\n"

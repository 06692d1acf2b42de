"""Finding a session's scripts among its papers. What they earn is scoring.py's, what commands write marking.py's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.domain.records import Script

if TYPE_CHECKING:
    from exam_sessions.domain.records import Papers, Session


def script_of(session: Session, papers: Papers) -> Script:
    """The script of the current attempt; a blank one before anything was written."""
    for script in reversed(papers.scripts):
        if script.attempt == session.attempt:
            # An attempt that was cleared may have been given another form, or a newer revision, before it began anew.
            of_today = (session.test_form, session.form_revision)
            if (script.test_form, script.form_revision) == of_today:
                return script
            return script._replace(test_form=session.test_form, form_revision=session.form_revision)
    return Script(session.workspace_id, session.id, session.attempt, session.test_form, session.form_revision, {}, {})


def with_script(papers: Papers, script: Script) -> Papers:
    """The papers with one script as it became, in the order of the attempts."""
    others = [other for other in papers.scripts if other.attempt != script.attempt]
    return papers._replace(scripts=tuple(sorted([*others, script], key=lambda one: one.attempt)))

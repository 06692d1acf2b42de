"""How the command line shows a release, and the statistics of its sessions."""

from exam_sessions.cli.shared.console import coloured, table
from exam_sessions.cli.shared.enum_names import word
from exam_sessions.cli.shared.tables import FittingTable
from exam_sessions.cli.shared.times import how_long, when
from exam_sessions.client.catalog import Release
from exam_sessions.client.messages import SessionStatistics
from exam_sessions.domain.states import MATURITY, Maturity


def statistics_table(statistics: SessionStatistics) -> FittingTable:
    """Sessions by state, and their scores."""
    made = table("state", "sessions")
    for row in statistics.states:
        made.add_row(coloured(word(row, "state"), Maturity(MATURITY[row.state]).name), f"{row.count:,}")
    made.add_row("all", f"{statistics.session_count:,}")
    if statistics.scored_count:
        made.add_row("", "")
        made.add_row("scored", f"{statistics.scored_count:,}")
        for measure in ("min", "average", "max"):
            made.add_row(f"{measure} score", f"{getattr(statistics, f'{measure}_score')} %")
    return made


def described(release: Release) -> tuple[tuple[str, str], ...]:
    """A release in names and values."""
    return (
        ("name", release.name),
        ("window", window_text(release)),
        ("duration", how_long(release, "duration") or "no limit"),
        ("late answers", _late_answers(release)),
        ("late uploads", _late_uploads(release)),
        ("rules", rules_text(release)),
        ("test form", release.test_form),
    )


def _late_answers(release: Release) -> str:
    """How late answers are taken; empty when they are not."""
    until = how_long(release, "online_grace_period")
    return f"until {until} after the deadline" if until else ""


def _late_uploads(release: Release) -> str:
    """How late offline attempts are taken; empty when without limit."""
    until = how_long(release, "grace_period")
    if not until:
        return ""
    return f"until {until} after the end" if release.grace_period.ToMicroseconds() else "none are taken"


def window_text(release: Release) -> str:
    """When sessions of a release may be opened."""
    start, end = when(release, "window_start"), when(release, "window_end")
    return f"{start or 'open'} to {end or 'open'}" if start or end else "always open"


def rules_text(release: Release) -> str:
    """The rules of a release besides its times."""
    flags = ("invigilated", "requires_check_in", "auto_create_pin", "moderated", "allow_multiple_open_sessions")
    rules = [name.replace("_", " ") for name in flags if getattr(release, name)]
    if word(release, "delivery") == "PAPER":
        rules.insert(0, "on paper")
    if release.max_attempts:
        rules.append(f"at most {release.max_attempts} attempts")
    strategy = word(release, "attempt_strategy")
    if strategy not in {"", "HIGHEST"}:
        rules.append(f"{strategy.lower()} attempt counts")
    devices = word(release, "device_policy")
    if devices not in {"", "ANY"}:
        rules.append(devices.replace("_", " ").lower())
    if release.finalized:
        rules.append("finalized")
    return ", ".join(rules) or "none"

"""What the fast run takes less of: parameters that are alike and each cost a server, random examples, rows."""

from __future__ import annotations

import pytest

full = False
"""Whether this is a run with --all or --slow; choice.py sets it before tests are imported."""


def sampled(cases, few):
    """Parameters, or tuples of them; `few`, evenly spread, are in every run, and all with --all."""
    cases = [
        case if hasattr(case, "marks") else pytest.param(*(case if isinstance(case, tuple) else (case,)))
        for case in cases
    ]
    chosen = {n * len(cases) // few for n in range(few)}
    return [
        case if n in chosen else case._replace(marks=(*case.marks, pytest.mark.alike)) for n, case in enumerate(cases)
    ]


def fewer(count, few):
    """How many rows or rounds a test takes: `count` with --all and --slow, `few` in the fast run."""
    return count if full else few


def examples(count):
    """How many examples a property test tries: `count` with --all and --slow, a third of them in the fast run."""
    return count if full else count // 3

"""Cases of which the fast run takes a few: parameters that are alike and each cost a server, and random examples."""

from __future__ import annotations

import pytest

full = False
"""Whether this is a run with --all or --slow; choice.py sets it before tests are imported."""


def sampled(cases, few):
    """Tuples of parameters; `few` of them, evenly spread, are in every run, and all with --all."""
    cases = list(cases)
    chosen = {n * len(cases) // few for n in range(few)}
    return [pytest.param(*case, marks=() if n in chosen else pytest.mark.alike) for n, case in enumerate(cases)]


def examples(count):
    """How many examples a property test tries: `count` with --all and --slow, a third of them in the fast run."""
    return count if full else count // 3

"""Parameters of which the fast run takes a few: where cases are alike, and each costs a server of its own."""

from __future__ import annotations

import pytest


def sampled(cases, few):
    """Tuples of parameters; `few` of them, evenly spread, are in every run, and all with --all."""
    cases = list(cases)
    chosen = {n * len(cases) // few for n in range(few)}
    return [pytest.param(*case, marks=() if n in chosen else pytest.mark.alike) for n, case in enumerate(cases)]

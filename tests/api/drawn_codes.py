"""Codes that are drawn, one of which is in use."""

from __future__ import annotations

from exam_sessions.execution import random_codes


def with_one_in_use(monkeypatch, nth, taken):
    """Has the drawing of that number give a code that is taken; how many codes each drawing was asked for."""
    draw, asked = random_codes.new_codes, []

    def new_codes(number, *, shared=0):
        codes = draw(number, shared=shared)
        if len(asked) == nth:
            codes[7] = taken
        asked.append(number)
        return codes

    monkeypatch.setattr(random_codes, "new_codes", new_codes)
    return asked

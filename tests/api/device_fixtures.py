"""Fixtures for test modules with two devices: imported there, they are `laptop` and `other`."""

from __future__ import annotations

import pytest
from devices import Device


@pytest.fixture(name="laptop")
def laptop_of_a_candidate(api):
    return Device(api, "Laptop 3")


@pytest.fixture(name="other")
def other_laptop(api):
    return Device(api, "Laptop 7")

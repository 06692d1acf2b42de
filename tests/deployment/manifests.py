"""The files of deploy/, read."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from exam_sessions.configuration.config_file import read_config
from exam_sessions.settings import DECLARED

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def documents(path):
    """The documents of a YAML file."""
    return list(yaml.safe_load_all(path.read_text()))


def settings_in(path):
    """The settings of a configuration file, once every one of them is right."""
    return read_config(str(path), DECLARED).values


def user_of_the_image():
    """The number of the user that the image runs as."""
    return int(re.search(r"^USER (\d+):\1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1])


def seconds(text):
    """A duration as compose and systemd write it."""
    return int(re.fullmatch(r"(\d+)s?", str(text))[1])

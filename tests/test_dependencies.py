"""What the package imports is what an installation of it brings along."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
OWN = {"exam_sessions", "exam_sessions_client"}
FOR_DEVELOPERS = {"test", "check"}
"""Extras that a server does without."""
TREES = (ROOT / "src", ROOT / "clients" / "python" / "src")


def normalized(name: str) -> str:
    """The name of a distribution as indexes spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;]", name)[0]).lower()


def imported() -> dict[str, set[str]]:
    """The packages of others that modules import, each with the files that do."""
    found: dict[str, set[str]] = {}
    for file in (path for tree in TREES for path in tree.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in OWN:
                    found.setdefault(top, set()).add(str(file.relative_to(ROOT)))
    return found


def test_every_package_that_is_imported_is_a_dependency_of_ours() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [project["dependencies"]]
    needed += [names for extra, names in project["optional-dependencies"].items() if extra not in FOR_DEVELOPERS]
    declared = {normalized(name) for names in needed for name in names}
    distributions = packages_distributions()
    missing = {
        name: sorted(files)
        for name, files in imported().items()
        if name in distributions and not declared & {normalized(one) for one in distributions[name]}
    }
    assert not missing

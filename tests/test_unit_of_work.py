"""What the units of a unit of work promise by the names of their methods, and what use cases are given of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import exam_sessions

SOURCE = Path(exam_sessions.__file__).parent
UNITS = [path for path in sorted((SOURCE / "execution" / "units").glob("*.py")) if path.stem != "__init__"]
USE_CASES = [path for room in ("commands", "background") for path in sorted((SOURCE / room).glob("*.py"))]


def functions(path):
    """The functions of a module, methods included."""
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


def called(function):
    """The names of the methods that a function calls, each with the call."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return [(call.func.attr, call) for call in calls if isinstance(call.func, ast.Attribute)]


def writers():
    """The methods of the repositories that run a statement for its effect, or take places of a workspace's events."""
    found = {"reserve"}
    for path in (SOURCE / "store").glob("*.py"):
        for function in functions(path):
            if function.name != "__init__" and {"execute", "execute_many"} & {name for name, _ in called(function)}:
                found.add(function.name)
    return found


def test_a_method_of_a_unit_writes_immediately_when_its_name_says_so_and_only_then():
    names = [function.name for path in UNITS for function in functions(path) if function.name.endswith("_now")]
    assert len(names) > 10
    for path in UNITS:
        for function in functions(path):
            writes = "write_now" in {name for name, _ in called(function)}
            assert writes == function.name.endswith("_now"), f"{path.name}: {function.name}"


def test_what_a_method_of_another_name_writes_is_deferred():
    statements = writers()
    assert {"insert", "update", "delete", "mark_due_now"} <= statements
    for path in UNITS:
        for function in functions(path):
            if function.name.endswith("_now"):
                continue
            for name, call in called(function):
                through = ast.unparse(call.args[0]) if call.args else ""
                assert name not in statements or not through.endswith("db"), f"{path.name}: {function.name}"


def test_a_use_case_names_the_capabilities_it_is_given():
    for path in USE_CASES:
        assert not re.search(r"\bUnitOfWork\b", path.read_text()), path.name
        for function in functions(path):
            for given in function.args.args:
                assert given.arg != "uow" or given.annotation is not None, f"{path.name}: {function.name}"

"""What a refusal is: its kinds, each of which is one status, bad fields, and batches refused for some rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import ClassVar

VIOLATIONS_AT_MOST = 100
"""Bad fields looked for and named."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks a rule: its path in the request, what is wrong with it, and a reason in capitals."""

    field: str
    description: str
    reason: str = "INVALID_FIELD"


class Refusal(Exception):  # noqa: N818 - the contract calls a typed "no" a refusal, not an error
    """A rule was not met. Raised by pure code, carried unchanged to the caller."""

    reason: ClassVar[str] = ""
    text: ClassVar[str] = ""
    retry_after: float = 0.0
    """Seconds after which the same request may be accepted; 0 where that is unknown."""
    identifies: ClassVar[tuple[str, ...]] = ()
    """The facts that identify a person and are not what the caller itself has sent."""

    def __init_subclass__(cls) -> None:
        """Gives each class its reason: RequestIdReused becomes REQUEST_ID_REUSED."""
        cls.reason = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()

    def metadata(self) -> dict[str, str]:
        """The facts of the refusal as text, keyed by field name."""
        return {f.name: as_text(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]

    def violations(self) -> tuple[Violation, ...]:
        """The fields at fault; empty when no field is."""
        return ()

    def masked(self, mask: str) -> Refusal:
        """The refusal for callers who may not read personal data: with `mask` for what identifies somebody."""
        if not self.identifies:
            return self
        return replace(self, **dict.fromkeys(self.identifies, mask))  # type: ignore[type-var]

    def inside(self, path: str) -> None:
        """Adds to the refusal of a row the batch it is in, by the path of its repeated field."""

    def __str__(self) -> str:
        """The refusal in a sentence that says what to do next."""
        return self.text.format(**self.metadata())


def as_text(value: object) -> str:
    """A fact as a caller reads it: lists joined by commas, booleans in lower case."""
    if isinstance(value, tuple | list):
        return ",".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


class InvalidArgument(Refusal):
    """The request itself is wrong."""


class NotFound(Refusal):
    """No such thing in the workspace."""


class AlreadyExists(Refusal):
    """A unique value is taken."""


class WrongState(Refusal):
    """Legal in another state, or later."""


class Stale(Refusal):
    """Judged against an older version than today's."""


class OutOfRange(Refusal):
    """More than can be sent: an event that is not there, or not any more, or a reply that is too large."""


class Unauthenticated(Refusal):
    """No credential, or none that holds."""


class Denied(Refusal):
    """The secret is wrong, or the caller lacks a permission."""


class Exhausted(Refusal):
    """A limit is reached."""


class Unavailable(Refusal):
    """The service cannot answer now."""


class Damaged(Refusal):
    """What is stored is damaged."""


class Cancelled(Refusal):
    """A caller cancelled it."""


class TimedOut(Refusal):
    """The call took longer than it may."""


class Faulty(Refusal):
    """The service itself is at fault, and went on without it."""


@dataclass(eq=False)
class InvalidField(InvalidArgument):
    """Fields break their rules. `at_least` says that there may be more than `at` holds: they were not looked for."""

    at: tuple[Violation, ...]
    at_least: bool = False

    def metadata(self) -> dict[str, str]:
        """How many fields are at fault; which ones is said by the violations."""
        return {"violations": str(self.count())}

    def count(self) -> int:
        """How many fields were found to be at fault."""
        return len(self.at)

    def __str__(self) -> str:
        """The first field at fault, and how many more there are."""
        least = "at least " if self.at_least else ""
        more = f" (and {least}{self.count() - 1} more)" if self.count() > 1 else ""
        return f"{self.at[0].field}: {self.at[0].description}{more}"

    def violations(self) -> tuple[Violation, ...]:
        """The fields at fault."""
        return self.at

    def under(self, path: str) -> InvalidField:
        """The same, with every field seen from one message further out."""
        found = tuple(Violation(f"{path}.{v.field}", v.description, v.reason) for v in self.at)
        return InvalidField(found, self.at_least)


def invalid(field: str, description: str) -> InvalidField:
    """The refusal of one field."""
    return InvalidField((Violation(field, description),))


@dataclass(eq=False)
class RowRefusal:
    """One bad row of a batch: its index, the field at fault (empty when none is) and the refusal.

    Where rows stand in groups `index` is that of the group, and `part` that of the row in it.
    """

    index: int
    field: str
    refusal: Refusal
    part: int = 0

    def __post_init__(self) -> None:
        """Drops where it was raised: ten thousand refusals would hold as many frames."""
        self.refusal.__traceback__ = self.refusal.__context__ = None


class BatchRefused(Refusal):
    """A batch was refused because of some of its rows; its reason is that of the first.

    `rows` holds every bad row that was found, in order; `path` is the name of the repeated field in the request.
    """

    def __init__(self, path: str, rows: list[RowRefusal], size: int) -> None:
        super().__init__()
        self.path, self.rows, self.size = path, rows, size
        for row in rows:
            row.refusal.inside(path)

    @property
    def first(self) -> Refusal:
        """The refusal of the first bad row."""
        return self.rows[0].refusal

    @property
    def bad_rows(self) -> int:
        """How many rows are bad; one may be bad in several ways."""
        return len({(row.index, row.part) for row in self.rows})

    def masked(self, mask: str) -> Refusal:
        """See Refusal."""
        rows = [replace(row, refusal=row.refusal.masked(mask)) for row in self.rows]
        return BatchRefused(self.path, rows, self.size)

    def alone(self, path: str) -> Refusal:
        """The first refusal as that of a request with one row, found in the field `path`."""
        return self.first.under(path) if isinstance(self.first, InvalidField) else self.first

    def metadata(self) -> dict[str, str]:
        """The facts of the first bad row, where it is, and how many rows are bad."""
        position = {"index": str(self.rows[0].index), "bad_rows": str(self.bad_rows)}
        if isinstance(self.first, InvalidField):
            invalid_rows = [row.refusal for row in self.rows if isinstance(row.refusal, InvalidField)]
            position["violations"] = str(sum(refusal.count() for refusal in invalid_rows))
        return self.first.metadata() | position

    def violations(self) -> tuple[Violation, ...]:
        """One entry per bad row, as path[index].field, up to VIOLATIONS_AT_MOST."""
        found: list[Violation] = []
        for row in self.rows[:VIOLATIONS_AT_MOST]:
            field_path = f"{self.path}[{row.index}]" + (f".{row.field}" if row.field else "")
            inner = row.refusal.violations()
            if inner:
                found += [Violation(f"{field_path}.{v.field}", v.description, v.reason) for v in inner]
            else:
                found.append(Violation(field_path, str(row.refusal), row.refusal.reason))
        return tuple(found[:VIOLATIONS_AT_MOST])

    def __str__(self) -> str:
        """How much of the batch is at fault, and the first fault."""
        return f"{self.bad_rows} of {self.size} rows are refused, nothing was written; the first: {self.first}"


class RowRefused(BatchRefused):
    """One row of an operation was refused because of some of its parts: those are what `rows` holds here."""

    @classmethod
    def of(cls, refusal: Refusal) -> Refusal:
        """The refusal of a row, as that of this row and of no batch."""
        return cls(refusal.path, refusal.rows, refusal.size) if isinstance(refusal, BatchRefused) else refusal

    def metadata(self) -> dict[str, str]:
        """The facts of the first bad part, and where it is."""
        return self.first.metadata() | {"index": str(self.rows[0].index)}

    def __str__(self) -> str:
        """The first bad part, and how many more there are."""
        more = f" (and {self.bad_rows - 1} more)" if self.bad_rows > 1 else ""
        return f"{self.path}[{self.rows[0].index}]: {self.first}{more}"

"""Ids of the chunks of an import, by which the service and the next run recognise them.

A chunk's request id is made from the release, the content of the whole file, and the chunk's place in it. A chunk of
a long roster goes through a stream, and there the service makes the request id itself, of the import and a number.
"""

from __future__ import annotations

import uuid

FAMILY = uuid.UUID("6f1f0a52-2b57-5d0c-9a39-53c1d7a0e6b4")
"""The namespace of the request ids. Never to change: earlier runs are recognised by it."""

SMALLEST, LARGEST = 1_000, 10_000
"""Rows of a chunk; 10,000 is the most the service takes at once."""

GENERATIONS = 5
"""How often a chunk can be booked and deleted as a whole from the same file, while its requests are stored."""

SPAN = 16_384
"""More than the rows of a chunk. Never to change, as above."""


class ImportIds:
    """The ids of one import: of a file, by its digest, into one release."""

    def __init__(self, workspace: str, release_id: str, digest: str) -> None:
        self._file = f"{workspace}/{release_id}/{digest}"
        self._import = uuid.uuid5(FAMILY, self._file)
        self.whole = str(self._import)
        """The id of the import as a stream."""

    def request(self, start: int, stop: int, generation: int) -> str:
        """The request id of the rows from `start` up to `stop`, sent as a batch."""
        return str(uuid.uuid5(FAMILY, f"{self._file}/{start}-{stop}/{generation}"))

    @staticmethod
    def number(start: int, stop: int, generation: int) -> int:
        """The number of the same rows as a chunk of the stream."""
        return (start * SPAN + stop - start) * GENERATIONS + generation

    def known_by(self, start: int, stop: int, generation: int) -> tuple[str, str]:
        """The request ids under which the history may have these rows: as a batch, and as a chunk of the stream."""
        streamed = uuid.uuid5(self._import, str(self.number(start, stop, generation)))
        return str(streamed), self.request(start, stop, generation)

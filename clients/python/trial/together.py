"""Runs functions at a time: as tasks of asyncio, and as threads."""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class AsyncTogether(asyncio.TaskGroup):
    """A block that ends when all the tasks started in it have, or one has failed."""

    def start(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Starts a task."""
        self.create_task(function(*arguments))


class Together:
    """A block that ends when all the threads started in it have, or one has failed."""

    def __init__(self) -> None:
        self._started, self._ended = 0, SimpleQueue[Exception | None]()

    def __enter__(self) -> Self:
        """Begins the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Waits. Raises what the first of them failed with."""
        for _thread in range(self._started):
            if failed := self._ended.get():
                raise failed

    def start(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Starts a thread."""
        self._started += 1
        threading.Thread(target=self._run, args=(function, arguments), daemon=True).start()

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            function(*arguments)
        except Exception as failed:  # noqa: BLE001 - it is raised where the block ends
            self._ended.put(failed)
        else:
            self._ended.put(None)

"""A wire to a database that can fall silent: a TCP proxy of our own, on a thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from urllib.parse import urlsplit


class SilentProxy:
    """Forwards what comes to a port of its own; while it is silent it takes connections and forwards nothing."""

    def __init__(self, port):
        self._to = port
        self._loop = asyncio.new_event_loop()
        self._speaking = asyncio.Event()
        self._speaking.set()
        self._forgotten = set()
        self._tasks = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def url_of(self, url):
        """The URL of a database, by way of the proxy."""
        parts = urlsplit(url)
        return parts._replace(netloc=f"{parts.username}@127.0.0.1:{self.port}").geturl()

    def fall_silent(self):
        """Forwards nothing any more; connections stay open."""
        self._loop.call_soon_threadsafe(self._speaking.clear)

    def speak(self):
        """Forwards again, also what came meanwhile."""
        self._loop.call_soon_threadsafe(self._speaking.set)

    def lead_to(self, port):
        """Leads new connections elsewhere, as an address does that was moved."""
        self._to = port

    def forget_connections(self):
        """Never forwards anything again on the connections there are; new ones work."""

        def forget():
            self._forgotten |= self._tasks

        self._loop.call_soon_threadsafe(forget)

    async def _connected(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._speaking.wait()
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
            ways = [self._forward(task, reader, back), self._forward(task, there, writer)]
            await asyncio.gather(*ways)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(UnboundLocalError):
                back.close()

    async def _forward(self, connection, source, target):
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await self._speaking.wait()
                if connection not in self._forgotten:
                    target.write(data)
                    await target.drain()
        await self._speaking.wait()
        if connection not in self._forgotten:
            target.close()

    def close(self):
        async def end():
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

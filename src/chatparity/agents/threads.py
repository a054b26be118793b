"""Runs what would block in threads of its own: never more than so many at once, also after their caller gave up."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """At most `limit` calls at once. A call whose caller gave up keeps its place until it really ends.

    The threads are daemons: one that never ends does not keep the process from ending.
    """

    def __init__(self, limit: int) -> None:
        self._places = asyncio.Semaphore(limit)

    async def run(self, work: Callable[[threading.Event], T]) -> T:
        """Return what `work` returns, or raise what it raises; it is given an event that says nobody waits any more."""
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        # A list, because a future cannot hold every exception (StopIteration).
        outcome: list[T] = []
        errors: list[BaseException] = []
        done = asyncio.Event()
        abandoned = threading.Event()

        def finish() -> None:
            self._places.release()
            done.set()

        def body() -> None:
            try:
                outcome.append(context.run(work, abandoned))
            except BaseException as error:  # noqa: BLE001 — raised again where it was asked for
                errors.append(error)
            # Too late for a loop that has ended: nobody waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(finish)

        context = contextvars.copy_context()
        threading.Thread(target=body, name="chatparity-agent", daemon=True).start()
        try:
            await done.wait()
        finally:
            abandoned.set()
        if errors:
            raise errors[0]
        return outcome[0]

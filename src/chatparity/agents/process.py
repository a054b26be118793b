"""Child processes: what they said on their standard error, and how they are ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import Process
from typing import IO

from chatparity.agents.masking import mask

STOP_SECONDS = 5.0
_LINES = 6
_BYTES = 4000


def complaint(errors: IO[bytes]) -> str:
    """Return the last lines of what a child wrote to this file, masked; they say what is wrong, whatever came before.

    The file's place is not moved: the child may still be writing there.
    """
    size = os.fstat(errors.fileno()).st_size
    text = os.pread(errors.fileno(), _BYTES, max(size - _BYTES, 0)).decode("utf-8", "replace")
    return mask("\n".join(text.strip().splitlines()[-_LINES:]))


async def stop(child: Process, *, patience: float = STOP_SECONDS) -> None:
    """Close the child's standard input and wait `patience` seconds; what stays is terminated, then killed.

    The child leads a session of its own, so that what it has started ends with it.
    """
    if child.stdin is not None:
        child.stdin.close()
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
        try:
            async with asyncio.timeout(patience if number is None else STOP_SECONDS):
                # Reads to the end as well: a pipe left open would be a resource that nobody closes.
                await child.communicate()
        except TimeoutError:
            continue
        return

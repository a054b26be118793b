"""Lets a Trace listen to the client below the official OpenAI library, httpx or httpx2, whichever it came with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from chatparity.agents.masking import place
from chatparity.agents.trace import Trace

Hooks = dict[str, list[Callable[[Any], Awaitable[None]]]]


def hooks(trace: Trace) -> Hooks:
    """Return the event hooks that note each request, and each answer in the pieces it arrives in."""

    async def request(sent: Any) -> None:
        # Compressed, the raw answer would be nothing to look at.
        sent.headers["accept-encoding"] = "identity"
        trace.sent(f"{sent.method} {place(str(sent.url))}", await sent.aread(), dict(sent.headers))

    async def response(answered: Any) -> None:
        trace.began(f"HTTP {answered.status_code}", answered.status_code)
        # All other ways to read a response go through this one.
        raw = answered.aiter_raw

        async def overheard(*arguments: Any, **named: Any) -> AsyncIterator[bytes]:
            async for piece in raw(*arguments, **named):
                trace.heard(piece)
                yield piece

        answered.aiter_raw = overheard

    return {"request": [request], "response": [response]}

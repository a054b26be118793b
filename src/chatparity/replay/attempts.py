"""Asking an agent until it replies: one time limit an attempt, retries where they can help, every failure named."""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from chatparity.agents.base import Agent
from chatparity.agents.masking import holds_secret, mask, mask_all
from chatparity.errors import AgentFailure, UsageError
from chatparity.exchange import Conversation, Failure, Reply

_FRAMES = 4
# What certainly did not reach an endpoint that keeps the session: asking again cannot say the same thing twice there.
_UNHEARD = ("refused", "unknown_host", "tls", "http_429")


@dataclass(frozen=True)
class Backoff:
    """How long to wait between attempts: full jitter over an exponential bound, never less than was asked for.

    The wait before attempt n + 1 is uniform in [0, min(`longest`, `first` · 2^(n-1))] seconds (Brooker, "Exponential
    Backoff And Jitter", AWS Architecture Blog, 2015); a Retry-After is added in full. `patience`: an endpoint that asks
    for more seconds than this is not asked again.
    """

    first: float = 0.5
    longest: float = 20.0
    patience: float = 300.0

    def wait(self, attempt: int, retry_after: float | None, rng: random.Random) -> float:
        """Return the seconds to wait after failed attempt number `attempt` (from 1)."""
        bound = min(self.longest, self.first * 2.0 ** min(attempt - 1, 60))
        return (retry_after or 0.0) + rng.uniform(0.0, bound)


async def ask(
    agent: Agent,
    conversation: Conversation,
    *,
    attempts: int,
    timeout_seconds: float,
    backoff: Backoff,
    on_attempt: Callable[[], None] | None = None,
) -> Reply | Failure:
    """Return the agent's reply, or why there is none after at most `attempts` attempts of `timeout_seconds` each.

    Only UsageError and cancellation come out as exceptions: whatever else an agent raises is a failure of kind
    `crashed`. The waits are the same for the same transcript, turn and trial. `on_attempt` is called before each.
    """
    rng: random.Random | None = None
    attempt = 0
    while True:
        attempt += 1
        if on_attempt is not None:
            on_attempt()
        failure = await _once(agent, conversation, timeout_seconds)
        if isinstance(failure, Reply):
            return failure
        if attempt >= attempts or not _worth_it(agent, failure, backoff):
            return Failure(kind=failure.kind, message=mask(str(failure)), attempts=attempt)
        # Not for secrets: the waits only have to differ from each other.
        rng = rng or random.Random(f"{conversation.id} {conversation.turn} {conversation.trial}")  # noqa: S311
        await asyncio.sleep(backoff.wait(attempt, failure.retry_after, rng))


async def _once(agent: Agent, conversation: Conversation, timeout_seconds: float) -> Reply | AgentFailure:
    """Return what became of one attempt."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return _without_secrets(await agent.reply(conversation))
    except AgentFailure as failure:
        return failure
    except TimeoutError:
        return AgentFailure("timeout", f"{agent.name}: no reply within {timeout_seconds:g} s", retryable=True)
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 — an agent's bug must cost one exchange, not the run
        return AgentFailure("crashed", _shortened(error), retryable=False)


def _without_secrets(reply: Reply) -> Reply:
    """Return a reply in which an endpoint that repeats our own key to us does not bring it into the run."""
    if not holds_secret(msgspec.json.encode(reply)):
        return reply
    calls = tuple(
        msgspec.structs.replace(call, arguments=mask_all(call.arguments), result=mask_all(call.result))
        for call in reply.tool_calls
    )
    model = reply.model and mask(reply.model)
    return msgspec.structs.replace(reply, text=mask(reply.text), tool_calls=calls, model=model)


def _worth_it(agent: Agent, failure: AgentFailure, backoff: Backoff) -> bool:
    """Say whether another attempt can help and does no harm."""
    if agent.keeps_session and failure.kind not in _UNHEARD:
        return False
    return failure.retryable and (failure.retry_after or 0.0) <= backoff.patience


def _shortened(error: Exception) -> str:
    """Return an exception and the innermost frames it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    # The file's name, not its folders: a run may be shown to people who should not see our machine.
    places = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} in {frame.name}" for frame in frames]
    return f"{type(error).__name__}: {error} [{' > '.join(places)}]"

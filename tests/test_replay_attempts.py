"""Attempts: how long is waited between them, and what an agent's own bug becomes."""

from __future__ import annotations

import asyncio
import datetime as dt
import random

import pytest

from chatparity.agents.failures import retry_after
from chatparity.errors import AgentFailure
from chatparity.exchange import Conversation, Failure, Reply
from chatparity.replay.attempts import Backoff, ask
from chatparity.transcript import Turn

QUESTION = Conversation(
    id="en-1", turn=1, trial=0, language="en", history=(Turn(speaker="customer", text="Where is my refund?"),)
)


def test_retry_after_may_be_seconds_or_a_date() -> None:
    now = dt.datetime(2026, 3, 2, 9, 0, 0, tzinfo=dt.UTC)
    values = {
        "3": 3.0,
        "0.5": 0.5,
        "-1": 0.0,
        "Mon, 02 Mar 2026 09:00:07 GMT": 7.0,
        "Mon, 02 Mar 2026 08:00:00 GMT": 0.0,
        "soon": None,
        "inf": None,
        "": None,
    }
    assert {value: retry_after({"retry-after": value}, now=now) for value in values} == values
    assert retry_after({}) is None


def test_waits_are_jittered_within_a_bound_that_doubles_and_are_the_same_every_time() -> None:
    backoff = Backoff(first=1.0, longest=5.0)
    waits = [backoff.wait(attempt, None, random.Random(attempt)) for attempt in range(1, 9)]
    assert all(0 <= wait <= min(5.0, 2.0 ** (attempt - 1)) for attempt, wait in enumerate(waits, 1))
    assert waits == [backoff.wait(attempt, None, random.Random(attempt)) for attempt in range(1, 9)]
    spread = [backoff.wait(10_000, None, random.Random(seed)) for seed in range(200)]
    assert min(spread) < 0.5 < 4.5 < max(spread) <= 5.0, "full jitter: from nothing to the bound"
    assert backoff.wait(1, 30.0, random.Random(1)) >= 30.0


class Crashing:
    """An agent with a bug."""

    name = "crashing"
    keeps_session = False

    async def reply(self, conversation: Conversation) -> Reply:
        raise KeyError("Authorization: Bearer abcdefghijkl")

    async def close(self) -> None: ...


def test_a_bug_in_an_agent_is_a_failure_that_says_where_and_hides_what_looks_like_a_key() -> None:
    found = asyncio.run(ask(Crashing(), QUESTION, attempts=4, timeout_seconds=1, backoff=Backoff()))
    assert isinstance(found, Failure)
    assert (found.kind, found.attempts) == ("crashed", 1)
    assert "KeyError" in found.message
    assert "test_replay_attempts.py" in found.message
    assert "Bearer ***" in found.message
    assert "abcdefghijkl" not in found.message


class Failing:
    """An agent that keeps the session on its own side and always fails in the same way."""

    name = "failing"
    keeps_session = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    async def reply(self, conversation: Conversation) -> Reply:
        raise AgentFailure(self.kind, "no", retryable=True)

    async def close(self) -> None: ...


@pytest.mark.parametrize(("kind", "attempts"), [("refused", 3), ("http_429", 3), ("timeout", 1), ("http_5xx", 1)])
def test_a_session_is_asked_again_only_when_it_certainly_did_not_hear(kind: str, attempts: int) -> None:
    backoff = Backoff(first=0.0)
    found = asyncio.run(ask(Failing(kind), QUESTION, attempts=3, timeout_seconds=1, backoff=backoff))
    assert isinstance(found, Failure)
    assert found.attempts == attempts

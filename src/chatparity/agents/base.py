"""What an agent is: one method that answers a conversation."""

from __future__ import annotations

from typing import Protocol

from chatparity.exchange import Conversation, Reply


class Agent(Protocol):
    """Whatever answers customers, reached through its endpoint.

    `name` is the specification as it was given; it never holds a secret. With `keeps_session` the endpoint remembers
    the conversation itself, so that only a `free_running` replay is possible.
    """

    name: str
    keeps_session: bool

    async def reply(self, conversation: Conversation) -> Reply:
        """Ask once, without retries, and return the answer. Raises AgentFailure."""

    async def close(self) -> None:
        """Let go of connections and child processes; called once."""

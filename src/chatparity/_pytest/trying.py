"""What a test of a team's own grader needs: the grader as the suite knows it, and an exchange made of a few words."""

from __future__ import annotations

from typing import Any

from chatparity.exchange import Exchange, Reply
from chatparity.points import points_of
from chatparity.transcript import Transcript, Turn


def exchange_of(
    reply: str | Reply, *, asked: str = "Where is my refund?", language: str = "en", **more: Any
) -> Exchange:
    """Return the exchange in which a customer asked something and an agent replied, at the first turn.

    `more` are fields of a transcript: `labels`, `knowledge`, `records`, `market`, ….
    """
    turns = (Turn(speaker="customer", text=asked),)
    [point] = points_of(Transcript(schema=1, id="made-for-a-test", language=language, turns=turns, **more))
    return Exchange(point, Reply(text=reply) if isinstance(reply, str) else reply)

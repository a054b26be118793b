"""`chatparity try`: one question to an agent, and everything that went over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatparity.cli.options import Agent, AsJson
from chatparity.cli.show import complain, say

if TYPE_CHECKING:
    from chatparity.agents import Trace
    from chatparity.exchange import Conversation, Failure, Reply
    from chatparity.suite import Suite

EXAMPLES = """Examples:

  chatparity try "Where is my refund?" --agent openai:gpt-5-mini

  chatparity try "Wo bleibt mein Geld?" --agent http:agent.toml --language de --market DE

  chatparity try "Where is my refund?" --agent python:bot:reply --json"""


def command(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the customer says.")],
    agent: Agent = None,
    language: Annotated[str, typer.Option(metavar="L", help="The customer's language.")] = "en",
    customer: Annotated[str | None, typer.Option(metavar="C", help="The customer's id.")] = None,
    market: Annotated[str | None, typer.Option(metavar="M", help="The customer's market, such as GB.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask an agent one question.

    Prints the request with the suite's prompt (secrets masked), the raw reply, and what was read out of it. When the
    agent fails, the exit code is 1 and stderr says what to change.
    """
    import asyncio

    from chatparity.agents import Trace
    from chatparity.agents.advice import advice
    from chatparity.agents.masking import mask
    from chatparity.cli.tried import in_json, lines
    from chatparity.exchange import Failure
    from chatparity.suite import load_suite

    suite = load_suite()
    spec = agent or suite.settings.agent.default
    trace = Trace()
    question = _question(suite, text, language=language, customer=customer, market=market)
    found = asyncio.run(_asked(suite, spec, question, trace))
    advised = advice(found.kind, spec=spec, status=trace.status, raw=trace.answer) if isinstance(found, Failure) else ""
    if as_json:
        say(in_json(trace, found, question, advised))
    else:
        for line in lines(trace, found, question):
            say(line)
    if isinstance(found, Failure):
        complain(f"{found.kind}: {mask(found.message)}")
        complain(f"what to change: {advised}")
        raise typer.Exit(1)


def _question(suite: Suite, text: str, *, language: str, customer: str | None, market: str | None) -> Conversation:
    """Return a conversation that begins today with these words. Raises UsageError for values that cannot be."""
    import datetime as dt
    import uuid

    import msgspec

    from chatparity.errors import UsageError
    from chatparity.exchange import Conversation
    from chatparity.points import points_of
    from chatparity.replay.prompt import Prompt
    from chatparity.transcript import Transcript

    if not text.strip():
        raise UsageError("TEXT: expected what the customer says, got an empty text")
    turns = [{"speaker": "customer", "text": text}, {"speaker": "ai_agent"}]
    fields = {"schema": 1, "id": "try", "language": language, "market": market, "customer": customer, "turns": turns}
    try:
        transcript = msgspec.convert({**fields, "started_at": dt.datetime.now(dt.UTC)}, Transcript)
    except msgspec.ValidationError as error:
        raise UsageError(f"chatparity try: {error}") from error
    [point] = points_of(transcript)
    prompt = Prompt(suite)
    return Conversation(
        id=point.id,
        turn=point.turn,
        trial=0,
        language=language,
        history=point.history,
        system=prompt.system(point),
        tools=prompt.tools,
        market=market,
        customer=customer,
        session=uuid.uuid4().hex,
    )


async def _asked(suite: Suite, spec: str, question: Conversation, trace: Trace) -> Reply | Failure:
    """Ask once."""
    from chatparity.agents import open_agent
    from chatparity.replay.attempts import Backoff, ask

    async with open_agent(spec, suite, trace=trace) as agent:
        seconds = suite.settings.agent.timeout_seconds
        return await ask(agent, question, attempts=1, timeout_seconds=seconds, backoff=Backoff())

"""What asking costs: the suite's price table, applied to the tokens that an endpoint says it read and wrote."""

from __future__ import annotations

import re

import msgspec

from chatparity.exchange import ReplyRecord, Usage
from chatparity.suite import PriceTable, Settings

MILLION = 1_000_000


class Prices:
    """The prices of a suite, for one agent.

    The price is that of the model a reply names, with or without the date at its end, else that of the model in the
    agent's specification (`openai:MODEL@URL`); `sandbox` is the model of the sandbox.
    """

    def __init__(self, settings: Settings, agent: str) -> None:
        self._settings = settings
        self.agent_model = model_of(agent)
        self.currency = next((price.currency for price in settings.prices.values()), None)

    def price(self, model: str | None = None) -> PriceTable | None:
        """Return the price of a model, or None when the suite names none."""
        return self._settings.price(model, self.agent_model)

    def cost(self, usage: Usage | None, model: str | None = None) -> float | None:
        """Return what these tokens cost, or None when they or the model's price are not known."""
        price = self.price(model)
        if usage is None or price is None:
            return None
        read, written = usage.input_tokens * price.input_per_million, usage.output_tokens * price.output_per_million
        return (read + written) / MILLION

    def priced(self, record: ReplyRecord) -> ReplyRecord:
        """Return a record with the cost of its reply and of all that was spent, where it can be told."""
        reply, spent = record.reply, record.spent
        model = reply.model if reply is not None else None
        if reply is not None and reply.cost is None:
            reply = msgspec.structs.replace(reply, cost=self.cost(reply.usage, model))
        if spent is not None and spent.cost is None:
            cost = reply.cost if reply is not None else self.cost(spent.usage, model)
            spent = msgspec.structs.replace(spent, cost=cost)
        return msgspec.structs.replace(record, reply=reply, spent=spent)


def model_of(agent: str) -> str | None:
    """Return the model that an agent's specification names, or None when it names none."""
    kind, _, argument = agent.partition(":")
    if kind == "sandbox":
        return "sandbox"
    return re.split(r"@(?=\w+://)", argument)[0] or None if kind == "openai" else None

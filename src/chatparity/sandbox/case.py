"""One request being worked on: what is known, what was called, what will be said."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatparity.sandbox import slots
from chatparity.sandbox.letters import fold
from chatparity.sandbox.policy import Policy
from chatparity.sandbox.situation import Situation
from chatparity.sandbox.slots import Counting
from chatparity.sandbox.speak import Money, Part
from chatparity.sandbox.stems import ENOUGH
from chatparity.sandbox.tools import Tools
from chatparity.sandbox.understand import Ear, Heard
from chatparity.transcript import ToolCall

Order = dict[str, Any]
_ALIKE = 0.65
_LEAST = 4


@dataclass
class Case:
    """The desk of the agent for one request.

    `heard` is what the customer means now; `words` are the texts it rests on, latest first: the last words and, where
    they only add a detail to what was asked before, those too. With `asking` the customer asks about something and
    does not want it done.
    """

    situation: Situation
    today: dt.date
    market: str
    language: str
    policy: Policy
    tools: Tools
    ear: Ear
    counting: Counting
    heard: Heard
    words: tuple[str, ...]
    asking: bool = False
    agreed: bool = False
    parts: list[Part] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    handover: str | None = None
    _reads: dict[tuple[str, str], Any] = field(default_factory=dict)

    def say(self, key: str, **values: Any) -> None:
        """Add something to the answer, once."""
        part = Part(key, values)
        if part not in self.parts:
            self.parts.append(part)

    def cue(self, *names: str) -> bool:
        """Say whether one of these cues is in what the customer means now."""
        return any(name in self.heard.cues for name in names)

    def meant(self, text: str) -> tuple[str, ...]:
        """Return the intents of an earlier text: those of its patterns, else the heaviest that its stems make."""
        heaviest = self.ear.guesses(text)[:1]
        return self.ear.hear(text).intents or tuple(name for weight, name in heaviest if weight >= ENOUGH)

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return its result; a read that was made in this request is not made again."""
        key = (name, str(arguments))
        if key in self._reads:
            return dict(self._reads[key])
        done = self.tools.call(name, arguments)
        self.calls.append(done)
        if name in self.tools.listed.writes:
            self._reads.clear()
        else:
            self._reads[key] = done.result
        return dict(done.result)

    def number(self, key: str) -> Any:
        """Return the policy number that is valid today in the customer's market."""
        return self.policy.number(key, self.market, self.today)

    def money(self, amount: str) -> Money:
        """Return an amount in the customer's currency."""
        return Money(amount, self.tools.currency)

    def account(self) -> dict[str, Any]:
        """Return what `get_account` says."""
        return self.call("get_account")

    def orders(self) -> list[Order]:
        """Return the customer's orders, newest first."""
        return list(self.call("list_orders")["orders"])

    def order(self, order: str) -> Order:
        """Return one order in full."""
        return dict(self.call("get_order", order=order)["order"])

    def instalments(self, order: str) -> list[dict[str, Any]]:
        """Return an order's instalments by number."""
        return list(self.call("get_instalments", order=order)["instalments"])

    def paused_until(self, order: str) -> dt.date | None:
        """Return the day until which an order's invoice is paused, or None."""
        days = [part["paused_until"] for part in self.instalments(order) if part["status"] == "paused"]
        return day(max(days)) if days else None

    def choose(self, *fits: Callable[[Order], bool], ask: bool = True) -> list[str]:
        """Return the orders the customer means, or none after asking which one.

        Named ones first; else the one spoken about, if it fits; else the only one that fits, by the first of `fits`
        that any order meets; else the one spoken about.
        """
        orders = self.orders()
        known = [order["id"] for order in orders]
        if not known:
            if not self.parts:
                self.say("no_orders")
            return []
        named = self._named(known, orders)
        unknown = [order for order in named if order not in known]
        if unknown:
            self.say("unknown_order", order=unknown[0])
            return []
        if named:
            return named
        spoken = self._spoken(known, orders)
        if len(known) == 1:
            return known
        for fit in fits:
            fitting = [order["id"] for order in orders if fit(order)]
            if spoken in fitting or (spoken and not fitting):
                return [spoken]
            if len(fitting) == 1:
                return fitting
            if fitting:
                orders = [order for order in orders if order["id"] in fitting]
                break
        if spoken in known:
            return [spoken]
        if ask:
            self.ask_order(orders)
        return []

    def mentioned(self) -> list[str]:
        """Return the orders that the conversation is about, as far as it names any; the only one there is otherwise."""
        orders = self.orders()
        known = [order["id"] for order in orders]
        named = [order for order in self._named(known, orders) if order in known]
        spoken = self._spoken(known, orders)
        return named or ([spoken] if spoken else known if len(known) == 1 else [])

    def names_an_order(self, folded: str) -> bool:
        """Say whether a folded text names one of the customer's orders by merchant, item or bare number."""
        orders = self.orders()
        known = [order["id"] for order in orders]
        return bool(slots.order_ids(folded, known) or best_named(folded, orders))

    def ask_order(self, orders: Sequence[Order]) -> None:
        """Ask which order is meant and list those that come into question."""
        self.say("ask_order")
        for order in orders[:5]:
            self.say(
                "line.order",
                order=order["id"],
                item=order["item"],
                merchant=order["merchant"],
                total=Money(order["total"], order["currency"]),
                placed=day(order["placed_on"]),
            )

    def _named(self, known: Sequence[str], orders: Sequence[Order]) -> list[str]:
        """Return the orders that the customer's words name: by id, else by merchant or item."""
        for text in self.words:
            ids = slots.order_ids(text, known)
            parts = [f"H-{one.split('-')[1]}" for one in (*slots.instalment_ids(text), *slots.charge_ids(text))]
            if ids or parts:
                return list(dict.fromkeys([*ids, *parts]))
            called = best_named(fold(text).lower(), orders)
            if called:
                return [called]
        return []

    def _spoken(self, known: Sequence[str], orders: Sequence[Order]) -> str:
        """Return the order spoken about last, or an empty text."""
        for message in reversed(self.situation.before):
            texts = [message.text, *(str(value) for call in message.calls for value in call.arguments.values())]
            ids = [order for text in texts for order in slots.order_ids(text.replace("CH-", "H-"), known)]
            ids += [f"H-{one.split('-')[1]}" for text in texts for one in slots.instalment_ids(text)]
            ids = list(dict.fromkeys(order for order in ids if order in known))
            if len(ids) == 1:
                return ids[0]
            if message.role == "customer" and not ids:
                called = best_named(fold(message.text).lower(), orders)
                if called:
                    return called
        return ""


def best_named(folded: str, orders: Sequence[Order]) -> str | None:
    """Return the one order whose merchant or item shares most words with a folded text, or None."""
    said = [word for word in re.findall(r"\w+", folded) if len(word) > 3]
    scores = []
    for order in orders:
        words = {
            word for word in re.findall(r"\w+", fold(f"{order['merchant']} {order['item']}").lower()) if len(word) > 3
        }
        hits = sum(any(_same(word, one) for one in said) for word in words)
        scores.append((hits, order["id"]))
    scores.sort(reverse=True)
    if not scores or scores[0][0] == 0 or (len(scores) > 1 and scores[0][0] == scores[1][0]):
        return None
    return str(scores[0][1])


def _same(word: str, said: str) -> bool:
    """Say whether two words may be forms of one: most of one's beginning stands somewhere in the other."""
    return any(one[: max(_LEAST, round(len(one) * _ALIKE))] in other for one, other in ((word, said), (said, word)))


def day(text: str) -> dt.date:
    """Return a date written as the shop writes it."""
    return dt.date.fromisoformat(text[:10])

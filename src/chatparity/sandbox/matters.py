"""The matters of one message: sentences about different orders, and requests that stand beside a graver one."""

from __future__ import annotations

import re

from chatparity.sandbox import slots
from chatparity.sandbox.case import Case, best_named
from chatparity.sandbox.letters import fold
from chatparity.sandbox.memory import SMALL_TALK
from chatparity.sandbox.plausible import fits_records

_END = re.compile(r"(?<=[.!?؟;])\s+|\n+")
_BESIDE = frozenset({
    "extend", "waive", "change_email", "change_address", "change_method", "hours", "second_look", "advice", "return",
})  # fmt: skip


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text."""
    return [part.strip() for part in _END.split(text) if part.strip()]


def by_order(case: Case) -> list[str]:
    """Return the last words as one text for each order, where sentences name different orders; else nothing.

    A sentence that names none belongs to the order before it, those at the beginning to the first.
    """
    orders = case.orders()
    known = [order["id"] for order in orders]
    groups: list[tuple[str, list[str]]] = []
    waiting: list[str] = []
    for sentence in sentences(case.situation.last):
        ids = [order for order in slots.order_ids(sentence, known) if order in known]
        if len(ids) > 1:
            return []
        order = ids[0] if ids else best_named(fold(sentence).lower(), orders)
        if order is None:
            (groups[-1][1] if groups else waiting).append(sentence)
        elif groups and groups[-1][0] == order:
            groups[-1][1].append(sentence)
        else:
            groups.append((order, [*waiting, sentence]))
            waiting = []
    texts = ["\n".join(said) for _, said in groups]
    wanted = [text for text in texts if set(case.ear.hear(text).intents) - SMALL_TALK]
    return wanted if len({order for order, _ in groups}) > 1 and len(wanted) > 1 else []


def beside(case: Case, intents: list[str]) -> list[tuple[str, str]]:
    """Return requests that a sentence of its own makes and that the whole text hides: intent and sentence."""
    found: dict[str, str] = {}
    texts = sentences(case.situation.last)
    if len(texts) < 2 or not intents:
        return []
    for sentence in texts:
        heard = case.ear.hear(sentence)
        if not heard.cues & {"want", "asks", "may_i"}:
            continue
        for name in heard.intents:
            if name in _BESIDE and name not in intents and fits_records(case, name):
                found.setdefault(name, sentence)
    return list(found.items())

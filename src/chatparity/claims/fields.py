"""The fields of a conversation that claims are computed from: what each is called, its type, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "flag", "time"]


@dataclass(frozen=True)
class Field:
    """One field: `kind` is the type of its values, `meaning` what a person must put there."""

    name: str
    kind: Kind
    meaning: str


FIELDS: dict[str, Field] = {
    one.name: one
    for one in (
        Field("id", "text", "the conversation’s id"),
        Field("customer", "text", "who wrote: the same value for all conversations of a customer"),
        Field("started_at", "time", "when the conversation began, with its time zone (without one it is UTC)"),
        Field("language", "text", "the customer’s language"),
        Field("market", "text", "the customer’s market"),
        Field("channel", "text", "chat, phone, email, …"),
        Field("intent", "text", "what the customer wanted"),
        Field("difficulty", "text", "how hard the case is, judged before anyone answered it"),
        Field("handled_by", "text", "ai (the assistant alone), human (people alone) or both (handed over)"),
        Field("answered", "flag", "whether the assistant answered at all when it was written to"),
        Field("resolved", "flag", "whether the conversation ended with the matter resolved"),
        Field("abandoned", "flag", "whether the customer left before the end"),
        Field("recontact_7d", "flag", "whether the same matter came back within seven days, where the log says so"),
        Field(
            "handle_seconds", "number", "seconds from the first message to the resolution, or to the end without one"
        ),
        Field("effort_seconds", "number", "seconds of work that a person put into the conversation"),
        Field("csat", "number", "the customer’s answer to the satisfaction question, empty where there was none"),
        Field("accuracy", "number", "from 0 to 1: how right the resolution was, judged by people on a random sample"),
        Field("cost", "number", "what the conversation cost, in one currency"),
        Field("person_asked_turn", "number", "the turn at which the customer first asked for a person, else empty"),
        Field("person_given_turn", "number", "the turn at which a person took over, else empty"),
    )
}
# Values that `handled_by` may take; a table's own words are translated by `[values.handled_by]`.
HANDLERS = ("ai", "human", "both")


def described(name: str) -> str:
    """Return a field with its meaning, as a ledger names data that would tell."""
    return f"{name}: {FIELDS[name].meaning}"

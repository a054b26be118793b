"""Who gave a score: all that, once changed, makes a grader another one, and its licence void."""

from __future__ import annotations

import hashlib
from functools import cache

import msgspec

from chatparity.exchange import Exchange, Point, Reply
from chatparity.grading.grader import Grader
from chatparity.transcript import Fact, Knowledge, Labels, ToolCall, Turn


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What graded: a grader's version, and for one that asks a judge its model and the prompt around its rubric.

    `version` holds a hash of the rubric's text and settings, or of a fitted model's numbers. `judge` is the judge's
    specification, model and address; `prompt` a hash of what is put before it beside the rubric.
    """

    version: str
    judge: str = ""
    prompt: str = ""

    def differs(self, other: Fingerprint) -> str:
        """Return what is another than in `other`, in words ("" when nothing is)."""
        names = {"judge": "the judge", "version": "the grader", "prompt": "the prompt"}
        changed = [
            f"{said} changed ({getattr(other, name) or 'none'} → {getattr(self, name) or 'none'})"
            for name, said in names.items()
            if getattr(self, name) != getattr(other, name)
        ]
        return ", ".join(changed)


def fingerprint_of(grader: Grader, judge: str) -> Fingerprint:
    """Return the fingerprint of a grader that asks the judge of specification `judge` if it asks one."""
    if not grader.needs_judge:
        return Fingerprint(version=grader.version)
    return Fingerprint(version=grader.version, judge=judge, prompt=prompt_version())


@cache
def prompt_version() -> str:
    """Return a short hash of what the judge is sent for a made-up exchange and an empty rubric, schema included."""
    from chatparity.grading.material import material_of
    from chatparity.grading.verdict import messages_for, schema_for

    turn = Turn(speaker="human_agent", text="b", tool_calls=(ToolCall(name="c", arguments={"d": 1}, result="e"),))
    point = Point(
        id="a",
        turn=2,
        trial=0,
        language="en",
        market=None,
        channel="chat",
        intent=None,
        difficulty=None,
        started_at=None,
        cluster="a",
        history=(Turn(speaker="customer", text="a"), turn),
        knowledge=(Knowledge(id="f", text="g"),),
        records={"h": "i"},
        labels=Labels(facts=(Fact(id="j", accept=("k",)),)),
        last=True,
    )
    material = material_of(Exchange(point=point, reply=Reply(text="l")), reference_facts=True)
    sent = [messages_for(material, ""), schema_for((1, 5))]
    return hashlib.sha256(msgspec.json.encode(sent, order="deterministic")).hexdigest()[:8]


def conversation_mark(cluster: str) -> str:
    """Return a short hash of a conversation's name: a saved model says on which it was fitted, and names none."""
    return hashlib.sha256(cluster.encode()).hexdigest()[:12]

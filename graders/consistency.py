"""Consistency by rule: does a later trial of a conversation say, do and hand over what the first one did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chatparity.checks.calls import calls_of, describe, effective, writes
from chatparity.checks.said import account
from chatparity.grading import Exchange, Score, grader

Told = set[str]


def facts_of(trial: Sequence[Exchange]) -> Told:
    """Return the labelled facts that a trial told where they were due."""
    return {fact.id for exchange in trial for fact in account(exchange).said}


def writes_of(trial: Sequence[Exchange]) -> Counter[str]:
    """Return the writes of a trial that succeeded, whatever their order."""
    return Counter(describe(call) for call in effective(calls_of(one.reply for one in trial)) if writes(call.name))


def handovers_of(trial: Sequence[Exchange]) -> Told:
    """Return the turns at which a trial handed over."""
    return {f"turn {one.turn}" for one in trial if one.reply.handover}


@grader(dimension="consistency", trials=True)
def consistency(trial: Sequence[Exchange], first: Sequence[Exchange]) -> Score:
    """Compare a later trial of a conversation with the first: the same facts, the same writes, the same handovers.

    The value is the share of these three in which they agree. Facts are the labelled ones, writes are compared with all
    their arguments. Not seen: which of the two is right (both may be wrong alike), the wording, and statements that no
    label names. Trials that a log keeps as transcripts of their own are not compared. Needs a run with `--trials` of at
    least 2; people, who answered once, have no score.
    """
    facts, before = facts_of(trial), facts_of(first)
    done, did = writes_of(trial), writes_of(first)
    handed, had = handovers_of(trial), handovers_of(first)
    parts = {
        "facts": (sorted(facts - before), sorted(before - facts)),
        "writes": (sorted((done - did).elements()), sorted((did - done).elements())),
        "handover": (sorted(handed - had), sorted(had - handed)),
    }
    apart = {name: both for name, both in parts.items() if any(both)}
    if not apart:
        return Score.passed("the same facts, writes and handovers as in the first trial", outcome="same")
    why = (
        f"{name}: {'; '.join(filter(None, (_told('now', now), _told('in the first trial', then))))}"
        for name, (now, then) in apart.items()
    )
    return Score.failed(". ".join(why), value=1 - len(apart) / len(parts), outcome=next(iter(apart)))


def _told(when: str, what: Sequence[str]) -> str:
    """Say what only one of the trials has."""
    return f"only {when} {', '.join(what)}" if what else ""

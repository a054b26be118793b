"""Planting: which answers are good, and one fault into each mutant, with an account of what could not be planted."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from chatparity.mutate.fault import Answer, Fault, NotPlantable, Planted, World
from chatparity.mutate.known import known_in
from chatparity.points import recorded_reply
from chatparity.splits import Split
from chatparity.transcript import Knowledge, Transcript, answer_turns

POLITE = 4
ENOUGH = "enough mutants of this fault in this language"


@dataclass(frozen=True)
class Good:
    """A good answer: the one recorded in `transcript` at `turn`."""

    transcript: Transcript
    turn: int

    @property
    def key(self) -> tuple[str, int]:
        """Return what names it."""
        return (self.transcript.id, self.turn)


@dataclass(frozen=True)
class Mutant:
    """An answer with one fault in it; `original` is what it is held against: the transcript as it was, or its twin."""

    fault: Fault
    of: Good
    planted: Planted

    @property
    def id(self) -> str:
        """Return the id of the mutated transcript."""
        return self.planted.transcript.id

    @property
    def language(self) -> str:
        """Return the language of the conversation."""
        return self.of.transcript.language

    @property
    def cluster(self) -> str:
        """Return what it shares with other mutants of the same conversation or task."""
        return self.of.transcript.cluster or self.of.transcript.id

    @property
    def original(self) -> Transcript:
        """Return the transcript without the fault."""
        return self.planted.twin or self.of.transcript


@dataclass
class Account:
    """How often each fault could not be planted, by (fault, language, reason); with `planted` it adds up to `tried`."""

    tried: int = 0
    planted: int = 0
    left: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def good_answers(transcripts: Iterable[Transcript]) -> tuple[list[Good], bool]:
    """Return the good recorded answers, and whether that is what people said of them.

    Good is labelled accuracy 1, not hallucinated and politeness of at least 4. Where no answer of the data has such a
    rating, every recorded answer is taken for good, and the second value is False.
    """
    every: list[Good] = []
    rated: list[Good] = []
    any_rating = False
    for transcript in transcripts:
        ratings = {one.turn: one for one in transcript.labels.answers or ()}
        any_rating = any_rating or bool(ratings)
        for turn in answer_turns(transcript):
            reply = recorded_reply(transcript, turn)
            if reply is None or not reply.text.strip():
                continue
            every.append(Good(transcript, turn))
            one = ratings.get(turn)
            if one and one.accuracy == 1 and one.hallucinated is False and (one.politeness or 0) >= POLITE:
                rated.append(Good(transcript, turn))
    return (rated, True) if any_rating else (every, False)


def world_of(
    transcripts: Sequence[Transcript], handover_tools: Sequence[str], passages: Iterable[Knowledge] = ()
) -> World:
    """Return what the data as a whole tell: the handover tool they use, calls that change things, all passages.

    `passages` are those of the policy, where it is at hand; those of all conversations are added.
    """
    writes = {one.name for transcript in transcripts for one in transcript.labels.actions or ()}
    calls = [call for transcript in transcripts for turn in transcript.turns for call in turn.tool_calls if call.ok]
    used = Counter(call.name for call in calls if call.name in handover_tools)
    texts: dict[tuple[str, str], Knowledge] = {}
    for passage in (*passages, *(one for transcript in transcripts for one in transcript.knowledge)):
        texts.setdefault((passage.id, passage.text), passage)
    made = [call for call in calls if call.name in writes - set(handover_tools)]
    return World(
        handover_tools=tuple(sorted(handover_tools, key=lambda name: -used[name])) or ("hand_over",),
        writes=tuple({(call.name, repr(call.arguments)): call for call in made}.values()),
        passages=tuple(texts.values()),
    )


def plant(
    answers: Sequence[Good],
    faults: Mapping[str, Fault],
    world: World,
    *,
    split: Split = "all",
    seed: int = 0,
    each: int = 0,
) -> tuple[list[Mutant], Account]:
    """Plant every fault into every good answer that can hold it, at most `each` a fault and language (0: all).

    Which answers are taken, and what is planted, depends on `seed` and on nothing else: not on the order of the
    answers, nor on which others there are beside it while fewer than `each` are needed. Phrases are those of `split`.
    """
    mutants: list[Mutant] = []
    account = Account()
    known = {one.transcript.id: known_in(one.transcript) for one in answers}
    for name, fault in faults.items():
        taken: Counter[str] = Counter()
        for good in sorted(answers, key=lambda one: _order(seed, name, one)):
            account.tried += 1
            language = good.transcript.language
            if each and taken[language] >= each:
                account.left[name, language, ENOUGH] += 1
                continue
            rng = random.Random(_order(seed, name, good))  # noqa: S311 - to be repeated, no secret
            answer = Answer(good.transcript, good.turn, world, split, rng, known[good.transcript.id])
            found = _planted(good, fault, answer)
            if isinstance(found, NotPlantable):
                account.left[name, language, found.reason] += 1
                continue
            taken[language] += 1
            account.planted += 1
            mutants.append(found)
    return mutants, account


def _order(seed: int, fault: str, good: Good) -> str:
    """Return a text by which answers stand in an order of chance."""
    return hashlib.sha256(f"{seed} {fault} {good.transcript.id} {good.turn}".encode()).hexdigest()


def _planted(good: Good, fault: Fault, answer: Answer) -> Mutant | NotPlantable:
    """Plant one fault into one answer and name the mutant."""
    found = fault.plant(answer)
    if isinstance(found, NotPlantable):
        return found
    name = f"{good.transcript.id[:150]}~{good.turn}~{fault.name}"
    mutated = _named(found.transcript, good, name)
    note = {"fault": fault.name, "of": good.transcript.id, "turn": good.turn}
    note |= {"before": found.before, "after": found.after}
    mutated = msgspec.structs.replace(mutated, meta={**mutated.meta, "mutant": note})
    twin = _named(found.twin, good, f"{name}~twin") if found.twin else None
    return Mutant(fault, good, Planted(mutated, found.turns, found.before, found.after, twin))


def _named(transcript: Transcript, good: Good, name: str) -> Transcript:
    """Return a changed transcript under a name of its own, in the cluster of the original, without people's ratings."""
    cluster = good.transcript.cluster or good.transcript.id
    labels = msgspec.structs.replace(transcript.labels, answers=None)
    return msgspec.structs.replace(transcript, id=name, cluster=cluster, labels=labels)

"""Probes for known biases of a judge that compares: pairs of answers that tell the same, so that neither is better."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import msgspec

from chatparity.calibrate.compare import Preferred, compared, rewritten
from chatparity.calibrate.material import Material, material_of
from chatparity.calibrate.result import Probe
from chatparity.errors import UsageError
from chatparity.exchange import Point
from chatparity.judge import Judge, open_judge
from chatparity.licence import Share
from chatparity.stats import clopper_pearson, cluster_mean
from chatparity.suite import Suite

# Cohen's words for g [1]. [1] J. Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, section 5.2.
SIZES = ((0.25, "large"), (0.15, "medium"), (0.05, "small"))
WHAT = {
    "position": "prefers what stands first, over all pairs",
    "length": "prefers the answer with words that say nothing behind it",
    "self-preference": "prefers its own rewording of an answer",
    "tone of the other": "prefers an answer more beside a curt one than beside a courteous one",
}


class Around(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is put around an answer in one language: behind it (`longer`) or before it."""

    longer: str
    courteous: str
    curt: str


@functools.cache
def arounds() -> dict[str, Around]:
    """Return what is put around answers, by language."""
    text = resources.files("chatparity.calibrate").joinpath("probes.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, Around])


@dataclass(frozen=True)
class _Asked:
    """An answer to be probed with."""

    point: Point
    text: str

    @property
    def history(self) -> list[dict[str, str]]:
        """Return what was said before, as a judge may see it."""
        roles = {"human_agent": "agent", "ai_agent": "agent"}
        return [{"speaker": roles.get(turn.speaker, turn.speaker), "text": turn.text} for turn in self.point.history]


@dataclass(frozen=True)
class _Seen:
    """What the judge preferred for one answer; None where it gave no verdict."""

    cluster: str
    length: Preferred | None
    own: Preferred | None
    curt: Preferred | None
    courteous: Preferred | None


async def probed(what: Path, suite: Suite, judge: str, n: int, *, confidence: float = 0.95) -> tuple[Probe, ...]:
    """Ask a judge about `n` answers of a run or of transcripts, eight comparisons and a rewording each.

    Every pair is asked in both orders. Raises UsageError without a judge, or where no answer is in a language for which
    there are words to put around it.
    """
    chosen = _chosen(material_of(what, suite), n)
    if not chosen:
        raise UsageError(f"--probes: no answer in {what} is in one of {', '.join(sorted(arounds()))}")
    async with open_judge(judge, suite) as asked:
        if asked is None:
            raise UsageError("--probes: name the judge to probe: --judge openai:MODEL")
        seen = await asyncio.gather(*(_probe(asked, one) for one in chosen))
    return tuple(_summed(seen, confidence))


def _chosen(material: Material, n: int) -> list[_Asked]:
    """Return `n` answers by a hash of their names, one a conversation as far as that goes."""
    found: list[tuple[int, str, _Asked]] = []
    for side in material.sides:
        ranked = sorted((p for p in side.points if p.turn in side.records), key=_hash)
        for rank, point in enumerate(ranked):
            reply = side.records[point.turn].reply
            if reply is not None and reply.text.strip() and point.language.split("-")[0] in arounds():
                found.append((rank, _hash(point), _Asked(point, reply.text)))
    return [one for _, _, one in sorted(found, key=lambda entry: entry[:2])][:n]


def _hash(point: Point) -> str:
    return hashlib.sha256(f"{point.id} {point.turn} {point.trial}".encode()).hexdigest()


async def _probe(judge: Judge, one: _Asked) -> _Seen:
    """Ask everything about one answer."""
    around, text, history = arounds()[one.point.language.split("-")[0]], one.text, one.history

    async def own() -> Preferred | None:
        mine = await rewritten(judge, text)
        return None if mine is None else await compared(judge, history, mine, text)

    length, self_made, curt, courteous = await asyncio.gather(
        compared(judge, history, f"{text} {around.longer}", text),
        own(),
        compared(judge, history, text, f"{around.curt} {text}"),
        compared(judge, history, text, f"{around.courteous} {text}"),
    )
    return _Seen(one.point.cluster, length, self_made, curt, courteous)


def _summed(seen: Sequence[_Seen], confidence: float) -> list[Probe]:
    """Return every bias with its effect: for tone, half the difference between the two others."""
    first = [
        (one.cluster, None if found is None else found.first - 0.5)
        for one in seen
        for found in (one.length, one.own, one.curt, one.courteous)
    ]
    length = [(one.cluster, None if one.length is None else one.length.mine - 0.5) for one in seen]
    own = [(one.cluster, None if one.own is None else one.own.mine - 0.5) for one in seen]
    tone = [
        (one.cluster, None if one.curt is None or one.courteous is None else (one.curt.mine - one.courteous.mine) / 2)
        for one in seen
    ]
    both = zip(WHAT, (first, length, own, tone), strict=True)
    return [_probe_of(name, values, confidence) for name, values in both]


def _probe_of(name: str, values: Sequence[tuple[str, float | None]], confidence: float) -> Probe:
    told = [(cluster, value) for cluster, value in values if value is not None]
    effect = _effect([value for _, value in told], [cluster for cluster, _ in told], confidence)
    return Probe(
        name=name,
        what=WHAT[name],
        pairs=len(told),
        failed=len(values) - len(told),
        effect=effect,
        size=_size(effect),
    )


def _effect(values: Sequence[float], clusters: Sequence[str], confidence: float) -> Share:
    """Return the mean with its interval; values that are all alike still leave open what was not seen."""
    mean = cluster_mean(values, clusters, confidence=confidence)
    low, high, method = mean.low, mean.high, mean.method
    if mean.estimate is not None and low is None and mean.clusters > 1:
        unseen = clopper_pearson(0, mean.clusters, confidence)[1]
        low, high = max(mean.estimate - unseen, -0.5), min(mean.estimate + unseen, 0.5)
        method = f"all alike; exact bound on what {mean.clusters} conversations may not have shown"
    return Share(n=mean.n, clusters=mean.clusters, estimate=mean.estimate, low=low, high=high, method=method)


def _size(effect: Share) -> str:
    if effect.estimate is None:
        return "not known"
    return next((name for least, name in SIZES if abs(effect.estimate) >= least), "negligible")

"""What a sample is on disk: `sample.json`, plain and versioned; the people's sheet and page are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from chatparity.exchange import Point, Reply
from chatparity.transcript import Transcript

FORMAT = 1


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file the sample was drawn from, with its SHA-256."""

    path: str
    sha256: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What the sample was drawn from: a run's replies, or the answers recorded in transcripts."""

    kind: Literal["run", "transcripts"]
    path: str
    files: tuple[SourceFile, ...]
    agent: str = ""
    mode: str = ""


class Stratum(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the population: `what` is in it, its size, how many items came from it, and each one's probability."""

    name: str
    what: str
    population: int
    drawn: int
    inclusion_probability: float


class Automatic(msgspec.Struct, frozen=True, kw_only=True):
    """What one grader says of the whole population: of `graded` exchanges it fails `failed`.

    `mean` is the mean over all exchanges of 1 − value, 0 where it gave no score.
    """

    grader: str
    dimension: str
    graded: int
    failed: int
    mean: float


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange to look at. `item` names it in the sheet and on the page.

    `transcript` and `label_turn` say where its label goes in `transcripts.jsonl` of the sample; `cluster` is what
    is independent of other clusters when a rate is estimated. `scores` say how bad each grader finds it, from 0 to 1,
    and `failing` which of them fail it, where the population was graded. `kinds` are those of the mix that it is of;
    `second`: two people are to judge it, and neither is told.
    """

    item: str
    id: str
    turn: int
    trial: int
    stratum: str
    inclusion_probability: float
    transcript: str
    label_turn: int
    cluster: str
    language: str
    scores: dict[str, float] = {}
    failing: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    second: bool = False


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """All of `sample.json`. `population` is the number of exchanges with an answer; `left_out` those without one.

    A total over the population is estimated without bias by sum(y / inclusion_probability) over the items.
    `automatic` is there where the population was graded for the draw; `mix` where several kinds were sought (then
    `share_random` is its share of `uniform`), `by` names the field whose values are its strata; `second_share` is the
    share of items that two people judge.
    """

    format: int
    chatparity: str
    name: str
    source: Source
    seed: int
    n: int
    share_random: float
    population: int
    left_out: int
    invalid_lines: int
    graders: tuple[str, ...]
    strata: tuple[Stratum, ...]
    items: tuple[Item, ...]
    synthetic: bool
    automatic: tuple[Automatic, ...] = ()
    mix: dict[str, float] = {}
    by: str = ""
    second_share: float = 0.0


@dataclass(frozen=True)
class Shown:
    """An item with what a person must see to judge it: the history, the reply, and what the reply may rest on.

    `transcript` is what its label will be joined with; `point.labels` are never shown.
    """

    item: Item
    point: Point
    reply: Reply
    transcript: Transcript


@dataclass(frozen=True)
class Material:
    """A sample and all its items as they are shown."""

    sample: Sample
    shown: tuple[Shown, ...]

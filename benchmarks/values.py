"""How long reading the values of a reply takes, by language, beside the floor of one regular expression over it.

The replies are the agents' of the dev half of the shipped transcripts, each read as if for the first time. Times are
those of one process on this machine, the best of some rounds; the floor is one pass for numbers over the same texts.
With `--accepted` the table says instead which share of the accepted forms of labelled facts that have a digit is read
as a value, for both halves; of the exam half nothing but the figures is shown.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from chatparity.checks.facts import find_values
from chatparity.checks.finder import finder_of
from chatparity.checks.text import fold
from chatparity.jsonl import read_transcripts
from chatparity.splits import is_in, split_of
from chatparity.transcript import AGENTS, Transcript

SUPPORT = Path(__file__).parents[1] / "datasets" / "support"
ON = dt.date(2026, 3, 20)
LENGTH = 200
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,]\d+)*")
_DIGIT = re.compile(r"\d")
_READ = frozenset({"amount", "date", "duration", "percent", "time", "id", "email", "url", "phone"})

Reply = tuple[str, str | None]


def best(work: Callable[[], object], rounds: int) -> float:
    """Return how long a piece of work takes at best."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def read(replies: Iterable[Reply], language: str) -> None:
    """Read the values of replies, none of them from memory."""
    fold.cache_clear()
    for text, market in replies:
        find_values.__wrapped__(text, language, market, ON)


def speed(transcripts: Iterable[Transcript], rounds: int) -> None:
    """Print what one reply costs."""
    replies: dict[str, list[Reply]] = defaultdict(list)
    for one in transcripts:
        if is_in(one, "dev"):
            replies[one.language] += [(turn.text, one.market) for turn in one.turns if turn.speaker in AGENTS]
    print("| language | replies | characters each | µs each | µs a 200 characters | floor, µs each | first use, ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    total = floors = 0.0
    for language, some in sorted(replies.items()):
        first = best(lambda one=language, its=some: [finder_of(one, market) for _, market in its], 1)  # type: ignore[misc]
        taken = best(lambda one=language, its=some: read(its, one), rounds)  # type: ignore[misc]
        floor = best(lambda its=some: [_NUMBER.findall(text) for text, _ in its], rounds)  # type: ignore[misc]
        characters = sum(len(text) for text, _ in some)
        each, size = taken / len(some) * 1e6, characters / len(some)
        print(
            f"| {language} | {len(some)} | {size:.0f} | {each:.0f} | {each / size * LENGTH:.0f}"
            f" | {floor / len(some) * 1e6:.1f} | {first * 1e3:.0f} |"
        )
        total, floors = total + taken, floors + floor
    count = sum(map(len, replies.values()))
    print(f"| all | {count} | | {total / count * 1e6:.0f} | | {floors / count * 1e6:.1f} | |")


def accepted(transcripts: Iterable[Transcript]) -> None:
    """Print the share of accepted forms with a digit that are read as a value, and as more than a plain number."""
    seen: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for one in transcripts:
        on = one.started_at.date() if one.started_at else None
        forms = {form for fact in one.labels.facts or () for form in fact.accept if _DIGIT.search(form)}
        # A bare number ("64.00", "4242") is no date, amount or duration.
        for form in forms:
            if re.search(r"[^\d.,\s]", form):
                kinds = {value.kind for value in find_values(form, one.language, one.market, on)}
                seen[one.language, split_of(one)].append(bool(kinds & _READ))
    print("| language | dev | exam |\n| --- | ---: | ---: |")
    for language in [*sorted({name for name, _ in seen}), "all"]:
        shares = []
        for split in ("dev", "exam"):
            read_ = [
                one
                for (name, half), some in seen.items()
                if half == split and language in (name, "all")
                for one in some
            ]
            shares.append(f"{sum(read_)}/{len(read_)} = {sum(read_) / len(read_):.1%}" if read_ else "none")
        print(f"| {language} | {' | '.join(shares)} |")


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is read")
    parser.add_argument("--accepted", action="store_true", help="what is read of the accepted forms, not how fast")
    given = parser.parse_args()
    transcripts = read_transcripts([SUPPORT])
    if given.accepted:
        accepted(transcripts)
    else:
        speed(transcripts, given.rounds)


if __name__ == "__main__":
    main()

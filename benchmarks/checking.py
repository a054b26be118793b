"""How long `chatparity check` takes for many labelled transcripts, by check, beside the floor of reading them.

The shipped transcripts are told several times over, each under another id, until there are enough. Times are those of
one process on this machine; the floor is reading and validating the same file in the same run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from chatparity.audit.actions import done_right
from chatparity.audit.balance import balance_of, balance_table
from chatparity.audit.duplicates import near_duplicates
from chatparity.audit.escalation import against_the_rules
from chatparity.audit.examine import Placed, examine
from chatparity.audit.knowledge import stale_knowledge
from chatparity.audit.personal import real_looking
from chatparity.audit.support import unsupported
from chatparity.audit.tags import wrong_language
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.points import points_of
from chatparity.sandbox.grounds import GroundsByFolder
from chatparity.transcript import Transcript

SUPPORT = Path(__file__).parents[1] / "datasets" / "support"


def many(count: int) -> list[Transcript]:
    """Return so many transcripts: the shipped ones, again and again under ids of their own."""
    shipped = read_transcripts([SUPPORT])
    return [
        msgspec.structs.replace(shipped[place % len(shipped)], id=f"t-{place}", cluster=f"task-{place % len(shipped)}")
        for place in range(count)
    ]


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=480, help="how many transcripts")
    given = parser.parse_args()
    transcripts = many(given.n)
    grounds_of = GroundsByFolder()
    home = SUPPORT / "en.jsonl"
    grounds = grounds_of(home)

    def each(check: Callable[[Transcript], Iterable[object]]) -> Callable[[], object]:
        return lambda: [list(check(one)) for one in transcripts]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.jsonl"
        write_transcripts(path, transcripts)
        rows = [("floor: reading and validating", seconds(lambda: read_transcripts([path])))]
    placed = [Placed(home, number, one) for number, one in enumerate(transcripts, 1)]
    rows += [
        ("all checks", seconds(lambda: examine(placed, grounds_of))),
        ("language", seconds(each(wrong_language))),
        ("personal data", seconds(each(real_looking))),
        ("actions in the shop", seconds(each(lambda one: done_right(one, points_of(one), grounds)[1]))),
        ("records", seconds(each(lambda one: grounds.records(one) if grounds.records else ()))),
        ("facts", seconds(each(lambda one: (fault for point in points_of(one) for fault in unsupported(point, ()))))),
        ("escalation", seconds(each(lambda one: against_the_rules(one, grounds)))),
        ("knowledge", seconds(each(lambda one: stale_knowledge(one, grounds.policy)))),
        ("near-duplicates", seconds(lambda: list(near_duplicates(transcripts)))),
        ("balance", seconds(lambda: balance_table(balance_of(transcripts)))),
    ]
    print(f"| {given.n} transcripts | seconds | times the floor |\n| --- | ---: | ---: |")
    for name, took in rows:
        print(f"| {name} | {took:.2f} | {took / rows[0][1]:.1f} |")


if __name__ == "__main__":
    main()

"""Time and memory of drawing a sample from logs of growing size, beside reading the same file line by line.

Logs are generated (synthetic; nobody wrote them) into a folder that is removed at the end, and each draw runs in a
process of its own, whose peak resident memory the system reports. What 2.3 million conversations would take is
extrapolated from the last two sizes, in a row that says so; `--full` draws from as many instead. The floor decodes
every line and does nothing with it.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from chatparity.jsonl import write_transcripts
from chatparity.transcript import Transcript, Turn

FULL = 2_300_000
SIZES = (25_000, 100_000)
# With graders each conversation costs far more, and memory is the same: fewer tell as much.
GRADED_SIZES = (10_000, 30_000)
PLAIN = "uniform=0.5,stratified=0.3,risk=0.2"
GRADED = "uniform=0.5,failures=0.3,risk=0.2"
ASKED = (
    "Where is my parcel {}?",
    "I was charged twice for {}.",
    "My lawyer will hear of order {}.",
    "Cancel {}, please.",
)
SAID = ("It is on its way to you.", "I am sorry; I will look into {}.", "Thank you for asking, {} is booked.")
ANSWER, FLOOR = "--one", "--floor"


def conversation(number: int) -> Transcript:
    """Return one synthetic conversation of two answers."""
    turns = []
    for turn in range(2):
        asked = ASKED[(number // 3 + turn) % len(ASKED)].format(f"H-{number}")
        said = SAID[(number + turn) % len(SAID)].format(f"H-{number}")
        turns += [Turn(speaker="customer", text=asked), Turn(speaker="human_agent", text=said)]
    return Transcript(
        schema=1, id=f"log-{number:08d}", language="en", market=("GB", "IE", "US")[number % 3], turns=tuple(turns)
    )


def measured(arguments: list[str]) -> tuple[float, float]:
    """Return seconds and peak megabytes of this script run with other arguments, as it says itself."""
    done = subprocess.run(
        ["nice", "-n", "10", sys.executable, __file__, *arguments], capture_output=True, text=True, check=True
    )
    seconds, megabytes = done.stdout.split()[-2:]
    return float(seconds), float(megabytes)


def one(log: Path, mix: str, out: Path) -> None:
    """Draw 200 answers by a mix, as the command does."""
    import asyncio

    from chatparity.grading.taxonomy import load_taxonomy
    from chatparity.sample import sample_mixture
    from chatparity.sample.kinds import Finder
    from chatparity.sample.mixture import SOUGHT, parse_mix
    from chatparity.suite import load_suite

    shares, suite = parse_mix(mix), load_suite()
    finder = Finder(frozenset(shares) & frozenset(SOUGHT), load_taxonomy(suite))
    by = "market" if "stratified" in shares else ""
    asyncio.run(sample_mixture(log, suite, out, finder, n=200, mix=shares, by=by))


def floor(log: Path) -> None:
    """Decode every line of a file."""
    decoder = msgspec.json.Decoder(Transcript)
    with log.open("rb") as file:
        for line in file:
            decoder.decode(line)


def timed(arguments: argparse.Namespace) -> None:
    """Do one thing and print its seconds and the peak of this process in megabytes."""
    begun = time.perf_counter()
    if arguments.floor:
        floor(arguments.floor)
    else:
        log, mix, out = arguments.one
        one(Path(log), mix, Path(out))
    seconds = time.perf_counter() - begun
    print(f"{seconds:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f}")


def table(folder: Path, mix: str, sizes: tuple[int, ...], *, full: bool) -> None:
    """Print time and memory of one mix over sizes, and what the full size takes or would take."""
    found: list[tuple[int, float, float]] = []
    print(f"\n200 answers, --mix {mix}")
    print(f"  {'conversations':>13}  {'file MB':>8}  {'read s':>7}  {'draw s':>8}  {'a second':>8}  {'peak MB':>8}")
    for size in (*sizes, FULL) if full else sizes:
        log = folder / "log.jsonl"
        write_transcripts(log, (conversation(number) for number in range(size)))
        read, _ = measured([FLOOR, str(log)])
        seconds, peak = measured([ANSWER, str(log), mix, str(folder / f"sample-{size}-{len(mix)}")])
        found.append((size, seconds, peak))
        shown = f"{size:>13,}  {log.stat().st_size / 1e6:>8.1f}  {read:>7.2f}  {seconds:>8.1f}  {size / seconds:>8,.0f}"
        print(f"  {shown}  {peak:>8.0f}", flush=True)
    (small, fast, low), (large, slow, high) = found[-2:]
    if not full:
        more = (FULL - large) / (large - small)
        seconds, peak = slow + more * (slow - fast), high + more * (high - low)
        print(f"  {FULL:>13,}  extrapolated, not measured: {seconds / 60:.0f} minutes, {peak:.0f} MB")


def main() -> None:
    """Generate logs, draw from them, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="draw from 2.3 million without graders, too")
    parser.add_argument(ANSWER, nargs=3, help=argparse.SUPPRESS)
    parser.add_argument(FLOOR, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one or arguments.floor:
        timed(arguments)
        return
    with tempfile.TemporaryDirectory() as name:
        table(Path(name), PLAIN, SIZES, full=arguments.full)
        table(Path(name), GRADED, GRADED_SIZES, full=False)


if __name__ == "__main__":
    main()

"""Time and memory of drawing a sample from logs of growing size, beside reading the same file line by line.

Logs are generated (synthetic; nobody wrote them) as files in a folder that is removed at the end, and each draw runs
in a process of its own, whose peak resident memory the system reports. What 2.3 million conversations would take is
extrapolated from the last two sizes, in a row that says so; `--full` draws from as many instead (2.5 GB on disk, half
an hour). The floor reads and decodes every line as JSON, in a process of its own too, and does nothing with it. `--n`
names other sizes, and leaves the graded mix out.
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
    (
        "Hello, I ordered {} on the 3rd and it was to be here on Friday. The page says that it left your house, and "
        "nothing has moved since. Can you find out where it is?"
    ),
    (
        "I see two payments for {} in my account, both of the same day and the same amount. One of them is a mistake, "
        "because I pressed the button once. What happens now?"
    ),
    (
        "This is the third time I write about {}, and each time somebody else tells me something else. If it is not"
        " settled this week my lawyer will hear of it."
    ),
    (
        "Please cancel {}. I have found the same thing in a shop round the corner, and I would rather not wait for the "
        "parcel to send it back."
    ),
)
SAID = (
    (
        "Thank you for writing. I have looked at {}: it left our house on Monday and is with the carrier, who comes on "
        "Thursday between nine and noon. You will get a message that morning."
    ),
    (
        "I am sorry about that. Of the two payments for {} one was only held and not taken; your bank frees it within "
        "a few days. Nothing is left for you to do."
    ),
    (
        "I understand. {} is cancelled, and what you have paid goes back to the card you used. Is there something else "
        "that I can do for you today?"
    ),
)
ANSWERS = 3
WIDTH = 13
ANSWER, FLOOR = "--one", "--floor"


def conversation(number: int) -> Transcript:
    """Return one synthetic conversation of three answers, about a thousand characters."""
    turns = []
    for turn in range(ANSWERS):
        asked = ASKED[(number // 3 + turn) % len(ASKED)].format(f"H-{number}")
        said = SAID[(number + turn) % len(SAID)].format(f"H-{number}")
        turns += [Turn(speaker="customer", text=asked), Turn(speaker="human_agent", text=said)]
    return Transcript(
        schema=1,
        id=f"log-{number:08d}",
        language="en",
        market=("GB", "IE", "US")[number % 3],
        turns=tuple(turns),
        synthetic=True,
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
    """Decode every line of a file as JSON."""
    decoder = msgspec.json.Decoder()
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
    """Print time and memory of one mix over sizes beside the floor, and what the full size takes or would take."""
    found: list[tuple[int, float, float]] = []
    print(f"\n200 answers, --mix {mix}; synthetic conversations of {ANSWERS} answers")
    heads = ("conversations", "log MB", "floor s", "floor MB", "draw s", "× floor", "a second", "peak MB")
    print("  " + "  ".join(f"{head:>{WIDTH}}" for head in heads))
    for size in (*sizes, FULL) if full else sizes:
        log = folder / "log.jsonl"
        write_transcripts(log, (conversation(number) for number in range(size)))
        read, least = measured([FLOOR, str(log)])
        seconds, peak = measured([ANSWER, str(log), mix, str(folder / f"sample-{size}-{len(mix)}")])
        found.append((size, seconds, peak))
        megabytes = log.stat().st_size / 1e6
        shown = (f"{size:,}", f"{megabytes:,.0f}", f"{read:.1f}", f"{least:.0f}", f"{seconds:.1f}")
        more = (f"{seconds / read:.0f}", f"{size / seconds:,.0f}", f"{peak:.0f}")
        print("  " + "  ".join(f"{one:>{WIDTH}}" for one in (*shown, *more)), flush=True)
    (small, fast, low), (large, slow, high) = found[-2:]
    if not full:
        rest = (FULL - large) / (large - small)
        seconds, peak = slow + rest * (slow - fast), high + rest * (high - low)
        print(f"  {FULL:>{WIDTH},}  extrapolated, not measured: {seconds / 60:.0f} minutes, {peak:.0f} MB")


def main() -> None:
    """Generate logs, draw from them, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="draw from 2.3 million without graders, too")
    parser.add_argument("--n", type=int, nargs=2, metavar=("SMALL", "LARGE"), help="the two sizes instead")
    parser.add_argument(ANSWER, nargs=3, help=argparse.SUPPRESS)
    parser.add_argument(FLOOR, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one or arguments.floor:
        timed(arguments)
        return
    with tempfile.TemporaryDirectory() as name:
        sizes: tuple[int, ...] = tuple(arguments.n or SIZES)
        table(Path(name), PLAIN, sizes, full=arguments.full)
        if not arguments.n:
            table(Path(name), GRADED, GRADED_SIZES, full=False)


if __name__ == "__main__":
    main()

"""How often the interval of each claim's estimator holds the truth, and how long 100,000 conversations take.

Coverage: worlds of a small support department are drawn with known truth, every shipped claim is measured in each, and
the share of intervals that hold the truth is printed beside the mean error, in half-widths of the interval. The two
claims of savings take their assumptions as true, so that their intervals, which also span the assumptions, hold it more
often; `logs alone` is the interval without them. Bounds (coverage of languages, availability, the silent of
satisfaction) hold more by design.

Speed: `chatparity claims` on 100,000 conversations, as tables and as transcripts of six turns, in a process of its own,
beside a floor that only reads the same file. All conversations are synthetic.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from chatparity.claims.demo import draw, write_table
from chatparity.claims.file import SavingsClaim, read_claims
from chatparity.claims.logs import Logs, Words
from chatparity.claims.result import CannotTell
from chatparity.claims.truth import recovered
from chatparity.claims.world import World, demo

ROOT = Path(__file__).parents[1]
CLAIMS = ROOT / "evals" / "claims.toml"
SMALL = World(
    customers=1800, languages=("en", "de", "sv"), markets=("GB", "DE", "SE"), unserved=("sv",), judged=0.4, sampled=0.01
)
LEAST = 0.93
SECONDS, GIB = 20.0, 1.0
# The high-water mark of the kernel, which a child does not inherit from its parent as it does `ru_maxrss`.
PEAK = """
import atexit, sys, time
atexit.register(lambda: sys.stderr.write(f"CPU: {time.process_time()} " + open("/proc/self/status").read()))
"""
COMMAND = """
import runpy
sys.argv[0] = "chatparity"
runpy.run_module("chatparity", run_name="__main__", alter_sys=True)
"""
DECODE = """
import msgspec
with open(sys.argv[1], "rb") as file:
    print(sum(len(msgspec.json.decode(line)) for line in file))
"""
FLOOR = """
import duckdb
base = duckdb.connect()
path = sys.argv[1]
reader = "read_csv(?, all_varchar = true)" if path.endswith(".csv") else "read_parquet(?)"
got = base.execute(f"SELECT * FROM {reader}", [path]).fetchnumpy()
print(len(next(iter(got.values()))))
"""


def coverage(worlds: int, seed: int) -> bool:
    """Print the coverage of every claim's interval; say whether all reach the least."""
    file = read_claims(CLAIMS)
    hits: dict[str, list[bool]] = defaultdict(list)
    errors: dict[str, list[float]] = defaultdict(list)
    lost: dict[str, int] = defaultdict(int)
    for number in range(worlds):
        drawn = draw(SMALL, seed + number)
        for claim in file.claim:
            try:
                found, _, truth = recovered(SMALL, drawn, claim, file)
            except CannotTell:
                lost[claim.id] += 1
                continue
            intervals = {claim.id: (found.low, found.high)}
            if isinstance(claim, SavingsClaim):
                alone = next(one for one in found.parts if one.note == "interval of the logs alone")
                intervals[f"{claim.id}, logs alone"] = (alone.low, alone.high)
            for name, (low, high) in intervals.items():
                if low is None or high is None or found.estimate is None:
                    lost[name] += 1
                    continue
                hits[name].append(low <= truth <= high)
                errors[name].append((found.estimate - truth) / max((high - low) / 2, 1e-9))
    print(f"{worlds} worlds of {SMALL.customers:,} customers, seeds from {seed}; intervals at 95 %")
    print(f"{'claim':<38}{'holds the truth':>16}{'no interval':>13}{'mean error':>12}")
    good = True
    for name, held in hits.items():
        rate = float(np.mean(held))
        good &= rate >= LEAST
        print(f"{name:<38}{rate:>15.1%} {lost[name]:>12}{np.mean(errors[name]):>+11.2f}")
    return good


def write_transcripts(logs: Logs, path: Path) -> None:
    """Write logs as transcripts: six turns of 600 characters, what the outcome has a place for, the rest in `meta`."""
    columns = {
        name: [one.names[code] for code in one.codes] if isinstance(one, Words) else one.tolist()
        for name, one in logs.columns.items()
    }
    said = "I would like to know where my parcel is, because it was promised for last week. " * 8
    with path.open("w") as file:
        for row in zip(*columns.values(), strict=True):
            one = {name: value for name, value in zip(columns, row, strict=True) if value == value}
            handler, moment = one.pop("handled_by"), one.pop("started_at")
            agent = "human_agent" if handler == "human" else "ai_agent"
            outcome = {"handled_by": handler, "resolved": one.pop("resolved") == 1}
            outcome |= {"handle_seconds": one.pop("handle_seconds")}
            outcome |= {"csat": int(one.pop("csat"))} if "csat" in one else {}
            case = {
                name: one.pop(name)
                for name, column in logs.columns.items()
                if isinstance(column, Words) and name in one
            }
            meta = {name: value == 1 if name in ("answered", "abandoned") else value for name, value in one.items()}
            turns = [{"speaker": speaker, "text": said} for speaker in ("customer", agent) * 3]
            begun = dt.datetime.fromtimestamp(moment, dt.UTC).isoformat()
            line = {"schema": 1, **case, "started_at": begun, "turns": turns, "outcome": outcome, "meta": meta}
            file.write(json.dumps(line) + "\n")


def timed(code: str, *arguments: str) -> tuple[float, float, float]:
    """Return the seconds, those of the processor, and the peak memory in GiB of a process that runs some code."""
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", PEAK + code, *arguments], check=False, capture_output=True, text=True)
    seconds = time.perf_counter() - begun
    if done.returncode:
        sys.exit(done.stderr)
    busy, status = done.stderr.rsplit("CPU: ", 1)[1].split(maxsplit=1)
    return seconds, float(busy), int(status.split("VmHWM:", 1)[1].split()[0]) / 1024**2


def speed(conversations: int) -> bool:
    """Print how long a table takes and how much memory, beside the floor; say whether both stay in their limits."""
    import duckdb

    world = dataclasses.replace(demo(), customers=round(conversations * 0.7625))
    with tempfile.TemporaryDirectory() as folder:
        drawn = draw(world, 1)
        table = Path(folder, "logs.csv")
        write_table(drawn.logs, table)
        parquet = Path(folder, "logs.parquet")
        duckdb.read_csv(str(table), all_varchar=True).write_parquet(str(parquet))
        print(f"\n{drawn.logs.n:,} conversations, each reading in a process of its own")
        print(f"{'what':<50}{'seconds':>9}{'of CPU':>8}{'peak GiB':>10}")
        talks = Path(folder, "logs.jsonl")
        write_transcripts(drawn.logs, talks)
        seconds, busy, peak = timed(DECODE, str(talks))
        print(f"{'floor: decode .jsonl line by line':<50}{seconds:>9.2f}{busy:>8.2f}{peak:>10.2f}")
        good = True
        for path in (parquet, table):
            seconds, busy, peak = timed(FLOOR, str(path))
            print(f"{f'floor: read {path.suffix} into columns':<50}{seconds:>9.2f}{busy:>8.2f}{peak:>10.2f}")
        for path in (parquet, table, talks):
            out = str(Path(folder, "out"))
            seconds, busy, peak = timed(COMMAND, "claims", str(path), "--claims", str(CLAIMS), "--out", out)
            print(f"{f'chatparity claims {path.name}, page and figures':<50}{seconds:>9.2f}{busy:>8.2f}{peak:>10.2f}")
            good &= seconds < SECONDS and peak < GIB
    return good


def main() -> None:
    """Print both tables; ends with exit code 1 where an interval covers too little or a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conversations", type=int, default=100_000, help="about so many; 0 leaves the speed out")
    given = parser.parse_args()
    good = coverage(given.worlds, given.seed) if given.worlds else True
    if given.conversations:
        good &= speed(given.conversations)
    sys.exit(not good)


if __name__ == "__main__":
    main()

"""How long chatparity takes to start, beside a bare interpreter and a bare pytest session in the same run.

Prints the median of several runs of each; `added` is the median of the differences within each round.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:deepeval", "test_one.py"]
COMMANDS: dict[str, tuple[list[str], str | None]] = {
    "python -c pass": (["-c", "pass"], None),
    "import chatparity": (["-c", "import chatparity"], "python -c pass"),
    "chatparity --help": (["-m", "chatparity", "--help"], "python -c pass"),
    "pytest, without the plugin": ([*PYTEST, "-p", "no:chatparity"], None),
    "pytest, with the plugin": (PYTEST, "pytest, without the plugin"),
}


def seconds(arguments: list[str], folder: Path) -> float:
    """Run the interpreter with `arguments` in `folder` and return the wall time; a failing command stops it all."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="counted runs of each command, after one that is not")
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_one.py").write_text("def test_one():\n    assert True\n")
        for number in range(rounds + 1):
            for label, (arguments, _) in COMMANDS.items():
                taken = seconds(arguments, folder)
                if number:
                    times[label].append(taken)
    print(f"{'command':30} {'median s':>9} {'min':>7} {'max':>7} {'added s':>9}   ({rounds} rounds)")
    for label, (_, floor) in COMMANDS.items():
        own = times[label]
        added = statistics.median(a - b for a, b in zip(own, times[floor], strict=True)) if floor else None
        shown = f"{added:9.3f}" if added is not None else f"{'–':>9}"
        print(f"{label:30} {statistics.median(own):9.3f} {min(own):7.3f} {max(own):7.3f} {shown}")


if __name__ == "__main__":
    main()

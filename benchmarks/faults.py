"""Which gates each fault of the sandbox turns red, beside those that `datasets/sandbox/faults.toml` says it must.

Each answer fault is switched on by itself and `pytest evals/` is run against it, as a team would in CI. A gate is red
when one of its items fails: FAIL, or INCONCLUSIVE, which fails by default. Ends with exit code 1 when a fault turns
red anything but what is declared.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import msgspec

from chatparity.gate.result import Findings

ROOT = Path(__file__).parents[1]


def declared() -> dict[str, set[str]]:
    """Return, by answer fault, the gates it must turn red."""
    table = tomllib.loads((ROOT / "datasets" / "sandbox" / "faults.toml").read_text())
    return {name: set(fault["reddens"]) for name, fault in table.items() if fault["kind"] == "answer"}


def red_gates(agent: str, folder: Path) -> dict[str, str]:
    """Run the examination against an agent and return each red gate with the figures of its first red slice.

    Raises RuntimeError when pytest's failed items are not the red gates, or when it ended in another way.
    """
    junit = folder / "junit.xml"
    command = [sys.executable, "-m", "pytest", "evals/", "-q", "--agent", agent, "--run-dir", str(folder / "run")]
    done = subprocess.run([*command, f"--junitxml={junit}"], cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{agent}: pytest ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    findings = msgspec.json.decode((folder / "run" / "gate.json").read_bytes(), type=Findings)
    red = [one for one in findings.gates if one.verdict != "PASS"]
    failed = sum(1 for _ in ElementTree.parse(junit).iter("failure"))
    if failed != len(red):
        raise RuntimeError(f"{agent}: {len(red)} gates are red, but {failed} items of pytest failed")
    found: dict[str, str] = {}
    for one in red:
        name = f"{one.dimension}.{one.metric}"
        shown = one.difference or one.rate
        figures = "?" if shown.low is None or shown.high is None else f"[{shown.low:+.1%}, {shown.high:+.1%}]"
        found.setdefault(f"parity:{name}" if one.kind == "margin" else name, f"{one.verdict} {figures}")
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=0.5, help="the share of answers a fault strikes")
    parser.add_argument("faults", nargs="*", help="only these faults; default: all answer faults, and none")
    given = parser.parse_args()
    wanted = {"none": set(), **declared()}
    wrong = 0
    print(f"| fault at rate {given.rate} | gates that turn red | as declared |\n| --- | --- | --- |")
    for fault in given.faults or wanted:
        agent = "sandbox" if fault == "none" else f"sandbox:{fault}={given.rate}"
        with tempfile.TemporaryDirectory() as name:
            found = red_gates(agent, Path(name))
        missing, surplus = wanted[fault] - set(found), set(found) - wanted[fault]
        notes = [f"not red: {gate}" for gate in sorted(missing)] + [f"too much: {gate}" for gate in sorted(surplus)]
        wrong += bool(notes)
        shown = ", ".join(f"{gate} ({figures})" for gate, figures in sorted(found.items())) or "none"
        print(f"| {fault} | {shown} | {'; '.join(notes) or 'yes'} |", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

"""Record the answers of two builds of the sandbox, blind; or take one build's answers out of the recording again.

    python benchmarks/recordings.py record FOLDER       ask both builds and write p.jsonl, q.jsonl and key.jsonl
    python benchmarks/recordings.py build NAME FILE     write the answers of one build, for `--agent recorded:FILE`

In `p.jsonl` and `q.jsonl` stand the answers to the same conversations, teacher-forced; which of them a build gave is
drawn for each conversation and stands in `key.jsonl` alone. The sandbox has gone on since the shipped recording was
made, so `record` gives other answers today.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from chatparity.errors import InputError, Problem
from chatparity.exchange import Reply, ReplyRecord
from chatparity.jsonl import read_transcripts

ROOT = Path(__file__).parents[1]
SUPPORT = ROOT / "datasets" / "support"
RECORDINGS = ROOT / "datasets" / "recordings"
LETTERS = ("p", "q")
SOUND, FAULTY = "sound", "faulty"
FAULTS = {
    "wrong_amount": 0.18,
    "wrong_date": 0.18,
    "invented_policy": 0.06,
    "claimed_action": 0.35,
    "ignored_human_request": 0.35,
    "needless_handover": 0.04,
    "rude": 0.05,
    "wrong_language": 0.02,
}
SEED = 20260301

Answers = dict[int, Reply]
T = TypeVar("T")


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which build gave the answers of `p.jsonl` and `q.jsonl`; at which turns the faults made a difference."""

    id: str
    language: str
    p: str
    q: str
    touched: tuple[int, ...]


def read_key(folder: Path = RECORDINGS) -> dict[str, Key]:
    """Return the key by conversation. Raises InputError naming the line that is none."""
    return {one.id: one for one in _lines(folder / "key.jsonl", Key)}


def read_letter(letter: str, folder: Path = RECORDINGS) -> dict[str, Answers]:
    """Return what stands under one letter, by conversation and turn. Raises InputError."""
    found: dict[str, Answers] = {}
    for one in _lines(folder / f"{letter}.jsonl", ReplyRecord):
        if one.reply is not None:
            found.setdefault(one.id, {})[one.turn] = one.reply
    return found


def answers_of(build: str, folder: Path = RECORDINGS) -> dict[str, Answers]:
    """Return the answers of one build, by conversation and turn. Raises InputError."""
    by_letter = {letter: read_letter(letter, folder) for letter in LETTERS}
    return {name: by_letter["p" if key.p == build else "q"][name] for name, key in read_key(folder).items()}


def difference(first: Answers, second: Answers) -> tuple[int, ...]:
    """Return the turns at which two builds said or did something else."""
    return tuple(turn for turn in sorted(first) if _shown(first[turn]) != _shown(second[turn]))


def _shown(reply: Reply) -> Any:
    return reply.text, [(call.name, msgspec.json.encode(call.arguments)) for call in reply.tool_calls], reply.handover


def record(folder: Path) -> None:
    """Ask both builds at every answer and write the two blinded files and their key."""
    faults = ",".join(f"{name}={rate}" for name, rate in FAULTS.items())
    builds = {SOUND: _asked("sandbox"), FAULTY: _asked(f"sandbox:{faults}")}
    languages = {one.id: one.language for one in read_transcripts([SUPPORT])}
    drawn = np.random.default_rng(SEED)
    keys: list[Key] = []
    files: dict[str, list[ReplyRecord]] = {letter: [] for letter in LETTERS}
    for name in sorted(builds[SOUND]):
        order = [str(one) for one in drawn.permutation(sorted(builds))]
        touched = difference(builds[SOUND][name], builds[FAULTY][name])
        keys.append(Key(name, languages[name], order[0], order[1], touched))
        for letter, build in zip(LETTERS, order, strict=True):
            files[letter].extend(_records(name, builds[build][name]))
    folder.mkdir(parents=True, exist_ok=True)
    for letter, rows in files.items():
        _write(folder / f"{letter}.jsonl", rows)
    _write(folder / "key.jsonl", keys)
    answers, changed = len(files["p"]), sum(len(one.touched) for one in keys)
    print(f"{len(keys)} conversations, {answers} answers of each build; the faults changed {changed} of them")


def _asked(agent: str) -> dict[str, Answers]:
    """Return an agent's answers to all conversations that the suite's agent claims. Raises RuntimeError."""
    with tempfile.TemporaryDirectory() as name:
        run = Path(name) / "run"
        command = [sys.executable, "-m", "chatparity", "replay", str(SUPPORT), "--agent", agent, "--out", str(run)]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{agent}: chatparity replay ended with {done.returncode}:\n{done.stderr[-2000:]}")
        found: dict[str, Answers] = {}
        for one in _lines(run / "replies.jsonl", ReplyRecord):
            if one.reply is None:
                raise RuntimeError(f"{agent}: no reply to {one.id} turn {one.turn}: {one.reason or one.failure}")
            found.setdefault(one.id, {})[one.turn] = one.reply
    return found


def _records(name: str, answers: Answers) -> list[ReplyRecord]:
    """Return one conversation's answers as lines of a run, without the times that this machine took."""
    return [
        ReplyRecord(id=name, turn=turn, trial=0, state="replied", reply=_bare(reply))
        for turn, reply in sorted(answers.items())
    ]


def _bare(reply: Reply) -> Reply:
    return Reply(text=reply.text, tool_calls=reply.tool_calls, handover=reply.handover)


def build(name: str, path: Path) -> None:
    """Write the answers of one build as a file that `recorded:FILE` reads."""
    found = answers_of(name)
    _write(path, [line for one in sorted(found) for line in _records(one, found[one])])


def _lines(path: Path, kind: type[T]) -> list[T]:
    found, bad = [], []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            bad.append(Problem(path, number, "", str(error)))
    if bad:
        raise InputError(bad)
    return found


def _write(path: Path, rows: list[Any]) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def main() -> None:
    """Do what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    recorder = commands.add_parser("record", help="ask both builds and write the blinded files")
    recorder.add_argument("folder", type=Path)
    taker = commands.add_parser("build", help="write the answers of one build")
    taker.add_argument("name", choices=[SOUND, FAULTY])
    taker.add_argument("file", type=Path)
    given = parser.parse_args()
    if given.command == "record":
        record(given.folder)
    else:
        build(given.name, given.file)


if __name__ == "__main__":
    main()

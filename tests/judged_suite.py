"""A suite made up for tests of calibration: answers that people rated, and a judge that errs as it is told to."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatparity.cli import main
from chatparity.jsonl import write_transcripts
from chatparity.suite import MODULE
from chatparity.transcript import AnswerLabel, Labels, Transcript, Turn

RUBRIC = Path(__file__).parents[1] / "graders" / "accuracy.md"
SUITE = """\
[suite]
name = "judged"

[agent]
default = "recorded:datasets"

[judge]
key_env = "TEST_JUDGE_KEY"
"""
GATE = '[[gate]]\ndimension = "accuracy"\ngrader = "accuracy_llm"\n'


@dataclass
class Confused:
    """A judge that finds this many of the faults and clears this many of the good answers, the first ones by number.

    `asked` counts its verdicts. `flipped` are the numbers of answers of which it says the opposite.
    """

    faults: int
    found: int
    good: int
    cleared: int
    flipped: frozenset[int] = frozenset()
    asked: list[int] = field(default_factory=list)

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        text = re.findall(r"answer (\d+) is (right|wrong)", body["messages"][-1]["content"])[-1]
        number, wrong = int(text[0]), text[1] == "wrong"
        self.asked.append(number)
        says_wrong = number < self.found if wrong else number >= self.cleared
        says_wrong = says_wrong != (number in self.flipped)
        return {
            "reason": "so it is",
            "evidence": [f"answer {number} is {text[1]}"],
            "unsure": False,
            "score": 1 if says_wrong else 5,
        }


def talk(name: str, number: int, *, wrong: bool, language: str = "en", by: Any = "human_agent") -> Transcript:
    said = f"The answer {number} is {'wrong' if wrong else 'right'}."
    label = AnswerLabel(turn=1, accuracy=0.0 if wrong else 1.0)
    return Transcript(
        schema=1,
        id=name,
        language=language,
        synthetic=True,
        turns=(Turn(speaker="customer", text="What is it?"), Turn(speaker=by, text=said)),
        labels=Labels(answers=(label,)),
    )


def talks(faults: int, good: int, language: str = "en", prefix: str = "") -> list[Transcript]:
    bad = [talk(f"{prefix}{language}-bad-{n}", n, wrong=True, language=language) for n in range(faults)]
    fine = [talk(f"{prefix}{language}-good-{n}", n, wrong=False, language=language) for n in range(good)]
    return [*bad, *fine]


def lay(root: Path, transcripts: Iterable[Transcript], settings: str = "") -> None:
    """Write the suite: its settings, the shipped accuracy rubric, the transcripts."""
    (root / "evals").mkdir(parents=True)
    (root / "graders").mkdir()
    (root / "datasets").mkdir()
    (root / "evals" / "suite.toml").write_text(SUITE + settings)
    (root / "graders" / "accuracy.md").write_bytes(RUBRIC.read_bytes())
    write_transcripts(root / "datasets" / "talks.jsonl", transcripts)


@dataclass(frozen=True)
class Done:
    """What a command printed."""

    stdout: str
    stderr: str


def chatparity(root: Path, *arguments: str, code: int = 0) -> Done:
    """Run a command in a folder, in this process: the suite that is mounted is put aside meanwhile."""
    aside = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == MODULE}
    before, out, err = Path.cwd(), io.StringIO(), io.StringIO()
    os.chdir(root)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended: object = 0
            try:
                main(list(arguments))
            except SystemExit as exit_:
                ended = exit_.code
    finally:
        os.chdir(before)
        for name in [name for name in sys.modules if name.split(".")[0] == MODULE]:
            del sys.modules[name]
        sys.modules.update(aside)
    done = Done(out.getvalue(), err.getvalue())
    assert ended == code, done.stdout + done.stderr
    return done


def comparing(better: Callable[[str, str], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a judge that compares two answers by a function of them, and rewrites an answer with a mark."""
    import json

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        content = body["messages"][-1]["content"]
        data = json.loads(re.search(r">\n(.*)\n</", content, re.DOTALL)[1])  # type: ignore[index]
        if "reply" in data:
            return {"text": f"In my words: {data['reply']}"}
        return {"reason": "it is", "better": better(data["first"], data["second"])}

    return answer

"""Rubric files: TOML settings and the Markdown text that an LLM grader reads, checked while they are read."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.grading.criteria import Criterion, wrong_criteria
from chatparity.grading.verdict import Task, instructions
from chatparity.invalid import field_and_message

FENCE = "+++"
Engine = Literal["judge", "compare", "deepeval"]
Level = Literal["exchange", "conversation"]
DeepevalName = Literal[
    "conversational_geval", "turn_faithfulness", "role_adherence", "knowledge_retention", "conversation_completeness"
]
READ = ("Criteria", "Scale", "Examples", "When unsure")
SECTIONS: dict[Engine, tuple[str, ...]] = {
    "judge": READ,
    "compare": ("Criteria", "Examples", "When unsure"),
    "deepeval": ("Criteria",),
}
# The worst and the best of a comparison: worse, equal, better; equal passes.
COMPARED = ((0, 2), 1.0)
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Front(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The TOML front matter of a rubric file; `Rubric` says what the keys mean."""

    dimension: Name
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    languages: tuple[str, ...]
    scale: tuple[int, int] | None = None
    pass_at: Annotated[float, msgspec.Meta(ge=0)] | None = None
    name: Name | None = None
    engine: Engine = "judge"
    level: Level | None = None
    metric: DeepevalName | None = None
    optional: bool = False
    reference_facts: bool = False
    reference_answer: bool = False
    steps: tuple[Text, ...] = ()
    role: Text | None = None
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True)
class Rubric:
    """A rubric: what is graded, on which scale, and the Markdown text that the judge reads.

    `languages` are those in which its verdicts were compared with people's: none while it is not calibrated. `scale`
    is the worst and the best whole-number score, `pass_at` the lowest that passes. `engine` says what asks the judge:
    chatparity itself (`judge`, one exchange or, with `level`, one conversation at a time; `compare`, the reply beside
    a person's answer) or deepeval (`deepeval`, whole conversations by one of its metrics; `steps` are the evaluation
    steps of ConversationalGEval, `role` is the role of RoleAdherence). `reference_facts` shows the judge the facts
    people labelled, `reference_answer` a person's answer. An `optional` rubric is used only where it is named.
    `criteria` are what people are asked beside it, on the scorecard; the judge does not see them.
    """

    path: Path
    name: str
    dimension: str
    version: str
    languages: tuple[str, ...]
    scale: tuple[int, int]
    pass_at: float
    engine: Engine
    reference_facts: bool
    steps: tuple[str, ...]
    text: str
    level: Level = "exchange"
    metric: DeepevalName = "conversational_geval"
    optional: bool = False
    reference_answer: bool = False
    role: str = ""
    criteria: tuple[Criterion, ...] = ()

    def value(self, score: float) -> float:
        """Return a score of the scale as a value in [0, 1]."""
        low, high = self.scale
        return (score - low) / (high - low)

    @property
    def task(self) -> Task:
        """Return what the judge is asked to do."""
        if self.engine == "compare":
            return "comparison"
        return "conversation" if self.level == "conversation" else "reply"

    @property
    def identity(self) -> str:
        """Return the version with a short hash of all that shapes a verdict: text, settings and the prompts around."""
        # deepeval's prompts change with its version, as ours do with our instructions.
        asker = instructions(self.task)
        if self.engine == "deepeval":
            asker = f"deepeval {importlib.metadata.version('deepeval')} {self.metric} {self.role}"
        settings = (self.scale, self.pass_at, self.reference_facts, self.reference_answer)
        parts = [self.text, asker, *map(str, settings), *self.steps]
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        return f"{self.version}+{digest[:8]}"


def load_rubric(path: Path) -> Rubric:
    """Read a rubric file: TOML between two lines `+++`, then Markdown.

    Raises InputError naming file, line, key and what was expected.
    """
    try:
        content = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise InputError(
            [Problem(path, None, "", f"expected UTF-8, got byte 0x{error.object[error.start]:02x}")]
        ) from error
    except OSError as error:
        raise InputError([Problem(path, None, "", f"cannot be read: {error.strerror}")]) from error
    lines = content.removeprefix("\ufeff").splitlines()
    ends = [number for number, line in enumerate(lines) if line.rstrip() == FENCE]
    if len(ends) < 2 or ends[0] != 0:
        expected = f"expected a rubric: TOML between a first line {FENCE} and a second one, then Markdown"
        raise InputError([Problem(path, 1, "", expected)])
    front = _front(path, lines[1 : ends[1]])
    text = "\n".join(lines[ends[1] + 1 :]).strip()
    wrong = [*_settings(path, front, lines), *_sections(path, front, text, len(lines))]
    if wrong:
        raise InputError(wrong)
    scale, pass_at = COMPARED if front.scale is None or front.pass_at is None else (front.scale, front.pass_at)
    return Rubric(
        path=path,
        name=front.name or f"{front.dimension}_llm",
        dimension=front.dimension,
        version=front.version,
        languages=front.languages,
        scale=scale,
        pass_at=pass_at,
        engine=front.engine,
        reference_facts=front.reference_facts,
        steps=front.steps,
        text=text,
        level=front.level or ("conversation" if front.engine == "deepeval" else "exchange"),
        metric=front.metric or "conversational_geval",
        optional=front.optional,
        reference_answer=front.reference_answer,
        role=front.role or "",
        criteria=front.criteria,
    )


def _front(path: Path, lines: list[str]) -> _Front:
    """Decode the front matter. Raises InputError with the line in the file."""
    try:
        return msgspec.convert(tomllib.loads("\n".join(lines)), _Front)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"at line (\d+)", str(error))
        number = int(match[1]) + 1 if match else len(lines) + 1
        raise InputError([Problem(path, number, "", f"expected TOML between the {FENCE}: {error}")]) from error
    except msgspec.ValidationError as error:
        key, message = field_and_message(error, _Front)
        raise InputError([Problem(path, _line_of(key, ["", *lines]), key, message)]) from error


def _line_of(key: str, lines: list[str]) -> int:
    """Return the line (from 1) on which a key of the front matter is set, or the first one of the file."""
    name = re.split(r"[.\[]", key)[0]
    wanted = re.compile(rf"\s*{re.escape(name)}\s*=") if name else None
    return next((number for number, line in enumerate(lines, 1) if wanted and wanted.match(line)), 1)


def _settings(path: Path, front: _Front, lines: list[str]) -> list[Problem]:
    """Return what is wrong with settings that are each of the right type."""
    wrong = [*_scale(front), *_misplaced(front)]
    first = next((number for number, line in enumerate(lines, 1) if line.strip() == "[[criteria]]"), 1)
    return [
        *(Problem(path, _line_of(key, lines), key, message) for key, message in wrong),
        *(
            Problem(path, first, f"criteria[{number}].{key}", message)
            for number, key, message in wrong_criteria(front.criteria)
        ),
    ]


def _scale(front: _Front) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the scale and its mark, as (key, message)."""
    if front.engine == "compare":
        for key in ("scale", "pass_at"):
            if getattr(front, key) is not None:
                yield key, 'not used with engine = "compare", whose answers are better, equal or worse: remove it'
        return
    for key in ("scale", "pass_at"):
        if getattr(front, key) is None:
            yield key, f"expected it: missing required field `{key}`"
    if front.scale is None or front.pass_at is None:
        return
    low, high = front.scale
    if not low < high <= low + 100:
        yield "scale", f"expected [worst, best], got {list(front.scale)}"
    elif not low < front.pass_at <= high:
        yield "pass_at", f"expected a score above {low} and up to {high}, got {front.pass_at:g}"
    if front.engine == "deepeval":
        geval = front.metric in (None, "conversational_geval")
        wanted, whose = ((0, 10), "GEval") if geval else ((0, 1), str(front.metric))
        if front.scale != wanted:
            yield "scale", f"expected {list(wanted)}, the scale of deepeval's {whose}, got {list(front.scale)}"


def _misplaced(front: _Front) -> Iterator[tuple[str, str]]:
    """Yield the keys that this engine has no use for, and one that it needs, as (key, message)."""
    belongs = {"steps": "deepeval", "metric": "deepeval", "role": "deepeval", "level": "judge"}
    for key, engine in {**belongs, "reference_facts": "judge", "reference_answer": "judge"}.items():
        if getattr(front, key) and front.engine != engine:
            yield key, f'only used with engine = "{engine}": remove it'
    if front.level == "conversation":
        for key in ("reference_facts", "reference_answer"):
            if getattr(front, key):
                yield key, "only used where single replies are graded: remove it"
    if front.metric == "role_adherence" and front.role is None:
        yield "metric", 'expected role = "…" beside it: the role that the agent should keep to'


def _sections(path: Path, front: _Front, text: str, last: int) -> list[Problem]:
    """Return the headings that a rubric of this engine lacks."""
    found = {match[1].strip().casefold() for match in re.finditer(r"^##\s+(.+)$", text, re.MULTILINE)}
    return [
        Problem(path, last, "", f'expected a heading "## {wanted}" with text under it')
        for wanted in SECTIONS[front.engine]
        if wanted.casefold() not in found
    ]

"""Rubric files: TOML settings and the Markdown text that an LLM grader reads, checked while they are read."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.grading.criteria import Criterion, wrong_criteria
from chatparity.grading.verdict import INSTRUCTIONS
from chatparity.invalid import field_and_message

FENCE = "+++"
Engine = Literal["judge", "deepeval"]
LEVELS: dict[Engine, Literal["exchange", "conversation"]] = {"judge": "exchange", "deepeval": "conversation"}
SECTIONS: dict[Engine, tuple[str, ...]] = {
    "judge": ("Criteria", "Scale", "Examples", "When unsure"),
    "deepeval": ("Criteria",),
}
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,60}$")]


class _Front(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The TOML front matter of a rubric file; `Rubric` says what the keys mean."""

    dimension: Name
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    languages: tuple[str, ...]
    scale: tuple[int, int]
    pass_at: Annotated[float, msgspec.Meta(ge=0)]
    name: Name | None = None
    engine: Engine = "judge"
    reference_facts: bool = False
    steps: tuple[Annotated[str, msgspec.Meta(min_length=1)], ...] = ()
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True)
class Rubric:
    """A rubric: what is graded, on which scale, and the Markdown text that the judge reads.

    `languages` are those in which its verdicts were compared with people's: none while it is not calibrated. `scale`
    is the worst and the best whole-number score, `pass_at` the lowest that passes. `engine` says what asks the judge:
    chatparity itself (`judge`, one exchange at a time) or deepeval's ConversationalGEval (`deepeval`, whole
    conversations, with `steps` as its evaluation steps). `reference_facts` shows the judge the facts people labelled.
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
    criteria: tuple[Criterion, ...] = ()

    def value(self, score: float) -> float:
        """Return a score of the scale as a value in [0, 1]."""
        low, high = self.scale
        return (score - low) / (high - low)

    @property
    def identity(self) -> str:
        """Return the version with a short hash of all that shapes a verdict: text, settings and the prompts around."""
        # deepeval's prompts change with its version, as ours do with our instructions.
        asker = INSTRUCTIONS if self.engine == "judge" else f"deepeval {importlib.metadata.version('deepeval')}"
        parts = [self.text, asker, *map(str, (self.scale, self.pass_at, self.reference_facts))]
        digest = hashlib.sha256("\0".join([*parts, *self.steps]).encode()).hexdigest()
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
    return Rubric(
        path=path,
        name=front.name or f"{front.dimension}_llm",
        dimension=front.dimension,
        version=front.version,
        languages=front.languages,
        scale=front.scale,
        pass_at=front.pass_at,
        engine=front.engine,
        reference_facts=front.reference_facts,
        steps=front.steps,
        text=text,
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
    wrong: list[Problem] = []
    low, high = front.scale
    if not low < high <= low + 100:
        wrong.append(
            Problem(path, _line_of("scale", lines), "scale", f"expected [worst, best], got {list(front.scale)}")
        )
    elif not low < front.pass_at <= high:
        message = f"expected a score above {low} and up to {high}, got {front.pass_at:g}"
        wrong.append(Problem(path, _line_of("pass_at", lines), "pass_at", message))
    if front.engine == "deepeval" and front.scale != (0, 10):
        message = f"expected [0, 10], the scale of deepeval's GEval, got {list(front.scale)}"
        wrong.append(Problem(path, _line_of("scale", lines), "scale", message))
    for key, engine in (("steps", "deepeval"), ("reference_facts", "judge")):
        if getattr(front, key) and front.engine != engine:
            message = f'only used with engine = "{engine}": remove it'
            wrong.append(Problem(path, _line_of(key, lines), key, message))
    first = next((number for number, line in enumerate(lines, 1) if line.strip() == "[[criteria]]"), 1)
    wrong += [
        Problem(path, first, f"criteria[{number}].{key}", message)
        for number, key, message in wrong_criteria(front.criteria)
    ]
    return wrong


def _sections(path: Path, front: _Front, text: str, last: int) -> list[Problem]:
    """Return the headings that a rubric of this engine lacks."""
    found = {match[1].strip().casefold() for match in re.finditer(r"^##\s+(.+)$", text, re.MULTILINE)}
    return [
        Problem(path, last, "", f'expected a heading "## {wanted}" with text under it')
        for wanted in SECTIONS[front.engine]
        if wanted.casefold() not in found
    ]

"""Finding a suite's graders: those of `graders/*.py`, rubrics `graders/*.md` but README.md, models `*.learned.json`."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chatparity.errors import UsageError
from chatparity.grading.grader import Grader
from chatparity.suite import MODULE, Suite

if TYPE_CHECKING:
    from chatparity.judge import Judge

FITTED = ".learned.json"


def load_graders(suite: Suite, judge: Judge | None = None, *, only: Sequence[str] = ()) -> list[Grader]:
    """Return the suite's graders, sorted by dimension and name; rubrics are bound to `judge`.

    Those are rules (`*.py`), rubrics (`*.md`) and fitted models (`*.learned.json`).

    The suite's own `graders/` folder counts, or the shipped one where it has none. `only` (or, when that is empty,
    `[suite] graders`) names the graders, or whole dimensions, to keep; a name that ends in `.learned.json` is a model's
    file, and a rubric that is `optional` is kept only by its own name, here or in a gate. Raises UsageError for a
    folder without any, for a file that cannot be imported, two graders of one name, and a name that no grader bears.
    """
    folder = suite.path("graders")
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder: expected the graders of the suite")
    found: dict[str, Grader] = {}

    def take(file: Path, grader: Grader) -> None:
        if found.setdefault(grader.name, grader) is not grader:
            raise UsageError(f'{file}: a second grader is called "{grader.name}": give it a name of its own')

    for file in sorted(folder.glob("*.py")):
        for grader in _graders_of(file):
            take(file, grader)
    rubrics = sorted(file for file in folder.glob("*.md") if file.name != "README.md")
    if rubrics:
        from chatparity.grading.rubric import load_rubric, rubric_grader

        for file in rubrics:
            take(file, rubric_grader(load_rubric(file), judge))
    # A name with the ending of a fitted model is its file, wherever that lies.
    named = {name: Path(name) for name in only if name.endswith(FITTED)}
    fitted = {file.resolve(): file for file in (*sorted(folder.glob(f"*{FITTED}")), *named.values())}
    names: dict[Path, str] = {}
    if fitted:
        from chatparity.grading.learned import learned_grader
        from chatparity.learned.file import read_model

        for place, file in fitted.items():
            grader = learned_grader(read_model(file))
            take(file, grader)
            names[place] = grader.name
    if not found:
        raise UsageError(f"{folder}: no graders here: expected Python files with graders, or rubrics ending in .md")
    wanted = [names[named[name].resolve()] if name in named else name for name in only]
    gated = {gate.grader for gate in suite.settings.gate}
    every = sorted(found.values(), key=lambda one: (one.dimension, one.name))
    return _kept(every, wanted or suite.settings.suite.graders, gated)


def _graders_of(file: Path) -> list[Grader]:
    """Import one file of the mounted suite and return the graders it defines."""
    name = f"{MODULE}.graders.{file.stem}"
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{file}: cannot be imported: {type(error).__name__}: {error}") from error
    return [value for value in vars(module).values() if isinstance(value, Grader)]


def _kept(graders: list[Grader], wanted: Sequence[str], gated: Collection[str | None]) -> list[Grader]:
    """Keep the graders whose name or dimension is wanted; all of them when nothing is.

    Optional ones are kept only where their own name is wanted or a gate names it.
    """
    known = {grader.name for grader in graders} | {grader.dimension for grader in graders}
    for name in wanted:
        if name not in known:
            raise UsageError(f'no grader or dimension is called "{name}": there are {", ".join(sorted(known))}')
    kept = [one for one in graders if not wanted or one.name in wanted or one.dimension in wanted]
    return [one for one in kept if not one.optional or one.name in wanted or (not wanted and one.name in gated)]

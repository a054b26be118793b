"""What the graders of a suite can grade of a run's transcripts, and which labels they lack."""

from __future__ import annotations

from chatparity.grading.load import load_graders
from chatparity.grading.needs import Gradable, what_can_be_graded
from chatparity.jsonl import scan
from chatparity.points import claims
from chatparity.run.folder import RunFolder
from chatparity.suite import Suite
from chatparity.transcript import Transcript


def gradable_in(
    folder: RunFolder, suite: Suite, *, only: tuple[str, ...] = (), judge: str | None = None
) -> list[Gradable]:
    """Return what each grader of the suite can grade of a run's transcripts in the languages that the agent claims.

    `only` names graders or dimensions, `judge` the judge when it is not the run's own. Nothing is graded.
    """
    manifest = folder.manifest()
    transcripts = (
        item
        for _, _, item in scan([folder.transcripts_file])
        if isinstance(item, Transcript) and claims(manifest.languages, item.language)
    )
    graders = load_graders(suite, only=only)
    return what_can_be_graded(transcripts, graders, judged=(judge or manifest.judge) != "none")

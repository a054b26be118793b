"""What GitHub Actions shows of an examination: annotations at the gates of suite.toml, and the step's summary.

GitHub reads annotations from the lines that a step prints. The texts of transcripts are printed too, so whatever the
runner would take for a command is taken apart first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chatparity.naming import anchor

if TYPE_CHECKING:
    from chatparity._pytest.exam import Exam
    from chatparity.gate import GateResult

# GitHub shows ten annotations of a kind for a step, and drops the others without a word.
SHOWN = 10
SUMMARY_LIMIT = 60_000
STEP_LIMIT = 1024 * 1024
JOINER = "\u2060"
GATE = re.compile(r"^[ \t]*\[\[[ \t]*gate[ \t]*\]\]")
IMAGE = re.compile(r"(?<!\\)!\[([^\[\]\n]*)\]\((?!https?://|data:)([^)\s]*)[^)\n]*\)")
LINK = re.compile(r"(?<![!\\])\[((?:\\.|[^\[\]\\\n])*)\]\((?!https?://|mailto:|#)([^)\s]*)\)")


@dataclass(frozen=True)
class Annotation:
    """One line on a pull request: how grave it is, where it points, its title and its text."""

    level: Literal["error", "warning"]
    title: str
    text: str
    file: str | None = None
    line: int = 1

    def __str__(self) -> str:
        place = f"file={_property(self.file)},line={self.line}," if self.file else ""
        return f"::{self.level} {place}title={_property(self.title)}::{_data(self.text)}"


def on_github() -> bool:
    """Say whether this process runs in a step of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def harmless(text: str) -> str:
    """Return a text that the runner takes for no command: its older form, `##[command]`, is found anywhere in a line.

    The newer one, `::command::`, counts only where a line begins, so only there a word joiner is put in.
    """
    if not on_github():
        return text
    text = text.replace("##[", f"##{JOINER}[")
    return re.sub(r"(?m)^(\s*)::", rf"\1{JOINER}::", text)


def annotated(exam: Exam, looked: Collection[object]) -> list[Annotation]:
    """Return an annotation for each gate that a test of this session saw and that does not pass, the worst first.

    `looked` are the gates that tests have checked, as their reports carry them. An INCONCLUSIVE gate that does not
    fail its test is a warning. Where there are more than GitHub shows, the last one says how many are left out.
    """
    lenient = exam.asked.inconclusive != "fail"
    red = [one for one in exam.findings.gates if one.verdict != "PASS" and f"{one.name} {one.kind}" in looked]
    page = _page(exam.run)
    found = [
        _of_gate(exam, gate, "warning" if lenient and gate.verdict == "INCONCLUSIVE" else "error", page)
        for gate in sorted(red, key=lambda gate: (gate.verdict != "FAIL", gate.slice != "all"))
    ]
    return [*_shown(found, "error"), *_shown(found, "warning")]


def _shown(found: list[Annotation], level: Literal["error", "warning"]) -> list[Annotation]:
    """Return the annotations of a level that GitHub will show; the last says how many more there are."""
    some = [one for one in found if one.level == level]
    if len(some) <= SHOWN:
        return some
    left = some[SHOWN - 1 :]
    titles = "; ".join(one.title for one in left)
    return [*some[: SHOWN - 1], Annotation(level, f"{len(left)} more gates", titles, left[0].file, left[0].line)]


def _of_gate(exam: Exam, gate: GateResult, level: Literal["error", "warning"], page: str) -> Annotation:
    """Return the annotation of one gate: its figures, and where to read what drove it."""
    from chatparity.gate.text import measured_text, threshold_text, visible

    need = threshold_text(gate.kind, gate.threshold, good_is_high=gate.good_is_high)
    lines = [f"{measured_text(gate)}, needs {need}"]
    if gate.verdict == "INCONCLUSIVE":
        lines.append(f"why: {gate.reason}")
    for example in gate.failures:
        at = anchor(example.id)
        where = f": report.html#{at}" if f'id="{at}"' in page else ""
        lines.append(f"read: {example.id} turn {example.turn} {example.outcome}{where}")
    file = exam.root / "evals" / "suite.toml"
    title = visible(f"{gate.verdict} {gate.name}")
    return Annotation(level, title, visible("\n".join(lines)), _from_workspace(file), gate_line(exam, gate))


def gate_line(exam: Exam, gate: GateResult) -> int:
    """Return the line of suite.toml at which a gate begins, 1 where its tables are written in another way."""
    from chatparity.gate.needed import threshold_of

    settings = exam.plan.suite.settings
    text = (exam.root / "evals" / "suite.toml").read_text(encoding="utf-8")
    begins = [number for number, line in enumerate(text.splitlines(), 1) if GATE.match(line)]
    if len(begins) != len(settings.gate):
        return 1
    wanted = (gate.name, gate.kind, gate.threshold)
    places = (one.index for one in exam.plan.slices if (one.name, one.gate.kind, threshold_of(one.gate)) == wanted)
    index = next(places, None)
    return 1 if index is None else begins[index]


def refused(message: str, root: Path) -> Annotation:
    """Return the annotation of a session that never began, or of a run that has no verdict."""
    return Annotation("error", "chatparity: no verdict", message, _from_workspace(root / "evals" / "suite.toml"))


def _from_workspace(path: Path) -> str | None:
    """Return a path as annotations need it: from the top of the checkout; None for one outside it."""
    top = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    try:
        return path.resolve().relative_to(top.resolve()).as_posix()
    except ValueError:
        return None


def _page(run: Path) -> str:
    """Return the text of a run's report.html, "" when it has none."""
    path = run / "report.html"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def write_summary(run: Path) -> None:
    """Append a run's report.md to the summary of this step, if there is one and the report fits into it."""
    target, source = os.environ.get("GITHUB_STEP_SUMMARY"), run / "report.md"
    if not target or not source.is_file():
        return
    path = Path(target)
    room = STEP_LIMIT - (path.stat().st_size if path.is_file() else 0)
    text = summary(source.read_text(encoding="utf-8"), os.environ.get("CHATPARITY_REPORT_URL"))
    if len(text.encode()) >= room:
        text = "chatparity: the summary of this step is full; the report is among the artefacts of this run.\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def summary(markdown: str, address: str | None = None) -> str:
    """Return a report as the step's summary shows it.

    A summary has no folder beside it, so that a relative link or picture would be broken: a link into report.html goes
    to `address` where there is one, any other link keeps its words only, a picture its description and its name.
    """

    def linked(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        page, _, place = target.partition("#")
        if address and page == "report.html":
            return f"[{words}]({address}{'#' + place if place else ''})"
        return words

    text = IMAGE.sub(lambda found: f"{found[1] or 'Picture'} ({found[2]} in the run's folder)", markdown)
    text = LINK.sub(linked, text)
    if len(text) < SUMMARY_LIMIT:
        return text
    note = "\n\nThe rest stands in report.html, among the artefacts of this run.\n"
    return text[: text.rfind("\n", 0, SUMMARY_LIMIT - len(note))] + note


def _data(text: str) -> str:
    """Escape the text of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property of a workflow command."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")

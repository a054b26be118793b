"""Nothing that a transcript, a grader, a name or a comment says can act: on a page, in a sheet or a terminal.

Each payload is put into every field that holds a text, each output is made of it, and compared with the same output of
harmless words: it must have no other elements and attributes, no character that controls or turns round, no formula.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import importlib
import io
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from chatparity.audit.examine import Placed
from chatparity.audit.reading import chosen, rendered
from chatparity.cli import review as review_command
from chatparity.cli.show import say
from chatparity.errors import InputError, Problem
from chatparity.exchange import Evidence, Reply, ReplyRecord
from chatparity.failures import map_failures
from chatparity.failures.result import Example, Finding, Theme
from chatparity.failures.text import map_text
from chatparity.gate.text import red_text
from chatparity.grading.rows import ScoreRow
from chatparity.jsonl import write_transcripts
from chatparity.review import export, label_studio
from chatparity.review.agreement import agreement
from chatparity.review.desk import Desk, Filter, Progress
from chatparity.review.items import Bench
from chatparity.review.pages import Pages
from chatparity.review.scorecard import load_scorecard
from chatparity.review.store import DECISION, Change, Note, Store
from chatparity.review.views import (
    CalibrationView,
    CompareView,
    DecideView,
    Frame,
    GuidelineView,
    ItemView,
    Line,
    ListView,
    PlainView,
)
from chatparity.sample import sample_transcripts
from chatparity.suite import load_suite
from chatparity.transcript import (
    AnswerLabel,
    EscalationLabel,
    Fact,
    Forbidden,
    Knowledge,
    Labels,
    ToolCall,
    Transcript,
    Turn,
)

from .reports_sample import findings_of, gate, run_at

FILE = tomllib.loads((Path(__file__).parent / "payloads.toml").read_text(encoding="utf-8"))
PAYLOADS = {f"{kind}-{name}": text for kind, texts in FILE.items() for name, text in texts.items()}
HARMLESS = "harmless words"
ALLOWED = frozenset("\n\t\u200c\u200d\u200e\u200f\u061c")
FORMULA = re.compile(r"^[\s'\"]*[=+\-@＝＋－＠]")


def talk(text: str) -> Transcript:
    """Return a conversation that says `text` wherever it can say anything."""
    name = text[:60] or "x"
    call = ToolCall(name=name, arguments={name: text, "nested": {name: [text, {"a": text}]}}, result={name: text})
    return Transcript(
        schema=1,
        id=name,
        language="en",
        channel=text,
        intent=text,
        difficulty=text,
        customer=text,
        source=text,
        turns=(
            Turn(speaker="customer", text=f"Help: {text}"),
            Turn(speaker="human_agent", text=text, tool_calls=(call, msgspec.structs.replace(call, ok=False))),
            Turn(speaker="tool", text=text),
            Turn(speaker="customer", text=f"{text} again"),
            Turn(speaker="ai_agent", text=f"You are an idiot. {text}"),
        ),
        knowledge=(Knowledge(id=name, text=text),),
        records={name: text, "list": [{name: text}]},
        labels=Labels(
            facts=(Fact(id=name, accept=(name,), due_by_turn=1),),
            forbidden=(Forbidden(id=name, reject=(name, "other", "third"), reason=text),),
            escalation=(EscalationLabel(turn=1, expect="now", reason=text),),
            answers=(AnswerLabel(turn=1, accuracy=0.0, note=text),),
        ),
    )


def desk_of(text: str, folder: Path) -> Desk:
    """Return the desk of a sample of that conversation, judged by three people who say `text`."""
    write_transcripts(folder / "logs.jsonl", [talk(text)])
    suite = load_suite()
    asyncio.run(sample_transcripts([folder / "logs.jsonl"], suite, folder / "s", n=4))
    bench = Bench(folder / "s", suite)
    desk = Desk(bench, Store(folder / "s" / "labels.sqlite", bench.sample.name), load_scorecard(suite))
    for number, name in enumerate(bench.order):
        for who in ("Ada", "Ben", text):
            said = {"accuracy": "1" if who == "Ada" else "0", "state": "done", "comment": text, "preference": "ai"}
            desk.store.save(name, said, author=who)
        if number == 0:
            desk.store.save(name, {"accuracy": "0", "comment": text}, author=text, rater=DECISION)
    return desk


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], SimpleNamespace]:
    """Return a function that makes all outputs of a text, once."""
    known: dict[str, SimpleNamespace] = {}

    def make(text: str) -> SimpleNamespace:
        if text not in known:
            folder = tmp_path_factory.mktemp("payload")
            desk = desk_of(text, folder)
            known[text] = SimpleNamespace(text=text, folder=folder, desk=desk, pages={}, found=agreement(desk))
        return known[text]

    return make


def frame(text: str, here: str = "item") -> Frame:
    return Frame(
        who=text,
        lead=True,
        proof="0" * 64,
        sample=text,
        synthetic=True,
        session=text,
        here=here,
        progress=Progress(1, 1, 3),
        pairs=2,
        wanted=Filter("open", text, text),
        told=text,
        wrong=True,
        query="find=x",
    )


def reading(one: SimpleNamespace) -> str:
    found = Problem(Path(one.text.replace("\0", "")), 1, one.text, one.text)
    placed = Placed(found.path, 1, talk(one.text))
    return rendered(chosen([placed], [found], 1))


def sample_page(one: SimpleNamespace) -> str:
    path: Path = one.folder / "s" / "sample.html"
    return path.read_text(encoding="utf-8")


def report(one: SimpleNamespace, ending: str = "html") -> str:
    module = importlib.import_module("chatparity_suite.reports.report")
    data = importlib.import_module("chatparity_suite.reports.data")
    material = importlib.import_module("chatparity_suite.reports.material")
    words = importlib.import_module("chatparity_suite.reports.words")
    rows, found = run_of(one)
    folder = run_at(one.folder / f"run-{ending}", [talk(one.text)], rows[0], rows[1])
    names = words.Names([talk(one.text)])
    page = data.page_of(material.Material.of(folder, found), names)
    return str(module._html(page, {}, names) if ending == "html" else module._markdown(page, ["scorecard"]))


def failures(one: SimpleNamespace, ending: str = "html") -> str:
    """Return the failure map of three conversations in which an answer fails, beside a baseline in which none did."""
    if "map" not in vars(one):
        module = importlib.import_module("chatparity_suite.reports.failures_page")
        (records, rows), _ = run_of(one)
        folders = []
        for name, bad in (("now", True), ("before", False)):
            many = [
                msgspec.structs.replace(
                    rows[0],
                    cluster=f"{rows[0].cluster} {number}",
                    turn=number,
                    verdict="fail" if bad else "pass",
                    reason=f"{one.text} {number}",
                )
                for number in range(1, 9)
            ]
            replies = [msgspec.structs.replace(records[0], turn=row.turn) for row in many]
            folders.append(run_at(one.folder / f"map-{name}", [talk(one.text)], replies, many).path)
        found = map_failures(folders[0], load_suite(), baseline=folders[1])
        found = msgspec.structs.replace(found, run=one.text, agent=one.text, taxonomy=one.text)
        theme = Theme(
            name=one.text,
            language="en",
            terms=(one.text,),
            count=8,
            before=0,
            conversations=8,
            categories={one.text: 8},
            graders={one.text: 8},
            share=found.any_failure,
            ids=(one.text,),
            examples=(
                Example(
                    id=one.text,
                    turn=1,
                    trial=0,
                    language="en",
                    run="now",
                    request=one.text,
                    passage=one.text,
                    categories=(one.text,),
                    findings=(Finding(grader=one.text, category=one.text, outcome=one.text, reason=one.text),),
                ),
            ),
        )
        first = msgspec.structs.replace(found.categories[0], name=one.text, says=one.text)
        found = msgspec.structs.replace(found, themes=(theme,), categories=(first, *found.categories[1:]))
        one.map, one.laid_out = found, module.page_of(found)
    if ending == "md":
        module = importlib.import_module("chatparity_suite.reports.failures_page")
        return str(module.markdown(one.laid_out))
    talk_module = importlib.import_module("chatparity_suite.reports.talk")
    return str(talk_module.rendered("failures.html", one.laid_out))


def run_of(one: SimpleNamespace) -> tuple[tuple[list[ReplyRecord], list[Any]], Any]:
    transcript, text = talk(one.text), one.text
    call = ToolCall(name=text[:60], arguments={text: text})
    record = ReplyRecord(
        id=transcript.id, turn=1, trial=0, state="replied", reply=Reply(text=text, tool_calls=(call,), latency=0.2)
    )
    spans = (Evidence(text=text, start=0, end=3), Evidence(text=text, start=0, end=99, where="turn:0"))
    bad = ScoreRow(
        id=transcript.id,
        turn=1,
        trial=0,
        arm="ai",
        grader="accuracy",
        dimension="accuracy",
        state="graded",
        cluster=text,
        slices={"language": "en", "intent": text},
        verdict="fail",
        value=0.0,
        outcome=text,
        reason=text,
        evidence=spans,
        metrics={"rate": False},
        quote=text,
    )
    return ([record], [bad]), findings_of([bad], [gate([bad], "accuracy", "rate", "at_least", 0.9)])


def item_page(one: SimpleNamespace) -> str:
    desk = one.desk
    name = desk.bench.order[0]
    (_, rows), _ = run_of(one)
    view = ItemView(
        frame=frame(one.text),
        shown=desk.bench.exhibit(name),
        criteria=desk.scorecard.criteria,
        answers={"accuracy": "0", "comment": one.text},
        state="done",
        card=desk.card(name, {"accuracy": "0"}),
        found=rows,
        number=1,
        before=name,
        after=name,
        testable=True,
    )
    return Pages().page(view)


def list_page(one: SimpleNamespace) -> str:
    line = Line(one.desk.bench.order[0], one.text, one.text, "done", one.text)
    view = ListView(frame(one.text, "items"), Filter("open", one.text, one.text), [line], 1, 2, 3, [one.text, "en"])
    return Pages().page(view)


def compare_page(one: SimpleNamespace) -> str:
    reply = Reply(text=one.text, tool_calls=talk(one.text).turns[1].tool_calls)
    shown = one.desk.bench.exhibit(one.desk.bench.order[0])
    return Pages().page(CompareView(frame(one.text, "compare"), shown, reply, reply, "left", 1, 1))


def calibration_page(one: SimpleNamespace) -> str:
    return Pages().page(CalibrationView(frame(one.text, "calibration"), one.found, 0, False))


def decide_page(one: SimpleNamespace) -> str:
    desk, text = one.desk, one.text
    name = desk.bench.order[0]
    change = Change(1, "a", text, text, text, name, text, text, text, text, 0, text)
    (_, rows), _ = run_of(one)
    said, decided = {text: {"accuracy": text, "comment": text}}, {"comment": text}
    shown, criteria = desk.bench.exhibit(name), desk.scorecard.criteria
    return Pages().page(DecideView(frame(text), shown, criteria, said, decided, [change], rows))


def notes_page(one: SimpleNamespace) -> str:
    notes = [Note(2, "2026-03-01T10:00:00", one.text, one.text), Note(1, one.text, one.text, one.text)]
    return Pages().page(GuidelineView(frame(one.text, "guideline"), notes))


def door_page(one: SimpleNamespace) -> str:
    return Pages().page(PlainView(None, one.text, one.text, asks=True, proof=one.text, wrong=one.text))


def message_page(one: SimpleNamespace) -> str:
    return Pages().page(PlainView(None, one.text, one.text))


HTML: Mapping[str, Callable[[SimpleNamespace], str]] = {
    "reading": reading,
    "sample": sample_page,
    "report": report,
    "failures": failures,
    "item": item_page,
    "list": list_page,
    "compare": compare_page,
    "calibration": calibration_page,
    "decide": decide_page,
    "notes": notes_page,
    "door": door_page,
    "message": message_page,
}


def page_of(one: SimpleNamespace, output: str) -> str:
    """Return an output of a text, made once."""
    if output not in one.pages:
        one.pages[output] = HTML[output](one)
    return str(one.pages[output])


SHEETS: Mapping[str, Callable[[SimpleNamespace], bytes]] = {
    "sample": lambda one: (one.folder / "s" / "sample.csv").read_bytes(),
    "labels": lambda one: export.sheet(one.desk),
}


class Shape(HTMLParser):
    """What a browser would make of a page: which elements with which attributes, and where they point."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.count = 0
        self.targets: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, tuple(sorted(name for name, _ in attrs if name not in ("checked", "selected")))))
        self.count += 1
        self.targets += [value or "" for name, value in attrs if name in ("href", "src", "action", "formaction")]


def acts(text: str) -> list[str]:
    """Return the characters of a text that control, hide or turn round."""
    bad = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return [hex(ord(one)) for one in text if unicodedata.category(one) in bad and one not in ALLOWED]


def pages(one: SimpleNamespace, usual: SimpleNamespace) -> Iterator[str]:
    """Yield what a text does on a page that harmless words do not."""
    for output in HTML:
        page = page_of(one, output)
        shape, expected = Shape(page), Shape(page_of(usual, output))
        yield from (f"{output}: a new element {element}" for element in shape.elements - expected.elements)
        yield from (f"{output}: a character that acts, {character}" for character in acts(page))
        for target in shape.targets:
            if not re.match(r"#|/(?!/)|$", target) and target not in expected.targets:
                yield f"{output}: leads to {target}"
        if "zzzzzzzzz" in page or ("7 * 7" in one.text and "7 * 7" not in page and output != "report"):
            yield f"{output}: a template was filled in"


def sheets(one: SimpleNamespace, _: SimpleNamespace) -> Iterator[str]:
    """Yield the cells that a spreadsheet would take for a formula, with whatever separator it is opened."""
    for output, make in SHEETS.items():
        text = make(one).decode("utf-8-sig")
        yield from (f"{output}: a character that acts, {character}" for character in acts(text) if character != "0xd")
        if "\r" in text.replace("\r\n", ""):
            yield f"{output}: a line that ends inside a cell"
        for separator in (",", ";", "\t"):
            for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
                for cell in cells:
                    if FORMULA.match(cell) and not cell.lstrip(' "').startswith("'"):
                        yield f"{output}: a formula, {cell}"


def comment(one: SimpleNamespace, _: SimpleNamespace) -> Iterator[str]:
    """Yield what a text does in the comment on a pull request."""
    text = f"{report(one, 'md')}\n{failures(one, 'md')}"
    yield from (f"comment: a character that acts, {character}" for character in acts(text.replace("\u2060", "")))
    bare = re.sub(r"\\.", "", text)
    yield from (f"comment: <{tag}>" for tag in set(re.findall(r"<\s*/?\s*(\w+)", bare)) - {"br", "details", "summary"})
    yield from (f"comment: {link}" for link in re.findall(r"\]\((?!report\.html#)[^)]*\)", bare))
    yield from (
        f"comment: {address}" for address in re.findall(r"\w+://(?!\u2060)[\w.]+", bare) if "\u2060" not in address
    )
    if re.search(r"(?m)^\s*::", text) or "@maintainers" in text:
        yield "comment: a command or a mention"


def terminal(one: SimpleNamespace, _: SimpleNamespace) -> Iterator[str]:
    """Yield the characters that would act in a terminal."""
    found = run_of(one)[1]
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        say(red_text(found.gates[0], one.folder))
        failures(one)
        say(map_text(one.map))
        say(str(InputError([Problem(Path("x"), 1, one.text, one.text)])))
        for line in review_command._lines(one.found):
            say(line)
    shown = written.getvalue()
    bad = [at for at in shown if unicodedata.category(at) in ("Cc", "Cf", "Cs") and at not in "\n\t"]
    yield from (f"terminal: {at!a}" for at in bad)


def label_studio_tasks(one: SimpleNamespace, _: SimpleNamespace) -> Iterator[str]:
    """Yield what a text adds to the tasks and the labelling page of Label Studio."""
    assert msgspec.json.decode(msgspec.json.encode(list(label_studio.tasks(one.desk))))
    root = ElementTree.fromstring(label_studio.labelling_page(one.desk))  # noqa: S314 - our own
    known = {"View", "Paragraphs", "Header", "Text", "Choices", "Choice", "TextArea"}
    yield from (f"label studio: {element.tag}" for element in root.iter() if element.tag not in known)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_does_nothing_anywhere(payload: str, made: Callable[[str], SimpleNamespace]) -> None:
    text = PAYLOADS[payload]
    one, usual = made(text), made(HARMLESS + "\nx" * min(text.count("\n"), 1))
    found = [what for check in (pages, sheets, comment, terminal, label_studio_tasks) for what in check(one, usual)]
    assert found == []


def test_there_are_enough_of_each_kind() -> None:
    assert len(PAYLOADS) >= 60
    assert {kind for kind, texts in FILE.items() if len(texts) >= 3} == set(FILE)

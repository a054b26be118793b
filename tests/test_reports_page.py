"""The report: one calm page that leads with the verdict, lets nothing in a transcript act, and hides no figure's n."""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from chatparity.exchange import Evidence, Failure, Reply, ReplyRecord
from chatparity.gate.result import Example
from chatparity.suite import load_suite

from .reports_sample import Sample, findings_of, gate, row, run_at, slice_rates, talk, usual_gates

NASTY = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \"quoted\" 'single' &amp; \x1b[31mred\x1b[0m "
    "\u202egnp.exe\u202c {{ 7 * 7 }} @maintainers #1 [go](https://example.com) | `tick`"
)

FOUND = "on accuracy the AI said what was due and nothing wrong in 95.0 % [87.4, 98.7] of 121 answers"
DRAWN = (
    "parity",
    "scorecard",
    "slices",
    "duels",
    "latency",
    "escalation",
    "timing",
    "scores",
)  # the sample has no hallucination grader
MORE = "about 140 more conversations would decide"


@pytest.fixture(scope="module")
def report() -> ModuleType:
    load_suite()
    return importlib.import_module("chatparity_suite.reports.report")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="module")
def page(report: ModuleType, sample: Sample) -> str:
    """Return the page of a run that failed."""
    findings = findings_of(sample.rows, usual_gates(sample.rows), slice_rates(sample.rows))
    made: Path = report.build(sample.folder, findings)
    assert made == sample.folder.path / "report.html"
    return made.read_text()


class Reader(HTMLParser):
    """Collects what a browser would act on: tags, attributes, headings, and the text that is seen."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("style", "title"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def spaced(text: str) -> str:
    """Return a text with every run of spaces, also those that do not break, as one."""
    return " ".join(text.split())


def test_the_page_is_one_file_that_fetches_nothing_and_runs_nothing(page: str) -> None:
    reader = Reader(page)
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for _, attrs in reader.tags:
        assert "src" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        assert (attrs.get("href") or "#").startswith("#")
        assert (attrs.get("xlink:href") or "#").startswith("#")
    assert not re.search(r"https?://|@import|url\((?!#)", page)
    assert "default-src 'none'" in page


def test_the_page_leads_with_the_verdict_and_why_in_one_sentence(page: str) -> None:
    heading = spaced(Reader(page[page.index("<h1") : page.index("</h1>")]).text)
    assert heading == (
        "✗ FAIL: The agent is not ready, because on escalation the AI handed over to a person in "
        "77.5 % [61.5, 89.2] of 40 answers that had to; at least 90 % is needed."
    )


def test_each_dimension_has_a_plain_sentence_with_interval_and_n_and_says_synthetic(page: str) -> None:
    text = spaced(Reader(page).text)
    assert (
        "On politeness it cannot be told yet whether the AI is worse than our people (synthetic) by more than "
        "3 points: 0.0 [−4.9, +4.9] on 121 paired answers; about 140 more conversations would decide."
    ) in text
    assert "The AI is not worse than our people (synthetic) by more than 5 points: +2.5 [−4.4, +9.6]" in text
    assert "Of 7 gates, 3 failed, 2 cannot be decided yet, 2 passed." in text


def test_sections_come_in_the_order_of_reading_and_headings_skip_no_level(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Reader(page).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    order = ["dimensions", "parity", "scorecard", "conversations", "slices", "duels", "latency", "escalation"]
    order += ["hallucination", "scores", "mix", "rates", "unmeasured", "ledger", "made"]
    places = [page.index(f'<h2 id="{name}"') for name in order]
    assert places == sorted(places)
    assert [attrs["href"] for attrs in Reader(page[: page.index("</nav>")]).of("a")] == [f"#{name}" for name in order]


def test_a_dimension_that_did_not_pass_leads_to_its_conversations_which_open(page: str) -> None:
    part = page[page.index('<ul class="dimensions">') : page.index('<h2 id="parity"')]
    led = [str(attrs["href"]).removeprefix("#") for attrs in Reader(part).of("a")]
    assert len(led) == len(set(led)) >= 8
    for name in led:
        at = page.index(f' id="{name}"')
        opened = page.rfind("<details", 0, at) > page.rfind("<article", 0, at)
        folded = "<details" in page[at : page.index("</article>", at)].partition("<h3")[0]
        assert opened or not folded


def test_every_table_header_says_what_it_heads_and_every_picture_what_it_shows(page: str) -> None:
    reader = Reader(page)
    assert all(attrs.get("scope") in ("col", "row") for attrs in reader.of("th"))
    pictures = [attrs for attrs in reader.of("div") if attrs.get("role") == "img"]
    assert len(pictures) == 2 * len(DRAWN)
    assert all(attrs.get("aria-label") for attrs in pictures)
    ids = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_ten_conversations_show_question_both_answers_reason_and_marked_evidence(page: str) -> None:
    part = page[page.index('<h2 id="conversations"') : page.index('<h2 id="slices"')]
    assert "Ten conversations that drove the verdict" in part
    assert part.count("<article") == 10
    assert "<mark>I want to speak to a real person, please.</mark>" in part
    assert "AI, under examination" in part
    assert "Person on record (synthetic)" in part
    assert "does not hand over (explicit_request)" in part
    assert re.search(r'<blockquote lang="ar" dir="rtl">', part)
    assert re.search(r'<blockquote lang="pl" dir="ltr">', part)


def test_conversations_are_not_ten_times_the_same_when_there_is_a_choice(page: str) -> None:
    part = page[page.index('<h2 id="conversations"') : page.index('<h2 id="slices"')]
    shown = re.findall(r'<p class="where">(\w\w)-(\d+)', part)
    assert {language for language, _ in shown} == {"en", "pl", "ar"}
    assert len(set(shown)) == 10


def test_red_gates_stand_in_the_report_as_the_terminal_prints_them(page: str) -> None:
    text = Reader(page).text
    assert "FAIL escalation[pl] recall 7/14 = 50.0 % [26.8, 73.2], needs 90 %" in text
    assert "again: chatparity run --ids pl-0002,pl-0003" in text


def test_figures_are_files_in_both_formats_and_the_same_bytes_each_time(
    report: ModuleType, sample: Sample, page: str
) -> None:
    names = [f"{name}.{ending}" for name in sorted(DRAWN) for ending in ("png", "svg")]
    first = {path.name: path.read_bytes() for path in sorted(sample.folder.figures.iterdir())}
    assert list(first) == names
    assert all(data.startswith(b"\x89PNG") for name, data in first.items() if name.endswith("png"))
    assert all(b"</svg>" in data and b"<dc:date>" not in data for name, data in first.items() if name.endswith("svg"))
    report.build(sample.folder, findings_of(sample.rows, usual_gates(sample.rows), slice_rates(sample.rows)))
    assert {path.name: path.read_bytes() for path in sorted(sample.folder.figures.iterdir())} == first
    assert sample.folder.report_file.read_text() == page


def test_the_comment_says_the_verdict_first_and_fits_below_the_limit(sample: Sample, page: str) -> None:
    assert page
    text = (sample.folder.path / "report.md").read_text()
    assert text.startswith("## ✗ FAIL: the agent is not ready, because on escalation")
    assert len(text) < 60_000
    assert "synthetic" in text
    assert re.search(r"Time to the first answer: AI median .*; people \(synthetic\) median", text)
    assert "Figures in figures/ beside report.html: parity.png, scorecard.png" in text


def test_a_run_with_very_many_gates_still_fits_into_a_comment(report: ModuleType, sample: Sample) -> None:
    module = importlib.import_module("chatparity_suite.reports.data")
    material = importlib.import_module("chatparity_suite.reports.material")
    words = importlib.import_module("chatparity_suite.reports.words")
    wide = msgspec.structs.replace(usual_gates(sample.rows)[0], dimension="d" * 300, reason="r" * 900)
    gates = [msgspec.structs.replace(wide, dimension=f"{number}{'d' * 300}") for number in range(400)]
    read = material.Material.of(sample.folder, findings_of(sample.rows, gates))
    text = report._markdown(module.page_of(read, words.Names(sample.transcripts)), ["scorecard"])
    assert len(text) < 60_000
    assert text.endswith("cut short here: 6 conversations and the rest of the tables stand in report.html.\n")


def test_every_conversation_of_the_page_has_an_anchor_that_the_comment_leads_to(page: str, sample: Sample) -> None:
    anchors = re.findall(r'<(?:article|div class="opened") id="(conv-[^"]+)"', page)
    assert len(anchors) == len(set(anchors)) == 10
    comment = (sample.folder.path / "report.md").read_text()
    assert re.findall(r"\]\(report\.html#([^)]+)\)", comment) == anchors


def test_a_comment_without_room_says_how_many_conversations_it_leaves_out(report: ModuleType, sample: Sample) -> None:
    data = importlib.import_module("chatparity_suite.reports.data")
    material = importlib.import_module("chatparity_suite.reports.material")
    words = importlib.import_module("chatparity_suite.reports.words")
    findings = findings_of(sample.rows, usual_gates(sample.rows), slice_rates(sample.rows))
    made = data.page_of(material.Material.of(sample.folder, findings), words.Names(sample.transcripts))
    long = dataclasses.replace(made, readings=made.readings * 400)
    text = report._markdown(long, [])
    assert len(text) < 60_000
    shown = len(re.findall(r"report\.html#conv-", text))
    left = re.search(r"(\d+) more conversations are left out here for want of room: they stand in report\.html", text)
    assert left
    assert int(left[1]) + shown == 4000


def test_a_transcript_that_attacks_the_page_does_nothing(report: ModuleType, tmp_path: Path) -> None:
    one = talk("en", 1)
    turns = (msgspec.structs.replace(one.turns[0], text=NASTY), *one.turns[1:])
    one = msgspec.structs.replace(one, id='x"><script>alert(3)</script>', turns=turns)
    reply = Reply(text=NASTY, latency=0.2)
    record = ReplyRecord(id=one.id, turn=1, trial=0, state="replied", reply=reply)
    bad = msgspec.structs.replace(row(one, record, "ai", "accuracy", good=False), reason=NASTY, evidence=())
    span = Evidence(text="script", start=1, end=7)
    bad = msgspec.structs.replace(bad, evidence=(span, Evidence(text="", start=5, end=9_999_999)))
    folder = run_at(tmp_path / "run", [one], [record], [bad])
    made: Path = report.build(folder, findings_of([bad], [gate([bad], "accuracy", "rate", "at_least", 0.9)]))
    html, markdown = made.read_text(), (folder.path / "report.md").read_text()
    reader = Reader(html)
    assert not {tag for tag, _ in reader.tags} & {"script", "img"}
    assert all(attrs["href"] and attrs["href"].startswith("#") for attrs in reader.of("a"))
    for text in (html, markdown):
        assert not set(text) & {"\x1b", "\u202e", "\u202c"}
        assert "␛[31mred" in text.replace("\\", "")
        assert "⟨U+202E⟩" in text
        assert "{{ 7 * 7 }}" in text.replace("\\", "")
    assert "<mark>script&gt;alert(1)" in html
    assert "<script" not in markdown.replace("\\<", "")
    assert "@maintainers" not in markdown
    assert "https://" not in markdown
    assert not re.search(r"(?<!\\)\]\((?!report\.html#conv-[A-Za-z0-9.-]+\))", markdown)


@pytest.mark.parametrize(
    ("value", "verdict", "sentence"),
    [
        (0.5, "✓ PASS", "The agent passed this examination, because its only gate passed."),
        (
            0.95,
            "? INCONCLUSIVE",
            f"There is too little data to decide, because {FOUND}; at least 95 % is needed; {MORE}.",
        ),
        (
            0.99,
            "✗ FAIL",
            f"The agent is not ready, because {FOUND}; at least 99 % is needed.",
        ),
    ],
)
def test_each_verdict_leads_the_page_with_its_own_sentence(
    report: ModuleType, tmp_path: Path, value: float, verdict: str, sentence: str
) -> None:
    run = Sample(tmp_path / "run")
    only = gate(run.rows, "accuracy", "rate", "at_least", value)
    html = report.build(run.folder, findings_of(run.rows, [only])).read_text()
    assert spaced(Reader(html[html.index("<h1") : html.index("</h1>")]).text) == f"{verdict}: {sentence}"


def test_several_failed_dimensions_are_named_in_the_first_sentence(sample: Sample) -> None:
    verdicts = importlib.import_module("chatparity_suite.reports.verdict")
    words = importlib.import_module("chatparity_suite.reports.words")
    gates = [gate(sample.rows, name, "rate", "at_least", 0.9999) for name in ("accuracy", "escalation")]
    failed = [msgspec.structs.replace(one, verdict="FAIL") for one in gates]
    said = verdicts.lead(findings_of(sample.rows, failed), words.Names(sample.transcripts), "people")
    assert said == "the agent is not ready, because it failed on accuracy and escalation."


def test_without_a_human_side_the_page_says_so_and_shows_what_it_can(report: ModuleType, tmp_path: Path) -> None:
    run = Sample(tmp_path / "run", people=False)
    found = findings_of(run.rows, [gate(run.rows, "accuracy", "rate", "at_least", 0.5)])
    (tmp_path / "run" / "figures").mkdir()
    (tmp_path / "run" / "figures" / "parity.svg").write_text("of an earlier report")
    text = spaced(Reader(report.build(run.folder, found).read_text()).text)
    assert "No person answers in these conversations, so the AI cannot be compared with people." in text
    assert "Person on record" not in text
    assert "Hide who is who" not in text
    assert "Latency of people: not measured, because no answer of a person carries times." in text
    assert sorted(path.stem for path in run.folder.figures.glob("*.svg")) == [
        "escalation",
        "latency",
        "scorecard",
        "scores",
        "timing",
    ]


def test_a_run_without_gates_scores_or_replies_still_has_a_page(report: ModuleType, tmp_path: Path) -> None:
    folder = run_at(tmp_path / "run", [talk("ar", 1)], [], [])
    folder.replies.path.write_bytes(b"")
    text = spaced(Reader(report.build(folder, findings_of([], [])).read_text()).text)
    assert "No gate was asked of this run." in text
    assert "Nothing: every figure of this run is gated." in text
    assert "Neither side carries times, so nothing is drawn." in text
    assert "No score was planned." in text
    assert not folder.figures.exists()


def test_an_errored_exchange_that_a_gate_points_at_shows_why_there_is_no_answer(
    report: ModuleType, tmp_path: Path
) -> None:
    one = talk("en", 1)
    failure = Failure(kind="timeout", message="no answer within 30 s", attempts=4)
    record = ReplyRecord(id=one.id, turn=1, trial=0, state="errored", failure=failure)
    lost = row(one, record, "ai", "accuracy")
    folder = run_at(tmp_path / "run", [one], [record], [lost])
    example = Example(id=one.id, turn=1, outcome="errored", quote="Hello", reason=lost.reason)
    undecided = msgspec.structs.replace(gate([lost], "accuracy", "rate", "at_least", 0.9), failures=(example,))
    text = spaced(Reader(report.build(folder, findings_of([lost], [undecided])).read_text()).text)
    assert "No answer. errored, errored. Grader: timeout: no answer within 30 s" in text.replace(
        "errored, errored", "errored, errored"
    )
    assert "nothing can be said: 0 answers graded" in text


def test_the_ledger_closes_and_a_line_that_does_not_is_called_out(
    report: ModuleType, sample: Sample, page: str, tmp_path: Path
) -> None:
    assert "does not close" not in page
    findings = findings_of(sample.rows, [])
    open_line = msgspec.structs.replace(findings.ledger[0], planned=findings.ledger[0].planned + 1)
    folder = run_at(tmp_path / "run", sample.transcripts, sample.records, sample.rows)
    html = report.build(folder, msgspec.structs.replace(findings, ledger=(open_line,))).read_text()
    assert "This line does not close" in html


def test_the_escalation_matrix_counts_each_side_by_expectation_and_deed(report: ModuleType, sample: Sample) -> None:
    assert report
    escalation = importlib.import_module("chatparity_suite.reports.escalation")
    material = importlib.import_module("chatparity_suite.reports.material")
    read = material.Material.of(sample.folder, findings_of(sample.rows, []))
    ai, people = escalation.matrices(read)
    assert (ai.n, ai.missing) == (121, 5)
    assert [cell.rate.good for cell in people.row("now")] == [33, 0, 0]
    assert [cell.rate.n for cell in people.row("offer")] == [9, 9, 9]
    assert sum(cell.rate.good for cell in ai.cells) == ai.n
    assert people.side == "people (synthetic)"


def test_a_difference_in_something_bad_is_turned_so_that_right_is_better(report: ModuleType, sample: Sample) -> None:
    assert report
    scorecard = importlib.import_module("chatparity_suite.reports.scorecard")
    words = importlib.import_module("chatparity_suite.reports.words")
    measured = gate(sample.rows, "escalation", "recall", "margin", 0.05)
    needless = msgspec.structs.replace(measured, metric="needless", good_is_high=False)
    shown = scorecard.compared(needless, words.Names(sample.transcripts))
    assert measured.difference is not None
    assert shown.estimate == -(measured.difference.estimate or 0)
    assert shown.label == "needless handovers (people − AI)"
    assert shown.threshold == -0.05


def test_nothing_half_written_is_left_when_a_template_is_broken(
    report: ModuleType, tmp_path: Path, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "templates"
    broken.mkdir()
    (broken / "report.html").write_text("{{ page.no_such_field }}")
    monkeypatch.setattr(report, "_templates", lambda: [broken])
    folder = run_at(tmp_path / "run", sample.transcripts[:1], [], [])
    folder.replies.path.write_bytes(b"")
    with pytest.raises(Exception, match="no_such_field"):
        report.build(folder, findings_of([], []))
    assert not folder.report_file.exists()
    assert not list(folder.path.glob("**/*.part"))


def test_drawing_libraries_are_loaded_only_when_a_report_is_built() -> None:
    program = (
        "import importlib, sys; from chatparity.suite import load_suite; load_suite(); "
        "importlib.import_module('chatparity_suite.reports.report'); "
        "print([name for name in ('matplotlib', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

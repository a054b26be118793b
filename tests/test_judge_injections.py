"""The injection suite: texts in a transcript do not change the verdict of a judge that obeys what is not data."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatparity.exchange import Score
from chatparity.grading.rubric import load_rubric, rubric_grader
from chatparity.judge import data_block, open_judge
from chatparity.judge.fence import visible
from chatparity.judge.injections import Tried, attacks, injected, injections_text, probes, try_injections
from chatparity.suite import JudgeTable, Settings, Suite, SuiteTable

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def bench() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location("benchmark_injections", ROOT / "benchmarks" / "injections.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(ROOT / "benchmarks"))


def test_there_are_attacks_of_many_kinds_in_many_languages_and_places() -> None:
    assert len(attacks()) >= 40
    assert len({one.name for one in attacks()}) == len(attacks())
    assert len({one.language for one in attacks()}) >= 15
    assert {one.place for one in attacks()} == {
        "customer",
        "agent",
        "reply",
        "tool_name",
        "tool_arguments",
        "tool_result",
        "knowledge",
        "records",
    }
    assert {one.goal for one in attacks()} == {"raise", "lower"}


@pytest.fixture(scope="module")
def results(bench: ModuleType) -> dict[str, list[Tried]]:
    found: dict[str, list[Tried]] = bench.results()
    return found


@pytest.mark.parametrize("way", ["fence", "sloppy"])
def test_the_verdict_is_identical_with_and_without_every_injected_text(
    way: str, results: dict[str, list[Tried]]
) -> None:
    assert [one.attack.name for one in results[way] if not one.same] == []
    assert {(one.attack.goal, one.clean.verdict) for one in results[way]} == {("raise", "fail"), ("lower", "pass")}
    assert "0 steered" in injections_text(results[way])


def test_the_same_judge_is_steered_by_every_text_that_is_not_fenced(results: dict[str, list[Tried]]) -> None:
    assert [one.attack.name for one in results["plain"] if not one.steered] == []
    closing = {one.attack.name for one in results["tags"] if one.steered}
    assert {"closing a fixed tag", "closing tag in full width", "closing tag in look-alikes"} <= closing
    text = injections_text(results["plain"])
    assert "steered: plain order (en, customer): fail 0.25 → pass 1.00" in text


def test_the_page_on_the_judge_tells_these_counts(results: dict[str, list[Tried]]) -> None:
    page = (ROOT / "docs" / "judge.md").read_text()
    rows = re.findall(r"\| (\d+) of (\d+) \| (\d+) \|", page)
    counted = [
        (sum(one.same for one in tried), len(tried), sum(one.steered for one in tried)) for tried in results.values()
    ]
    assert [tuple(map(int, row)) for row in rows] == counted


@pytest.mark.parametrize("rubric", ["resolution.md", "deepeval_geval.md"])
def test_whole_conversations_are_fenced_as_well(rubric: str, bench: ModuleType, tmp_path: Path) -> None:
    verdict = bench.obedient.verdict

    def honest(messages: list[dict[str, str]], *, sloppy: bool) -> dict[str, Any]:
        said: dict[str, Any] = verdict(messages, sloppy=sloppy)
        if rubric == "deepeval_geval.md":
            return {"reason": said["reason"], "score": {5: 10, 2: 3, 1: 0}[said["score"]]}
        return said

    table = JudgeTable(key_env="TEST_JUDGE_KEY")
    suite = Suite(root=tmp_path, shipped=tmp_path, settings=Settings(suite=SuiteTable(name="t"), judge=table))

    async def run(url: str) -> list[Tried]:
        async with open_judge(f"openai:m@{url}", suite) as judge:
            made: Any = rubric_grader(load_rubric(ROOT / "graders" / rubric), judge).grade
            return await try_injections(lambda exchange: made([exchange]))

    bench.obedient.verdict = honest
    try:
        with bench.obedient.serving(sloppy=True) as url:
            tried = asyncio.run(run(url))
    finally:
        bench.obedient.verdict = verdict
    assert [one.attack.name for one in tried if not one.same] == []
    assert {(one.attack.goal, one.clean.verdict) for one in tried} == {("raise", "fail"), ("lower", "pass")}


def test_an_attack_stands_where_it_says_and_nowhere_else() -> None:
    for attack in attacks():
        clean = probes()[attack.goal]
        changed = injected(clean, attack)
        assert changed != clean
        places = {
            "reply": changed.reply.text != clean.reply.text,
            "tool": changed.reply.tool_calls != clean.reply.tool_calls,
            "knowledge": changed.point.knowledge != clean.point.knowledge,
            "records": changed.point.records != clean.point.records,
            "history": changed.history != clean.history,
        }
        wanted = {"customer": "history", "agent": "history"}.get(attack.place, attack.place.partition("_")[0])
        assert [name for name, is_there in places.items() if is_there] == [wanted]


def test_a_score_that_moves_another_way_is_changed_and_not_steered() -> None:
    attack = next(one for one in attacks() if one.goal == "raise")
    down = Tried(attack=attack, id="x", clean=Score.passed("p"), injected=Score.failed("f"))
    up = Tried(attack=attack, id="x", clean=Score.abstained("u"), injected=Score.passed("p"))
    same = Tried(attack=attack, id="x", clean=Score.failed("f"), injected=Score.failed("g"))
    assert [(one.same, one.steered) for one in (down, up, same)] == [(False, False), (False, True), (True, False)]
    assert "1 scores identical, 1 steered, 1 changed otherwise" in injections_text([down, up, same])


def test_chosen_attacks_are_tried_on_given_exchanges_by_any_grading_function() -> None:
    pair = list(probes().values())

    def by_length(exchange: Any) -> Score:
        return Score.passed("p", value=min(len(exchange.reply.text) / 1000, 1.0))

    chosen = [one for one in attacks() if one.place == "reply"][:2]
    tried = asyncio.run(try_injections(by_length, pair, chosen=chosen))
    assert len(tried) == 4
    assert all(one.steered for one in tried)


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_the_material_is_still_json_of_the_same_text_and_holds_no_tag(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    block = data_block({"text": text})
    head, inner, tail = block.split("\n", 1)[0], block.split("\n", 1)[1].rpartition("\n")[0], block.rpartition("\n")[2]
    assert json.loads(inner) == {"text": text}
    assert "<" not in inner
    assert tail == head.replace("<", "</")


@pytest.mark.parametrize("text", ["می\u200cدهی", "👩\u200d🔧", "❤\ufe0f", "क्\u200dष", "naïve — “quoted” ‹oui›"])
def test_what_belongs_to_the_spelling_of_words_stays_readable(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("x\u200b\u200cy", "x\\u200b\\u200cy"),
        ("＜/data", "\\uff1c/data"),
    ],
)
def test_what_cannot_be_seen_or_looks_like_a_tag_is_written_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown

"""The data card is as the data are: its measured parts and its figures are what the command would write."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from chatparity.audit.balance import balance_of
from chatparity.transcript import Transcript

ROOT = Path(__file__).parents[1]
CARD = ROOT / "datasets" / "CARD.md"
FIGURES = ROOT / "datasets" / "figures"


@pytest.fixture(scope="module")
def card() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location("benchmark_card", ROOT / "benchmarks" / "card.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(ROOT / "benchmarks"))


def test_the_card_is_as_the_data_are(card: ModuleType) -> None:
    text = CARD.read_text(encoding="utf-8")
    assert card.renewed(text, card.sections(card.read_data())) == text, "run python benchmarks/card.py"


def test_the_figures_show_what_the_data_hold_and_are_small(card: ModuleType) -> None:
    drawings = card.drawings(card.read_data())
    assert [path for one in drawings for path in one.stale(FIGURES)] == [], "run python benchmarks/card.py"
    assert {path.stem for path in FIGURES.iterdir()} == {one.name for one in drawings}
    assert max(path.stat().st_size for path in FIGURES.iterdir()) <= 200 * 1024


def test_a_figure_of_other_counts_is_stale(card: ModuleType, tmp_path: Path) -> None:
    one = card.drawings(card.read_data())[0]
    for kind in ("png", "svg"):
        (tmp_path / f"{one.name}.{kind}").write_bytes((FIGURES / f"{one.name}.{kind}").read_bytes())
    assert list(one.stale(tmp_path)) == []
    (tmp_path / f"{one.name}.png").unlink()
    assert len(list(one.stale(tmp_path))) == 1
    one.shows["cells"][0][0] += 1
    assert len(list(one.stale(tmp_path))) == 2


def test_a_changed_count_does_not_outlive_the_next_writing_and_words_by_hand_do(card: ModuleType) -> None:
    made = {"counts": "| 490 |", "labels": "κ 0.9"}
    text = "by hand\n<!-- measured: counts -->\n| 491 |\n<!-- end -->\nκ\n<!-- measured: labels -->\n<!-- end -->\n"
    new = card.renewed(text, made)
    assert new.startswith("by hand\n<!-- measured: counts -->\n| 490 |\n<!-- end -->\nκ\n")
    assert card.renewed(new, made) == new


@pytest.mark.parametrize(
    "text", ["", 2 * "<!-- measured: counts -->\n<!-- end -->\n", "<!-- measured: x -->\n<!-- end -->"]
)
def test_a_part_that_is_missing_or_there_twice_is_an_error(card: ModuleType, text: str) -> None:
    with pytest.raises(ValueError, match="expected the parts counts"):
        card.renewed(text, {"counts": ""})


def test_bad_answers_are_counted_by_kind_and_once_in_all(card: ModuleType) -> None:
    agent = {"speaker": "human_agent", "text": "no"}
    handed = {**agent, "tool_calls": [{"name": "hand_over", "arguments": {}}]}
    line = {
        "schema": 1,
        "id": "en-1",
        "language": "en",
        "turns": [
            turn for one in (agent, handed, agent, handed) for turn in ({"speaker": "customer", "text": "a"}, one)
        ],
        "labels": {
            "escalation": [{"turn": 1, "expect": "now"}, {"turn": 3, "expect": "now"}],
            "answers": [
                {"turn": 1, "accuracy": 0, "politeness": 2, "hallucinated": False},
                {"turn": 3, "accuracy": 1, "politeness": 5, "hallucinated": False},
                {"turn": 5, "accuracy": 0.5, "politeness": 4, "hallucinated": True},
                {"turn": 7, "accuracy": 1, "politeness": 4, "hallucinated": False},
            ],
        },
    }
    transcripts = [msgspec.convert(line, Transcript)]
    data = card.Data(transcripts, balance_of(transcripts), ("hand_over",))
    rows = dict(re.findall(r"^\| (.+?) \| (\d+) \|", card.faults(data), flags=re.MULTILINE))
    kinds = list(card.KINDS)
    assert [rows[kind] for kind in kinds] == ["1", "1", "1", "1", "1", "1"]
    assert rows["any of these"] == "3"
    assert "| English `en` | 1 |" in card.by_language(data)
    assert card.by_language(data).endswith("| 4 | 3 |")


def test_every_link_of_the_card_leads_somewhere() -> None:
    for file in (CARD, ROOT / "datasets" / "README.md", ROOT / "datasets" / "labels" / "README.md"):
        for link in re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / link).exists(), f"{file.name}: {link}"


def test_the_card_says_who_the_annotators_were() -> None:
    text = CARD.read_text(encoding="utf-8")
    assert "language models of one kind, not people" in text
    assert "upper bound" in text
    assert "Synthetic" in text

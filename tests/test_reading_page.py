"""The page on which conversations are read: which ones, right-to-left, labels beside the answers, all escaped."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chatparity.audit.examine import Placed
from chatparity.audit.reading import chosen, rendered, script_of
from chatparity.errors import Problem, UsageError
from chatparity.jsonl import scan
from chatparity.suite import mount
from chatparity.transcript import Transcript

ROOT = Path(__file__).parents[1]
SUPPORT = ROOT / "datasets" / "support"


@pytest.fixture(scope="module")
def placed() -> list[Placed]:
    files = [SUPPORT / f"{name}.jsonl" for name in ("he", "hi", "ja", "fr", "fi")]
    files += [SUPPORT / "starter" / "ar.jsonl", SUPPORT / "starter" / "pl.jsonl"]
    return [Placed(path, line, item) for path, line, item in scan(files) if isinstance(item, Transcript)]


def page_of(*ones: Placed, found: tuple[Problem, ...] = ()) -> str:
    mount(ROOT, ROOT)
    return rendered(chosen(ones, found, len(ones)))


class Quotes(HTMLParser):
    """The direction and the text of every message of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "blockquote":
            self.said.append((dict(attrs)["dir"] or "", ""))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "blockquote"

    def handle_data(self, data: str) -> None:
        if self._inside:
            way, text = self.said[-1]
            self.said[-1] = (way, text + data)


def quotes(page: str) -> list[tuple[str, str]]:
    parser = Quotes()
    parser.feed(page)
    return parser.said


def test_a_few_conversations_show_every_writing_system(placed: list[Placed]) -> None:
    shown = {script_of(one.placed.transcript) for one in chosen(placed, [], 5).reads}
    assert shown == {"LATIN", "HEBREW", "ARABIC", "DEVANAGARI", "HIRAGANA"}


def test_the_same_transcripts_give_the_same_choice_in_whatever_order_they_come(placed: list[Placed]) -> None:
    def ids(ones: list[Placed]) -> list[str]:
        return [one.placed.transcript.id for one in chosen(ones, [], 10).reads]

    assert ids(placed) == ids(placed[::-1])
    assert len(ids(placed)) == 10


def test_a_conversation_in_which_something_was_found_is_shown_first(placed: list[Placed]) -> None:
    found = Problem(placed[7].path, placed[7].line, "labels.facts[0]", "expected a value that the records hold")
    reading = chosen(placed, [found], 1)
    assert [one.placed for one in reading.reads] == [placed[7]]
    assert "expected a value that the records hold" in page_of(placed[7], found=(found,))


def test_every_message_is_shown_in_full_and_runs_its_own_way(placed: list[Placed]) -> None:
    for language, way in (("he", "rtl"), ("ar", "rtl"), ("ja", "ltr"), ("hi", "ltr")):
        one = next(one for one in placed if one.transcript.language == language)
        said = quotes(page_of(one))
        assert [text for _, text in said] == [turn.text for turn in one.transcript.turns if turn.text]
        assert {direction for direction, _ in said} == {way}


def test_labels_stand_beside_their_answer_and_the_wrong_is_marked(placed: list[Placed]) -> None:
    one = next(one for one in placed if one.transcript.id == "fi-0001")
    rows = page_of(one).split('<div class="row">')[1:]
    assert len(rows) == len(one.transcript.turns)
    first = rows[1]
    assert '<dd class="bad"><bdi>0</bdi>' in first
    assert '<dd class="bad"><bdi>yes</bdi>' in first
    assert "hand over to a person: bereavement" in first
    assert "bad" not in rows[3]
    assert "<dt>" not in rows[0]


def test_a_fact_that_is_due_stands_beside_its_answer(placed: list[Placed]) -> None:
    one = next(one.transcript for one in placed if one.transcript.labels.facts)
    fact = next(fact for fact in one.labels.facts or () if fact.due_by_turn is not None)
    rows = page_of(next(put for put in placed if put.transcript is one)).split('<div class="row">')[1:]
    assert fact.due_by_turn is not None
    assert fact.accept[0] in html.unescape(rows[fact.due_by_turn])


def test_a_value_of_a_tool_call_is_kept_apart_so_that_it_cannot_turn_the_line_round(placed: list[Placed]) -> None:
    one = next(one for one in placed if one.transcript.id == "ar-0005")
    street = next(call for turn in one.transcript.turns for call in turn.tool_calls if call.name == "change_address")
    assert f"street: <bdi>{street.arguments['street']}</bdi>, postcode" in page_of(one)


def test_nothing_in_a_transcript_can_act_on_the_page() -> None:
    evil = "<script>alert(1)</script>\u202egnirts"
    line: dict[str, Any] = {
        "schema": 1,
        "id": "evil",
        "language": "en",
        "intent": evil,
        "turns": [
            {"speaker": "customer", "text": evil},
            {"speaker": "ai_agent", "text": "no", "tool_calls": [{"name": evil, "arguments": {evil: evil}}]},
        ],
        "labels": {
            "facts": [{"id": "x", "accept": [evil], "due_by_turn": 1}],
            "forbidden": [{"id": "y", "reject": [evil], "reason": evil}],
            "answers": [{"turn": 1, "accuracy": 0, "note": evil}],
        },
    }
    import msgspec

    page = page_of(Placed(Path(evil), 1, msgspec.convert(line, Transcript)))
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_the_page_asks_the_network_for_nothing(placed: list[Placed]) -> None:
    assert not re.search(r"(?:src|href)=\"(?!#)|url\(|@import", page_of(*placed[:3]))


def test_the_command_writes_the_page_and_says_where(tmp_path: Path) -> None:
    page = tmp_path / "new" / "reading.html"
    command = [sys.executable, "-m", "chatparity", "check", str(SUPPORT / "he.jsonl"), "--json", "--page", str(page)]
    done = subprocess.run([*command, "--ids", "he-0002,he-0006"], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, f"read: {page}\n")
    assert json.loads(done.stdout)["transcripts"] == 12
    assert re.findall(r'<h2 id="c\d+-title">(.*?)</h2>', page.read_text(encoding="utf-8")) == ["he-0002", "he-0006"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--page", "reading.txt"), "expected a file ending in .html"),
        (("--ids", "he-0001"), "names the conversations of --page"),
        (("--page", "x.html", "--ids", "he-9999"), "no transcript is called he-9999"),
    ],
)
def test_a_page_that_cannot_be_written_is_said_with_the_remedy(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    command = [sys.executable, "-m", "chatparity", "check", str(SUPPORT / "he.jsonl"), *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_id_is_an_error(placed: list[Placed]) -> None:
    with pytest.raises(UsageError, match="xx-1"):
        chosen(placed, [], 10, ["xx-1"])

"""What `docs/graders.md` shows works, and names every rule grader that ships."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from chatparity.exchange import Exchange, Reply
from chatparity.grading import Grader
from chatparity.grading.load import load_graders
from chatparity.points import points_of
from chatparity.suite import load_suite
from chatparity.transcript import Transcript

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "graders.md").read_text(encoding="utf-8")


def test_the_grader_of_ten_lines_grades() -> None:
    (code,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 10
    defined: dict[str, Any] = {}
    exec(compile(code, "greeting.py", "exec"), defined)  # noqa: S102 - the page's own example
    greeting = defined["greeting"]
    assert isinstance(greeting, Grader)
    turns = [{"speaker": "customer", "text": "My parcel?"}, {"speaker": "ai_agent", "text": "(recorded)"}]
    line = {"schema": 1, "id": "t", "language": "en", "turns": turns}
    (point,) = points_of(msgspec.convert(line, Transcript))
    assert greeting.plans(point)
    said = {text: greeting.grade(Exchange(point, Reply(text=text))) for text in ("Hello Anna!", "It is late.")}  # type: ignore[arg-type]
    assert [score.verdict for score in said.values()] == ["pass", "fail"]  # type: ignore[union-attr]


def test_every_rule_grader_is_named_on_the_page() -> None:
    names = {one.name for one in load_graders(load_suite(ROOT)) if one.kind == "rule"}
    assert names <= set(re.findall(r"`(\w+)`", PAGE))

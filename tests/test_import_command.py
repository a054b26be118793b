"""`chatparity import` as a person runs it: what is printed, what is written, and the examples of its page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from chatparity.importers import FORMATS, import_file
from chatparity.jsonl import read_transcripts

PAGE = Path(__file__).parents[1] / "docs" / "importing.md"
GOOD = {"id": "a", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "chatparity", "import", *arguments]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=60)


def test_a_log_becomes_transcripts_and_notes_are_listed(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "tools": [1]}))
    done = command(tmp_path, "openai-chat", "log.jsonl", "-o", "out.jsonl", "--language", "en")
    assert (done.returncode, done.stdout) == (0, "out.jsonl: 2 transcripts\n")
    assert sorted(done.stderr.splitlines()) == [
        "1 × conversation whose id was used before: a number was put after it (first at log.jsonl:2)",
        "1 × tool definitions left out: a transcript holds calls (first at log.jsonl:2)",
    ]
    assert [one.id for one in read_transcripts([tmp_path / "out.jsonl"])] == ["a", "a-2"]


def test_broken_records_stop_it_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("[\n" + json.dumps(GOOD) + "\n{}\n")
    done = command(tmp_path, "openai-chat", "log.jsonl", "-o", "out.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == ["log.jsonl:1:", "log.jsonl:3:", "2"]
    assert done.stderr.endswith("2 problems, nothing is written: --skip-invalid leaves out what is broken\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl"]


def test_skip_invalid_writes_the_rest_and_counts(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("[\n" + json.dumps(GOOD) + "\n{}\n")
    done = command(tmp_path, "openai-chat", "log.jsonl", "-o", "out.jsonl", "--skip-invalid", "--language", "en")
    assert (done.returncode, done.stdout) == (0, "out.jsonl: 1 transcripts, 2 problems left out\n")
    assert done.stderr.count("left out: log.jsonl:") == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("openai-chat", "log.jsonl", "-o", "log.jsonl"), "expected another file"),
        (("openai-chat", "log.jsonl", "-o", "no/out.jsonl"), "there is no folder no"),
        (("openai-chat", "log.jsonl", "-o", "out.jsonl", "--map", "no.toml"), "no.toml: cannot be read"),
        (("openai-chat", "log.jsonl", "-o", "out.jsonl", "--language", "Polish"), "expected a language tag"),
    ],
)
def test_what_cannot_be_done_is_said_and_harms_nothing(
    arguments: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    (tmp_path / "log.jsonl").write_text(json.dumps(GOOD))
    done = command(tmp_path, *arguments)
    assert done.returncode == 2
    assert expected in done.stderr
    assert json.loads((tmp_path / "log.jsonl").read_text()) == GOOD


def test_lines_are_read_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    text = "word " * 2000
    with path.open("w") as file:
        for number in range(2000):
            said = [{"role": "user", "content": text}, {"role": "assistant", "content": text}]
            file.write(json.dumps({"id": str(number), "messages": said}) + "\n")
    tracemalloc.start()
    try:
        assert sum(1 for _ in import_file("openai-chat", path, language="en").transcripts) == 2000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 35e6
    assert peak < 4e6


def test_every_format_has_its_part_on_the_page() -> None:
    headings = re.findall(r"^## `([\w-]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(FORMATS)


def test_the_examples_of_the_page_do_what_they_say(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, content in re.findall(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```", page, re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    commands = re.findall(r"^\$ chatparity import (.+)\n((?:[^$`].*\n)*)", page, re.MULTILINE)
    assert len(commands) >= 2
    for line, printed in commands:
        done = command(tmp_path, *line.split())
        assert done.returncode == 0, done.stderr
        assert done.stderr + done.stdout == printed
    speakers = [turn.speaker for turn in read_transcripts([tmp_path / "desk.jsonl"])[0].turns]
    assert speakers == ["customer", "ai_agent", "human_agent"]

"""docs/estimating.md is true: its commands give its output, its errors are those of the command."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "estimating.md").read_text(encoding="utf-8")


def test_what_the_guide_says_the_command_says_when_it_cannot_tell_is_what_it_says() -> None:
    folders = ("estimate", "stats")
    texts = [one.read_text() for folder in folders for one in (ROOT / "src" / "chatparity" / folder).glob("*.py")]
    source = re.sub(r'"\s*f?"', "", "\n".join(texts))
    table = GUIDE.partition("## When it cannot be told")[2].partition("\n\n")[2].partition("\n\n")[0]
    said = re.findall(r"^\| `(.+?)` \|", table, flags=re.MULTILINE)
    assert len(said) == 5
    for one in said:
        # Numbers, and words that hang on them, are put in when it is said.
        parts = [part.strip(" ;,") for part in re.split(r"[\d.]+ ?%?|…| are ", one)]
        told = [part for part in parts if len(part) > 10]
        assert told
        assert [part for part in told if part not in source] == []


@pytest.mark.slow
def test_the_commands_of_the_guide_print_what_it_shows(tmp_path: Path) -> None:
    commands = re.findall(r"^```sh\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)[0].splitlines()
    shown = re.findall(r"^```text\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)[0]
    done = None
    for line in commands:
        words = [str(tmp_path / "sample") if word == "sample/" else word for word in shlex.split(line)]
        words = [sys.executable, *words[1:]] if words[0] == "python" else [sys.executable, "-m", *words]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert done is not None
    assert done.stdout == shown

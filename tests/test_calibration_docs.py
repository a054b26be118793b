"""docs/calibration.md is true: its settings are those there are, its commands take what it shows, its limits hold."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import msgspec
import pytest
import typer.main

from chatparity.calibrate.measure import MOST_ANCHORS
from chatparity.calibrate.probes import WHAT, arounds
from chatparity.cli import app
from chatparity.gate.corrected import ENOUGH
from chatparity.grading.people import ACCURATE_AT, LABELS, POLITE_AT
from chatparity.learned.data import CONVERSATIONS, IN_A_LANGUAGE, NEEDED
from chatparity.suite import LicenceTable, Settings, SuiteTable

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "calibration.md").read_text()
COMMANDS = re.findall(r"^(chatparity [^#\n]+)", GUIDE, flags=re.MULTILINE)


def test_the_settings_shown_are_all_there_are_with_their_defaults() -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)
    settings = msgspec.toml.decode('suite = { name = "t" }\n' + block, type=Settings)
    assert settings == Settings(suite=SuiteTable(name="t"))
    assert set(re.findall(r"^(\w+) =", block, flags=re.MULTILINE)) == set(LicenceTable.__struct_fields__)


def test_the_shipped_suite_shows_every_setting_in_its_comments() -> None:
    text = (ROOT / "evals" / "suite.toml").read_text()
    shown = re.search(r"^# (\[licence\]\n(?:# .*\n)+)", text, flags=re.MULTILINE)
    assert shown is not None
    block = re.sub(r"^# ", "", shown[1], flags=re.MULTILINE)
    assert msgspec.toml.decode('suite = { name = "t" }\n' + block, type=Settings) == Settings(
        suite=SuiteTable(name="t")
    )
    assert set(re.findall(r"^(\w+) =", block, flags=re.MULTILINE)) == set(LicenceTable.__struct_fields__)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shown_has_options_that_exist(command: str) -> None:
    _, name, *words = shlex.split(command)
    group = typer.main.get_command(app)
    options = {one for parameter in group.commands[name].params for one in parameter.opts}  # type: ignore[attr-defined]
    assert {word for word in words if word.startswith("-")} <= options


def test_the_numbers_told_are_those_in_force() -> None:
    told = [
        f"from accuracy {ACCURATE_AT}, from politeness {POLITE_AT}",
        f"where there are {ENOUGH} or more",
        f"up to {MOST_ANCHORS} of its answers",
        f"{NEEDED} good and {NEEDED} bad answers, each from {CONVERSATIONS} conversations, and {IN_A_LANGUAGE} of each",
        *(f"`{label}`" for label in LABELS.values()),
    ]
    assert [one for one in told if one not in GUIDE] == []
    assert all(f"| {name} |" in GUIDE for name in WHAT)
    assert "for en, de, sv, pl, es and ar;" in GUIDE
    assert set(arounds()) == {"en", "de", "sv", "pl", "es", "ar"}

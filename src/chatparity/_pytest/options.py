"""The options of `pytest evals/`, and the environment variables of the same names."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

HELP = {
    "agent": ("A", "whom to ask: sandbox[:FAULT=RATE,…], openai:MODEL[@URL], http:NAME|FILE.toml, recorded:FILE"),
    "judge": ("J", "the model behind LLM graders: openai:MODEL[@URL], several with commas between, or none"),
    "mode": ("M", "teacher_forced or free_running"),
    "baseline": ("RUN", "an earlier run to compare with"),
    "run-dir": ("DIR", "the run's folder; an unfinished run there is continued, and nothing is asked twice"),
    "claims-logs": ("PATH", "logs on which the claims of the claims file are asked: transcripts or a table"),
    "inconclusive": ("fail|pass|skip", "what an INCONCLUSIVE gate does to its test (default: fail)"),
}
FLAGS = {
    "stop-early": "ask in random order and stop once every gate is decided",
    "offline": "never ask the judge: what is not in its cache fails the gates",
}
YES, NO = ("1", "true", "yes"), ("0", "false", "no")
CHOICES = {"mode": ("teacher_forced", "free_running"), "inconclusive": ("fail", "pass", "skip")}


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line or in the environment; None is left to suite.toml."""

    agent: str | None
    judge: str | None
    mode: str | None
    baseline: Path | None
    run_dir: Path | None
    inconclusive: str
    claims_logs: Path | None = None
    stop_early: bool = False
    offline: bool = False


def add_options(parser: pytest.Parser) -> None:
    """Add the options in a group of their own; one whose name a conftest has taken is left to its variable."""
    group = parser.getgroup("chatparity", "chatparity: the examination of a support agent")
    taken = _taken(parser)
    for name, (metavar, text) in HELP.items():
        if f"--{name}" in taken:
            continue
        help_text = f"{text}; or {variable(name)}"
        try:
            group.addoption(f"--{name}", dest=_dest(name), metavar=metavar, default=None, help=help_text)
        except (ValueError, argparse.ArgumentError):
            continue
    for name, text in FLAGS.items():
        help_text = f"{text}; or {variable(name)}=1"
        if f"--{name}" not in taken:
            group.addoption(f"--{name}", dest=_dest(name), action="store_true", default=False, help=help_text)


def _taken(parser: pytest.Parser) -> set[str]:
    """Return the option names that are there already; pytest has no public list of them, and two ways to keep one."""
    found = set(getattr(parser, "_opt2dest", ()))
    for group in getattr(parser, "_groups", ()):
        for option in group.options:
            found.update(option.names())
    return found


def read_options(config: pytest.Config) -> Asked:
    """Return what was asked for. Raises pytest.UsageError for a value that cannot be."""
    given = {name: _value(config, name) for name in HELP}
    baseline, run_dir, logs = given["baseline"], given["run-dir"], given["claims-logs"]
    here = config.invocation_params.dir
    return Asked(
        agent=given["agent"],
        judge=given["judge"],
        mode=given["mode"],
        baseline=here / baseline if baseline else None,
        run_dir=here / run_dir if run_dir else None,
        inconclusive=given["inconclusive"] or "fail",
        claims_logs=here / logs if logs else None,
        stop_early=_flag(config, "stop-early"),
        offline=_flag(config, "offline"),
    )


def _flag(config: pytest.Config, name: str) -> bool:
    """Return whether a flag was given, else what its variable says."""
    if config.getoption(_dest(name), default=False):
        return True
    text = os.environ.get(variable(name), "").lower()
    if text not in ("", *YES, *NO):
        raise pytest.UsageError(f"{variable(name)}: expected 1 or 0, got {text!r}")
    return text in YES


def _value(config: pytest.Config, name: str) -> str | None:
    """Return an option's value, else its variable's; an empty one is not given."""
    option = config.getoption(_dest(name), None)
    text = option or os.environ.get(variable(name)) or None
    allowed = CHOICES.get(name)
    if text is not None and allowed and text not in allowed:
        where = f"--{name}" if option else variable(name)
        raise pytest.UsageError(f"{where}: expected {' or '.join(allowed)}, got {text!r}")
    return text


def variable(name: str) -> str:
    """Return the environment variable of an option: CHATPARITY_RUN_DIR for `run-dir`."""
    return "CHATPARITY_" + name.upper().replace("-", "_")


def _dest(name: str) -> str:
    return "chatparity_" + name.replace("-", "_")

"""Options that several commands share, and how their texts become values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from chatparity.errors import UsageError

if TYPE_CHECKING:
    from chatparity.run.judging import Judging
    from chatparity.run.select import Options
    from chatparity.splits import Split
    from chatparity.suite import Mode

MODES = ("teacher_forced", "free_running")
SPLITS = ("dev", "exam", "all")

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH", help="Transcript files or folders; default: the suite's.")
]
Agent = Annotated[
    str | None,
    typer.Option(
        metavar="A",
        help="sandbox[:FAULT=RATE,…], openai:MODEL[@URL], http:NAME|FILE.toml, python:module:function, command:…, "
        "recorded:FILE.",
    ),
]
Judge = Annotated[
    str | None, typer.Option(metavar="J", help="openai:MODEL[@URL], several with commas between, or none.")
]
ModeOption = Annotated[str | None, typer.Option("--mode", metavar="M", help="teacher_forced or free_running.")]
Out = Annotated[Path | None, typer.Option(metavar="RUN", help="The run's folder; default: a new one in reports/runs.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the run in --out; nothing is asked twice.")]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N transcripts.")]
Slice = Annotated[
    list[str] | None,
    typer.Option("--slice", metavar="K=V", help="Only transcripts of this language, market, intent, channel, …"),
]
SplitOption = Annotated[
    str | None,
    typer.Option("--split", metavar="S", help="dev, exam or all: a half of the transcripts, by hash of their id."),
]
Ids = Annotated[list[str] | None, typer.Option(metavar="ID,…", help="Only the transcripts with these ids.")]
Trials = Annotated[int | None, typer.Option(min=1, metavar="K", help="Ask for every reply K times.")]
SkipInvalid = Annotated[bool, typer.Option("--skip-invalid", help="Count and list invalid lines instead of stopping.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print requests, tokens and money as estimates; ask nothing, write nothing.")
]
MaxCost = Annotated[
    float | None,
    typer.Option("--max-cost", min=0, metavar="AMOUNT", help="Stop at this cost, by the prices in suite.toml."),
]
MaxMinutes = Annotated[
    float | None, typer.Option("--max-minutes", min=0, metavar="N", help="Stop after N minutes of replaying.")
]
MaxRequests = Annotated[
    int | None, typer.Option("--max-requests", min=0, metavar="N", help="Stop after N requests to the agent.")
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Never ask the judge: what is not in its cache is missing (exit code 4).")
]
MaxJudgeCost = Annotated[
    float | None,
    typer.Option("--max-judge-cost", min=0, metavar="AMOUNT", help="Stop judging at this cost, by the prices."),
]
MaxJudgeTokens = Annotated[
    int | None, typer.Option("--max-judge-tokens", min=0, metavar="N", help="Stop judging after N tokens.")
]
MaxJudgeRequests = Annotated[
    int | None, typer.Option("--max-judge-requests", min=0, metavar="N", help="Stop judging after N requests.")
]
StopEarly = Annotated[
    bool, typer.Option("--stop-early", help="Ask in random order and stop once every gate is decided.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, metavar="N", help="The random order of --stop-early; default: a new one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Baseline = Annotated[Path | None, typer.Option(metavar="RUN", help="An earlier run to compare with.")]


def read_mode(text: str | None) -> Mode | None:
    """Return a replay mode. Raises UsageError for one that does not exist."""
    if text is not None and text not in MODES:
        raise UsageError(f"--mode: expected {' or '.join(MODES)}, got {text!r}")
    return cast("Mode | None", text)


def read_split(text: str | None) -> Split | None:
    """Return a split. Raises UsageError for one that does not exist."""
    if text is not None and text not in SPLITS:
        raise UsageError(f"--split: expected {', '.join(SPLITS[:-1])} or {SPLITS[-1]}, got {text!r}")
    return cast("Split | None", text)


def read_slices(texts: list[str] | None) -> dict[str, str]:
    """Return `K=V` texts as a mapping. Raises UsageError for one without `=` and for two values of one name."""
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--slice: expected NAME=VALUE, for example language=pl, got {text!r}")
        if found.setdefault(name, value) != value:
            raise UsageError(f"--slice: expected one value of {name}, got {found[name]!r} and {value!r}")
    return found


def read_ids(texts: list[str] | None) -> tuple[str, ...]:
    """Return ids given as `a,b` or by repeating the option."""
    return tuple(one.strip() for text in texts or () for one in text.split(",") if one.strip())


def run_options(
    paths: list[Path] | None,
    *,
    agent: str | None = None,
    judge: str | None = None,
    mode: str | None = None,
    out: Path | None = None,
    resume: bool = False,
    limit: int | None = None,
    split: str | None = None,
    slices: list[str] | None = None,
    ids: list[str] | None = None,
    trials: int | None = None,
    skip_invalid: bool = False,
    max_cost: float | None = None,
    max_minutes: float | None = None,
    max_requests: int | None = None,
    stop_early: bool = False,
    seed: int | None = None,
    judging: Judging | None = None,
) -> Options:
    """Return the options of a run as the library takes them. Raises UsageError for values that cannot be."""
    if resume and out is None:
        raise UsageError("--resume: name the run to continue with --out RUN")
    if seed is not None and not (stop_early or resume):
        raise UsageError("--seed: it gives the order of --stop-early: add that or leave it out")
    from chatparity.run.judging import Judging
    from chatparity.run.select import Options

    return Options(
        paths=tuple(paths or ()),
        agent=agent,
        judge=judge,
        mode=read_mode(mode),
        out=out,
        resume=resume,
        limit=limit,
        split=read_split(split),
        slices=read_slices(slices),
        ids=read_ids(ids),
        trials=trials,
        skip_invalid=skip_invalid,
        max_cost=max_cost,
        max_minutes=max_minutes,
        max_requests=max_requests,
        stop_early=stop_early,
        seed=seed,
        judging=judging or Judging(),
    )

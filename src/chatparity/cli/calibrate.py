"""`chatparity calibrate`: agreement with people, and the licence of each judged grader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatparity.cli.options import AsJson, Judge
from chatparity.cli.people import labels_at
from chatparity.cli.show import complain, say
from chatparity.errors import UsageError

if TYPE_CHECKING:
    from chatparity.calibrate import Calibration
    from chatparity.suite import Suite

EXAMPLES = """Examples:

  chatparity calibrate labelled.jsonl --judge openai:gpt-5-mini

  chatparity calibrate runs/candidate --labels sample/

  chatparity calibrate labelled.jsonl --judge openai:gpt-5-mini --probes 40

  chatparity calibrate labelled.jsonl --judge openai:gpt-5-mini --injections

  chatparity calibrate labelled.jsonl --judge openai:gpt-5-mini --drift"""


def command(
    what: Annotated[Path, typer.Argument(metavar="RUN|PATH", help="A graded run, or transcripts with rated answers.")],
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Labelled transcripts, or a judged sample; default: those of RUN|PATH."),
    ] = None,
    judge: Judge = None,
    graders: Annotated[
        str, typer.Option(metavar="A,B", help="Only these graders or dimensions; a fitted model by its file.")
    ] = "",
    probes: Annotated[
        int, typer.Option(min=0, metavar="N", help="Ask the judge to compare N pairs for each known bias.")
    ] = 0,
    injections: Annotated[
        bool, typer.Option("--injections", help="Try to steer the judge from inside a transcript, in every known way.")
    ] = False,
    drift: Annotated[bool, typer.Option("--drift", help="Ask licensed graders about their anchors again.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where figures and calibration.json go.")] = None,
    licence: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The licence file; default: that of the suite.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare graders with people and license those that earn it.

    Prints the agreement by grader and language, draws it, and writes the licence file, without which a judged or
    learned grader decides no gate.
    """
    import asyncio

    from chatparity.suite import load_suite

    suite = load_suite()
    only = [name for name in graders.split(",") if name]
    if drift:
        if labels is not None or probes or injections:
            raise UsageError("--drift: it asks about the anchors of the licence alone: leave out the other questions")
        asyncio.run(_drift(what, suite, judge, only, licence, as_json=as_json))
        return
    asyncio.run(_calibrate(what, suite, labels, judge, only, (probes, injections), out, licence, as_json=as_json))


async def _calibrate(
    what: Path,
    suite: Suite,
    labels: Path | None,
    judge: str | None,
    only: list[str],
    asked: tuple[int, bool],
    out: Path | None,
    licence: Path | None,
    *,
    as_json: bool,
) -> None:
    """Calibrate, write everything, and say what was found; `asked` are the pairs to probe and whether to inject."""
    import msgspec

    from chatparity.calibrate import calibrate
    from chatparity.calibrate.page import default_folder, write_calibration
    from chatparity.calibrate.probes import probed
    from chatparity.calibrate.steering import steered
    from chatparity.licence import licence_file, read_licence, write_licence
    from chatparity.run.folder import RunFolder

    file = licence or licence_file(suite)
    before = read_licence(file)
    labels = labels_at(labels, suite) if labels is not None else None
    done = await calibrate(what, suite, labels=labels, judge=judge, only=only)
    found = done.calibration
    if asked[0]:
        found = msgspec.structs.replace(found, probes=await probed(what, suite, found.judge, asked[0]))
    if asked[1]:
        found = msgspec.structs.replace(found, injections=await steered(suite, found.judge, only=only))
    folder = out or default_folder(what, suite)
    page = write_calibration(folder, found)
    if done.people:
        run = RunFolder(what)
        run.write(run.people_file, msgspec.json.format(msgspec.json.encode(done.people), indent=2))
    if done.entries:
        write_licence(file, before.with_entries(done.entries, done.anchors))
    _show(found, as_json=as_json)
    if not as_json:
        say(f"figures: {page}")
    if done.entries:
        granted = sum(one.granted for one in done.entries)
        complain(f"{granted} of {len(done.entries)} licences granted: {file}")
    else:
        complain("no licence was written: only judged and learned graders need one, and none was compared")


async def _drift(
    what: Path, suite: Suite, judge: str | None, only: list[str], licence: Path | None, *, as_json: bool
) -> None:
    """Ask about the anchors again, note it in the licence file, and say what was found."""
    import msgspec

    from chatparity.calibrate import drifted
    from chatparity.calibrate.text import drift_text
    from chatparity.licence import licence_file, read_licence, write_licence

    file = licence or licence_file(suite)
    after, found = await drifted(what, suite, read_licence(file), judge=judge, only=only)
    write_licence(file, after)
    if as_json:
        say(msgspec.json.encode(found).decode())
        return
    for name, drift in found.items():
        say(drift_text(name, drift))


def _show(found: Calibration, *, as_json: bool) -> None:
    import msgspec

    from chatparity.calibrate.text import calibration_text

    say(msgspec.json.encode(found).decode() if as_json else calibration_text(found))

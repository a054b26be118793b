"""`chatparity sample`: what people should look at, and what they said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatparity.cli.options import AsJson, SkipInvalid
from chatparity.cli.show import complain, progress, say
from chatparity.errors import UsageError

if TYPE_CHECKING:
    from chatparity.sample import Sample

EXAMPLES = """Examples:

  chatparity sample runs/candidate -n 50 -o sample/

  chatparity sample my-logs.jsonl -n 200 --share-random 1 -o sample/

  chatparity sample --labels sample/ -o labelled.jsonl"""

SEPARATORS = {"comma": ",", "semicolon": ";"}


def command(
    what: Annotated[
        Path | None, typer.Argument(metavar="RUN|PATH", help="A graded run, or transcripts with recorded answers.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="SAMPLE", help="The folder to write; with --labels, a file.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, metavar="N", help="How many answers people will look at.")] = 50,
    seed: Annotated[int, typer.Option(metavar="S", help="Another seed draws another sample.")] = 0,
    share_random: Annotated[
        float, typer.Option(metavar="SHARE", help="Drawn from all answers; the others are failures. 1: no failures.")
    ] = 0.5,
    separator: Annotated[
        str, typer.Option(metavar="comma|semicolon", help="Of the sheet: semicolon where Excel writes 0,5 for a half.")
    ] = "comma",
    labels: Annotated[
        Path | None, typer.Option(metavar="SAMPLE", help="Read the filled-in sheet of this sample (or this file).")
    ] = None,
    skip_invalid: SkipInvalid = False,
    as_json: AsJson = False,
) -> None:
    """Draw answers for people to look at.

    Failures and a random share, as a sheet and a page; with --labels, the filled-in sheet becomes labels.
    """
    if out is None:
        raise UsageError("-o: name what to write: a folder for a sample, a file of transcripts for --labels")
    if (what is None) == (labels is None):
        raise UsageError("name either a RUN or PATH to draw from, or --labels SAMPLE to read what people filled in")
    if labels is not None:
        _read_back(labels, out, as_json=as_json)
    elif what is not None:
        if separator not in SEPARATORS:
            raise UsageError(f"--separator: expected comma or semicolon, got {separator!r}")
        _draw(what, out, n, seed, share_random, SEPARATORS[separator], skip_invalid, as_json)


def _draw(
    what: Path, out: Path, n: int, seed: int, share: float, separator: str, skip_invalid: bool, as_json: bool
) -> None:
    """Draw a sample, write its folder, and say what is in it."""
    import asyncio

    from chatparity.run.folder import RunFolder
    from chatparity.sample import sample_run, sample_transcripts
    from chatparity.suite import load_suite

    suite = load_suite()
    if RunFolder(what).exists():
        sample = sample_run(what, suite, out, n=n, seed=seed, share_random=share, separator=separator)
    else:
        with progress("reading") as show:
            drawn = sample_transcripts(
                [what],
                suite,
                out,
                n=n,
                seed=seed,
                share_random=share,
                separator=separator,
                skip_invalid=skip_invalid,
                on_progress=show,
            )
            sample = asyncio.run(drawn)
    if as_json:
        import msgspec

        say(msgspec.json.encode(sample).decode())
    else:
        _tell(sample, out)


def _tell(sample: Sample, out: Path) -> None:
    """Say how many were drawn from what, and what to do with them."""
    say(f"{len(sample.items)} of {sample.population} answers, seed {sample.seed}")
    for one in sample.strata:
        each = f", each with probability {one.inclusion_probability:.4g}" if one.population else ""
        say(f"  {one.drawn} of {one.population}: {one.what}{each}")
    if len(sample.items) < sample.n:
        say(f"  asked for {sample.n}: there are no more")
    if sample.left_out:
        complain(f"{sample.left_out} exchanges without an answer are not in the population")
    if sample.invalid_lines:
        complain(f"{sample.invalid_lines} invalid lines were skipped")
    say(f"read: {out / 'sample.html'}")
    say(f"fill in: {out / 'sample.csv'}")
    complain(f"then: chatparity sample --labels {out} -o labelled.jsonl")


def _read_back(labels: Path, out: Path, *, as_json: bool) -> None:
    """Turn a filled-in sheet into labelled transcripts and say how much of it was filled in."""
    from chatparity.jsonl import write_transcripts
    from chatparity.sample import read_labels

    if out.is_dir():
        raise UsageError(f"{out}: a folder is here: expected the file of transcripts to write")
    if labels.is_file() and not (labels.parent / "sample.json").exists():
        raise UsageError(f"{labels}: no sample beside it: put the sheet into the folder of its sample")
    labelled = read_labels(labels.parent, labels) if labels.is_file() else read_labels(labels)
    if not labelled.filled:
        raise UsageError(f"{labels}: nothing is filled in yet: {labelled.empty} items wait")
    out.parent.mkdir(parents=True, exist_ok=True)
    count = write_transcripts(out, labelled.transcripts)
    if as_json:
        import msgspec

        counts = {"transcripts": count, "filled": labelled.filled, "empty": labelled.empty}
        say(msgspec.json.encode(counts).decode())
        return
    say(f"{out}: {count} transcripts with labels of {labelled.filled} answers")
    if labelled.empty:
        complain(f"{labelled.empty} items of the sample are not filled in")

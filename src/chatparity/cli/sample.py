"""`chatparity sample`: what people should look at, and what they said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from chatparity.cli.options import AsJson, SkipInvalid
from chatparity.cli.people import labels_at
from chatparity.cli.show import complain, progress, say
from chatparity.errors import UsageError

if TYPE_CHECKING:
    from chatparity.sample import Sample

EXAMPLES = """Examples:

  chatparity sample runs/candidate -n 50 -o sample/

  chatparity sample my-logs.jsonl -n 200 --share-random 1 -o sample/

  chatparity sample runs/candidate -n 200 --mix uniform=0.5,failures=0.3,risk=0.2 --second 0.2 -o sample/

  chatparity sample my-logs.jsonl -n 200 --mix stratified=0.7,novelty=0.3 --by language --seen may.jsonl -o sample/

  chatparity sample --labels sample/ -o labelled.jsonl"""

# What chatparity.sample.mixture knows, named here so that --help loads nothing heavy.
SOUGHT = ("failures", "disagreement", "near", "risk", "novelty")
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
        float | None,
        typer.Option(metavar="SHARE", help="Drawn from all answers; the others are failures [0.5]. 1: no failures."),
    ] = None,
    mix: Annotated[
        str | None,
        typer.Option(metavar="KIND=SHARE,…", help=f"Of uniform, stratified, {', '.join(SOUGHT)}; shares add up to 1."),
    ] = None,
    by: Annotated[
        str,
        typer.Option(metavar="FIELD", help="Strata of stratified: language, market, channel, intent, difficulty."),
    ] = "",
    seen: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Transcripts known already: novelty is what is unlike them.")
    ] = None,
    second: Annotated[
        float, typer.Option(metavar="SHARE", help="Two people judge this share of the items, and are not told which.")
    ] = 0.0,
    separator: Annotated[
        str, typer.Option(metavar="comma|semicolon", help="Of the sheet: semicolon where Excel writes 0,5 for a half.")
    ] = "comma",
    labels: Annotated[
        Path | None,
        typer.Option(metavar="SAMPLE", help="Read what people said of this sample: on the page, else in its sheet."),
    ] = None,
    skip_invalid: SkipInvalid = False,
    as_json: AsJson = False,
) -> None:
    """Draw answers for people to look at.

    Failures and a random share, or a --mix of kinds, as a sheet and a page; with --labels, what people said becomes
    labels.
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
        if mix is None and (by or seen is not None):
            raise UsageError("--by and --seen belong to a --mix with a share of stratified or novelty")
        if mix is not None and share_random is not None:
            raise UsageError("--mix says what is drawn from all answers: leave out --share-random")
        common = _Common(n=n, seed=seed, separator=SEPARATORS[separator], second=second)
        if mix is not None:
            sample = _mixed(what, out, mix, by, seen, common, skip_invalid=skip_invalid)
        else:
            sample = _drawn(what, out, 0.5 if share_random is None else share_random, common, skip_invalid=skip_invalid)
        _show(sample, out, as_json=as_json)


class _Common(TypedDict):
    """What every draw is told."""

    n: int
    seed: int
    separator: str
    second: float


def _drawn(what: Path, out: Path, share: float, common: _Common, *, skip_invalid: bool) -> Sample:
    """Draw a random share and failures, and write the sample's folder."""
    import asyncio

    from chatparity.run.folder import RunFolder
    from chatparity.sample import sample_run, sample_transcripts
    from chatparity.suite import load_suite

    suite = load_suite()
    if RunFolder(what).exists():
        return sample_run(what, suite, out, share_random=share, **common)
    with progress("reading") as show:
        drawn = sample_transcripts(
            [what], suite, out, share_random=share, skip_invalid=skip_invalid, on_progress=show, **common
        )
        return asyncio.run(drawn)


def _mixed(
    what: Path, out: Path, mix: str, by: str, seen: Path | None, common: _Common, *, skip_invalid: bool
) -> Sample:
    """Draw a mix of kinds, and write the sample's folder."""
    import asyncio

    from chatparity.grading.taxonomy import load_taxonomy
    from chatparity.sample import sample_mixture
    from chatparity.sample.kinds import Finder
    from chatparity.sample.mixed import FIELDS
    from chatparity.sample.mixture import parse_mix
    from chatparity.sample.novelty import seen_in
    from chatparity.suite import load_suite

    shares = parse_mix(mix)
    if by and by not in FIELDS:
        raise UsageError(f"--by: expected one of {', '.join(FIELDS)}, got {by!r}")
    if ("novelty" in shares) != (seen is not None):
        raise UsageError("--seen and a share of novelty belong together: new is what is unlike what was seen")
    suite = load_suite()
    known = seen_in(seen, common["seed"]) if seen is not None else None
    finder = Finder(frozenset(shares) & frozenset(SOUGHT), load_taxonomy(suite), known)
    with progress("reading") as show:
        drawn = sample_mixture(
            what, suite, out, finder, mix=shares, by=by, skip_invalid=skip_invalid, on_progress=show, **common
        )
        return asyncio.run(drawn)


def _show(sample: Sample, out: Path, *, as_json: bool) -> None:
    """Say what was drawn, for people or for programs."""
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
    for kind in sorted(sample.mix.keys() & frozenset(SOUGHT)):
        if not any(kind in one.what for one in sample.strata):
            complain(f"{kind}: no answer is of this kind; its share went to all of them")
    if sample.second_share:
        say(f"  {sum(one.second for one in sample.items)} of them are for two people, on the page of chatparity review")
    if len(sample.items) < sample.n:
        say(f"  asked for {sample.n}: there are no more")
    if sample.left_out:
        complain(f"{sample.left_out} exchanges without an answer are not in the population")
    if sample.invalid_lines:
        complain(f"{sample.invalid_lines} invalid lines were skipped")
    say(f"read: {out / 'sample.html'}")
    say(f"fill in: {out / 'sample.csv'}")
    complain(f"or judge on a page: chatparity review {out}")
    complain(f"then: chatparity estimate {out}, or chatparity sample --labels {out} -o labelled.jsonl")


def _read_back(labels: Path, out: Path, *, as_json: bool) -> None:
    """Turn a filled-in sheet into labelled transcripts and say how much of it was filled in."""
    from chatparity.jsonl import write_transcripts
    from chatparity.sample import read_labels
    from chatparity.suite import load_suite

    if out.is_dir():
        raise UsageError(f"{out}: a folder is here: expected the file of transcripts to write")
    if labels.is_file() and not (labels.parent / "sample.json").exists():
        raise UsageError(f"{labels}: no sample beside it: put the sheet into the folder of its sample")
    source = labels_at(labels, load_suite())
    labelled = read_labels(source.parent, source) if source.is_file() else read_labels(source)
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

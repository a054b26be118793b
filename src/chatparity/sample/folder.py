"""The sample's folder: drawn, described in sample.json, and laid out for people as a sheet and a page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

import chatparity
from chatparity.errors import InputError, Problem, UsageError
from chatparity.exchange import ReplyRecord
from chatparity.jsonl import NO_TRANSCRIPTS, write_transcripts
from chatparity.run.folder import RunFolder
from chatparity.sample.answered import to_label
from chatparity.sample.design import Draw
from chatparity.sample.drawing import Drawing, of_draw, of_mix
from chatparity.sample.kinds import Finder
from chatparity.sample.mixed import Place, mix_from_run, mix_from_transcripts
from chatparity.sample.mixture import STRATIFIED, MixDraw
from chatparity.sample.page import rendered
from chatparity.sample.result import FORMAT, Item, Material, Sample, Shown
from chatparity.sample.scored import NO_FAULTS
from chatparity.sample.sheet import written
from chatparity.sample.source import Candidate, Found, Progress, draw_from_run, draw_from_transcripts
from chatparity.suite import Mode, Suite
from chatparity.transcript import Transcript

UNASKED = "A sample for people to judge: chatparity passes over it when it walks the folder above.\n"
SAMPLE, SHEET, PAGE, TRANSCRIPTS = "sample.json", "sample.csv", "sample.html", "transcripts.jsonl"


def sample_run(
    run: Path,
    suite: Suite,
    out: Path,
    *,
    n: int,
    seed: int = 0,
    share_random: float = 0.5,
    separator: str = ",",
    second: float = 0.0,
) -> Sample:
    """Draw `n` replies of a run for people to look at and write the sample's folder.

    The share `share_random` is drawn uniformly from all replies, the rest from those in which a grader found a fault
    (or that it could not grade). Same run and seed, same sample. Two people are to judge the share `second` of the
    items. Raises UsageError when `out` holds a sample, the run has no replies, or it is not graded (unless the draw is
    uniform).
    """
    _check(out, n, share_random, second)
    draw: Draw[ReplyRecord] = Draw(n, share_random, seed)
    found = draw_from_run(RunFolder(run), draw)
    return _write(found, of_draw(draw, second), suite, out, separator)


async def sample_transcripts(
    paths: Sequence[Path],
    suite: Suite,
    out: Path,
    *,
    n: int,
    seed: int = 0,
    share_random: float = 0.5,
    separator: str = ",",
    second: float = 0.0,
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
) -> Sample:
    """Draw `n` of the answers recorded in transcripts, as `sample_run` does from a run.

    Raises InputError with every invalid line, unless those are to be skipped.
    """
    _check(out, n, share_random, second)
    draw: Draw[Candidate] = Draw(n, share_random, seed)
    found = await draw_from_transcripts(paths, suite, draw, skip_invalid=skip_invalid, on_progress=on_progress)
    return _write(found, of_draw(draw, second), suite, out, separator)


async def sample_mixture(
    what: Path,
    suite: Suite,
    out: Path,
    finder: Finder,
    *,
    n: int,
    mix: Mapping[str, float],
    by: str = "",
    seed: int = 0,
    separator: str = ",",
    second: float = 0.0,
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
) -> Sample:
    """Draw `n` answers of a run or of transcripts by a mix of kinds, and write the sample's folder.

    `mix` gives each kind its share of n (`parse_mix` reads one), `finder` tells of what kinds an answer is, `by` names
    the field whose values are the strata of the share `stratified`. Raises as `sample_run` and `sample_transcripts` do.
    """
    _check(out, n, 1.0, second)
    if (STRATIFIED in mix) != bool(by):
        raise UsageError("--by and a share of stratified belong together: --mix stratified=0.5,… --by language")
    if RunFolder(what).exists():
        of_replies: MixDraw[ReplyRecord] = MixDraw(n, mix, seed)
        found = mix_from_run(RunFolder(what), of_replies, finder, by)
        return _write(found, of_mix(of_replies, by, second), suite, out, separator)
    draw: MixDraw[Place] = MixDraw(n, mix, seed)
    found = await mix_from_transcripts(
        [what], suite, draw, finder, by, skip_invalid=skip_invalid, on_progress=on_progress
    )
    return _write(found, of_mix(draw, by, second), suite, out, separator)


def read_sample(folder: Path) -> Sample:
    """Return what `sample.json` says. Raises UsageError when there is no sample, InputError when it cannot be read."""
    path = folder / SAMPLE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Sample)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"{folder}: no sample here: expected a folder with {SAMPLE}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"not a sample: {error}")]) from error


def _check(out: Path, n: int, share_random: float, second: float) -> None:
    """Refuse what cannot be drawn, and a folder whose sheet people may have filled in already."""
    if n < 1:
        raise UsageError(f"-n: expected at least 1, got {n}")
    if not 0 < share_random <= 1:
        raise UsageError(
            f"--share-random: expected a share above 0 and up to 1, got {share_random:g}: "
            "without a random part the sample tells nothing of the other answers"
        )
    if not 0 <= second <= 1:
        raise UsageError(f"--second: expected a share from 0 to 1, got {second:g}")
    for name in (SAMPLE, SHEET):
        if (out / name).exists():
            raise UsageError(f"{out}: a sample is here already, and its sheet may be filled in: name another folder")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: expected a folder, and a file is here")


def _write(found: Found, drawing: Drawing, suite: Suite, out: Path, separator: str) -> Sample:
    """Describe the draw and write the folder; `sample.json` comes last, so that its presence means a whole sample."""
    name = _name(found, drawing)
    mode: Mode = "free_running" if found.source.mode == "free_running" else "teacher_forced"
    tools = suite.settings.agent.handover_tools
    transcripts: dict[str, Transcript] = {}
    shown: list[Shown] = []
    for number, one in enumerate(found.drawn, 1):
        item_name = f"{name}-{number:0{len(str(len(found.drawn)))}d}"
        candidate: Candidate = one.kept
        transcript, turn = to_label(candidate, item_name, mode=mode, handover_tool=tools[0] if tools else "hand_over")
        transcripts[transcript.id] = transcript
        stand, faults = drawing.stands[one.key], found.scores.get(one.key, NO_FAULTS)
        item = Item(
            item=item_name,
            id=one.key[0],
            turn=one.key[1],
            trial=one.key[2],
            stratum=stand.stratum,
            inclusion_probability=stand.probability,
            transcript=transcript.id,
            label_turn=turn,
            cluster=candidate.point.cluster,
            language=candidate.point.language,
            scores=faults.values,
            failing=faults.failing,
            kinds=stand.kinds,
            second=one.key in drawing.second,
        )
        shown.append(Shown(item, candidate.point, candidate.reply, transcript))
    sample = _described(name, found, drawing, shown)
    material = Material(sample, tuple(shown))
    page, sheet = rendered(material), written(material, separator)
    out.mkdir(parents=True, exist_ok=True)
    write_transcripts(out / TRANSCRIPTS, transcripts.values())
    files = RunFolder(out)
    files.write(out / NO_TRANSCRIPTS, UNASKED.encode())
    files.write(out / PAGE, page.encode())
    files.write(out / SHEET, sheet)
    files.write(out / SAMPLE, msgspec.json.format(msgspec.json.encode(sample), indent=2))
    return sample


def _described(name: str, found: Found, drawing: Drawing, shown: Sequence[Shown]) -> Sample:
    """Return all of `sample.json`."""
    return Sample(
        format=FORMAT,
        chatparity=chatparity.__version__,
        name=name,
        source=found.source,
        seed=drawing.seed,
        n=drawing.n,
        share_random=drawing.share_random,
        population=drawing.population,
        left_out=found.left_out,
        invalid_lines=len(found.invalid),
        graders=found.graders,
        strata=drawing.strata,
        items=tuple(one.item for one in shown),
        synthetic=any(one.transcript.synthetic for one in shown),
        automatic=found.automatic,
        mix=dict(drawing.mix),
        by=drawing.by,
        second_share=drawing.second_share,
    )


def _name(found: Found, drawing: Drawing) -> str:
    """Return a short name that is the same for the same draw; it begins with a letter, so no spreadsheet counts it."""
    parts = [*(file.sha256 for file in found.source.files), str(drawing.seed), str(drawing.n), drawing.how]
    return "s" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:5]

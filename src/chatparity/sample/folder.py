"""The sample's folder: drawn, described in sample.json, and laid out for people as a sheet and a page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

import chatparity
from chatparity.errors import InputError, Problem, UsageError
from chatparity.exchange import ReplyRecord
from chatparity.jsonl import write_transcripts
from chatparity.run.folder import RunFolder
from chatparity.sample.answered import to_label
from chatparity.sample.design import Draw
from chatparity.sample.page import rendered
from chatparity.sample.result import FORMAT, Item, Material, Sample, Shown, Stratum
from chatparity.sample.sheet import written
from chatparity.sample.source import Candidate, Found, Progress, draw_from_run, draw_from_transcripts
from chatparity.suite import Mode, Suite
from chatparity.transcript import Transcript

SAMPLE, SHEET, PAGE, TRANSCRIPTS = "sample.json", "sample.csv", "sample.html", "transcripts.jsonl"

# Letters, so that the sheet does not tell a reviewer what the graders found.
REST, FLAGGED = "A", "B"


def sample_run(
    run: Path, suite: Suite, out: Path, *, n: int, seed: int = 0, share_random: float = 0.5, separator: str = ","
) -> Sample:
    """Draw `n` replies of a run for people to look at and write the sample's folder.

    The share `share_random` is drawn uniformly from all replies, the rest from those in which a grader found a fault
    (or that it could not grade). Same run and seed, same sample. Raises UsageError when `out` holds a sample, the run
    has no replies, or it is not graded (unless the draw is uniform).
    """
    _check(out, n, share_random)
    draw: Draw[ReplyRecord] = Draw(n, share_random, seed)
    found = draw_from_run(RunFolder(run), draw)
    return _write(found, draw, suite, out, separator)


async def sample_transcripts(
    paths: Sequence[Path],
    suite: Suite,
    out: Path,
    *,
    n: int,
    seed: int = 0,
    share_random: float = 0.5,
    separator: str = ",",
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
) -> Sample:
    """Draw `n` of the answers recorded in transcripts, as `sample_run` does from a run.

    Raises InputError with every invalid line, unless those are to be skipped.
    """
    _check(out, n, share_random)
    draw: Draw[Candidate] = Draw(n, share_random, seed)
    found = await draw_from_transcripts(paths, suite, draw, skip_invalid=skip_invalid, on_progress=on_progress)
    return _write(found, draw, suite, out, separator)


def read_sample(folder: Path) -> Sample:
    """Return what `sample.json` says. Raises UsageError when there is no sample, InputError when it cannot be read."""
    path = folder / SAMPLE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Sample)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"{folder}: no sample here: expected a folder with {SAMPLE}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"not a sample: {error}")]) from error


def _check(out: Path, n: int, share_random: float) -> None:
    """Refuse what cannot be drawn, and a folder whose sheet people may have filled in already."""
    if n < 1:
        raise UsageError(f"-n: expected at least 1, got {n}")
    if not 0 < share_random <= 1:
        raise UsageError(
            f"--share-random: expected a share above 0 and up to 1, got {share_random:g}: "
            "without a random part the sample tells nothing of the other answers"
        )
    for name in (SAMPLE, SHEET):
        if (out / name).exists():
            raise UsageError(f"{out}: a sample is here already, and its sheet may be filled in: name another folder")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: expected a folder, and a file is here")


def _write(found: Found, draw: Draw[Candidate] | Draw[ReplyRecord], suite: Suite, out: Path, separator: str) -> Sample:
    """Describe the draw and write the folder; `sample.json` comes last, so that its presence means a whole sample."""
    name = _name(found, draw)
    of_flagged, of_rest = draw.design.probabilities
    mode: Mode = "free_running" if found.source.mode == "free_running" else "teacher_forced"
    tools = suite.settings.agent.handover_tools
    transcripts: dict[str, Transcript] = {}
    shown: list[Shown] = []
    for number, one in enumerate(found.drawn, 1):
        item_name = f"{name}-{number:0{len(str(len(found.drawn)))}d}"
        candidate = one.kept
        transcript, turn = to_label(candidate, item_name, mode=mode, handover_tool=tools[0] if tools else "hand_over")
        transcripts[transcript.id] = transcript
        item = Item(
            item=item_name,
            id=one.key[0],
            turn=one.key[1],
            trial=one.key[2],
            stratum=FLAGGED if one.flagged else REST,
            inclusion_probability=of_flagged if one.flagged else of_rest,
            transcript=transcript.id,
            label_turn=turn,
            cluster=candidate.point.cluster,
            language=candidate.point.language,
            scores=found.scores.get(one.key, {}),
        )
        shown.append(Shown(item, candidate.point, candidate.reply, transcript))
    sample = Sample(
        format=FORMAT,
        chatparity=chatparity.__version__,
        name=name,
        source=found.source,
        seed=draw.seed,
        n=draw.n,
        share_random=draw.share_random,
        population=draw.population,
        left_out=found.left_out,
        invalid_lines=len(found.invalid),
        graders=found.graders,
        strata=_strata(draw, shown),
        items=tuple(one.item for one in shown),
        synthetic=any(one.transcript.synthetic for one in shown),
        automatic=found.automatic,
    )
    material = Material(sample, tuple(shown))
    page, sheet = rendered(material), written(material, separator)
    out.mkdir(parents=True, exist_ok=True)
    write_transcripts(out / TRANSCRIPTS, transcripts.values())
    files = RunFolder(out)
    files.write(out / PAGE, page.encode())
    files.write(out / SHEET, sheet)
    files.write(out / SAMPLE, msgspec.json.format(msgspec.json.encode(sample), indent=2))
    return sample


def _name(found: Found, draw: Draw[Candidate] | Draw[ReplyRecord]) -> str:
    """Return a short name that is the same for the same draw; it begins with a letter, so no spreadsheet counts it."""
    parts = [*(file.sha256 for file in found.source.files), str(draw.seed), str(draw.n), str(draw.share_random)]
    return "s" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:5]


def _strata(draw: Draw[Candidate] | Draw[ReplyRecord], shown: Sequence[Shown]) -> tuple[Stratum, ...]:
    """Describe both parts of the population; a uniform draw has one."""
    of_flagged, of_rest = draw.design.probabilities
    uniform = draw.share_random == 1
    what = "every answer" if uniform else "answers in which no grader found a fault"
    rest, flagged = draw.population - draw.flagged, draw.flagged
    both = (
        (REST, what, rest, of_rest),
        (FLAGGED, "answers in which a grader found a fault, or that a grader could not grade", flagged, of_flagged),
    )
    return tuple(
        Stratum(
            name=letter,
            what=text,
            population=size,
            drawn=sum(one.item.stratum == letter for one in shown),
            inclusion_probability=probability,
        )
        for letter, text, size, probability in both[: 1 if uniform else 2]
    )

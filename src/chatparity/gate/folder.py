"""The verdicts of a run on disk: reads its scores, decides, and writes gate.json into the folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from chatparity.errors import RunIncomplete, UsageError
from chatparity.gate.decide import decide
from chatparity.gate.echoes import Spot, echoes
from chatparity.gate.result import Findings
from chatparity.gate.trust import Trust
from chatparity.grading.load import load_graders
from chatparity.grading.needs import missing_labels
from chatparity.run.folder import Manifest, RunFolder
from chatparity.run.needs import gradable_in
from chatparity.suite import Suite


def judge_run(folder: RunFolder, suite: Suite, baseline: Path | None = None) -> Findings:
    """Decide the gates of a graded run, write `gate.json` into its folder and return the findings.

    What cannot be graded for want of labels is named in them as not measured. `baseline` is the folder of the run to
    compare with. Raises UsageError when a run is missing, not graded or its own baseline, InputError for a gate that
    names what does not exist, and, after writing, RunIncomplete when more exchanges are errored or missing than
    `[agent] errored_share` allows.
    """
    manifest = folder.manifest()
    if baseline is not None and baseline.resolve() == folder.path.resolve():
        raise UsageError(f"--baseline {baseline}: this is the run itself: name an earlier one")
    before = RunFolder(baseline).scores() if baseline is not None else None
    differing = unlike(manifest, RunFolder(baseline).manifest()) if baseline is not None else []
    graders = load_graders(suite)
    findings = decide(
        folder.scores(),
        graders,
        suite.settings,
        manifest=manifest,
        baseline=before,
        looks=folder.looks(),
        echoes=_echoes(folder, manifest, suite),
        trust=Trust.of(folder, suite),
    )
    if differing:
        told = f"what the agent alone changed since the baseline: that run was {' and '.join(differing)}"
        findings = msgspec.structs.replace(findings, not_measured=(told, *findings.not_measured))
    if folder.transcripts_file.is_file():
        lacking = missing_labels(gradable_in(folder, suite))
        findings = msgspec.structs.replace(findings, not_measured=(*findings.not_measured, *lacking))
    folder.write(folder.gate_file, msgspec.json.format(msgspec.json.encode(findings), indent=2))
    check_complete(folder, suite)
    return findings


def unlike(mine: Manifest, before: Manifest) -> list[str]:
    """Return what else than the agent may have made a baseline another one, each to stand behind "that run was"."""
    found = []
    graders = sorted(set(before.graders) - set(mine.graders))
    if graders:
        found.append(f"begun with other graders ({', '.join(graders)}; grade it again with those of today)")
    if before.mode != mine.mode:
        found.append(f"made {before.mode}, not {mine.mode}")
    if before.judge != mine.judge:
        found.append(f"judged by {before.judge}, not {mine.judge}")
    return found


def _echoes(folder: RunFolder, manifest: Manifest, suite: Suite) -> frozenset[Spot]:
    """Return where a recorded agent gave a person's own answer."""
    if not folder.transcripts_file.is_file():
        return frozenset()
    transcripts = {one.id: one for one in folder.transcripts()}
    return echoes(manifest, folder.outcomes(), transcripts, suite.settings.agent.handover_tools)


def check_complete(folder: RunFolder, suite: Suite) -> None:
    """Raise RunIncomplete when too many planned exchanges have no reply for the verdicts to mean anything."""
    planned, allowed = folder.to_ask(), suite.settings.agent.errored_share
    records = folder.outcomes()
    kinds = Counter(record.failure.kind for record in records if record.state == "errored" and record.failure)
    kinds["not asked"] = max(planned - len(records), 0)
    missing = kinds.total()
    share = f"{100 * missing / max(planned, 1):.1f} %"
    if missing > allowed * planned:
        listed = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common() if count)
        raise RunIncomplete(
            f"{folder.path}: {missing} of {planned} exchanges ({share}) have no reply ({listed});"
            f" above {100 * allowed:g} % ([agent] errored_share) a run decides nothing: mend what failed"
            f" and go on with it: chatparity run --out {folder.path} --resume{folder.first_failure()}"
        )


def read_findings(folder: RunFolder) -> Findings:
    """Return the findings that `judge_run` wrote."""
    return msgspec.json.decode(folder.gate_file.read_bytes(), type=Findings)

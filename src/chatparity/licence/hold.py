"""Whether a licence holds: for a grader as it grades today, on one metric, in all languages that a gate is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chatparity.grading.fingerprint import Fingerprint
from chatparity.grading.grader import Grader
from chatparity.licence.entry import Entry, Evidence, Licence, Share
from chatparity.points import claims
from chatparity.suite import LicenceTable

SHOWN = 3


@dataclass(frozen=True)
class Held:
    """What a licence says of a gate: `why` not it may be decided ("" when it may), and the entries it rests on."""

    why: str = ""
    entries: tuple[tuple[str, Entry], ...] = ()


def refusal(evidence: Evidence, needs: LicenceTable) -> str:
    """Return why evidence earns no licence by a suite's needs, "" when it does."""
    if evidence.confidence != needs.confidence:
        return f"its intervals are at {evidence.confidence:g}, and [licence] confidence is {needs.confidence:g}"
    short = []
    for name, said in (("sensitivity", "sensitivity"), ("specificity", "specificity"), ("kappa", "κ")):
        share: Share = getattr(evidence, name)
        least: float = getattr(needs, name)
        if share.low is None or share.high is None:
            short.append(f"{said} {share.method}")
        elif share.low < least:
            shown = f"{share.estimate:.2f} [{share.low:.2f}, {share.high:.2f}], n = {share.n}"
            short.append(f"{said} {shown}: its lower bound must reach {least:g}")
    if evidence.open_share > needs.abstained:
        of = f"{evidence.abstained} of {evidence.n + evidence.abstained}"
        short.append(f"it leaves {of} rated answers open, at most {100 * needs.abstained:g} % may be")
    return "; ".join(short)


def held(
    licence: Licence,
    grader: Grader,
    metric: str,
    languages: Collection[str],
    graded_by: Fingerprint | None,
    needs: LicenceTable,
) -> Held:
    """Return whether a grader may decide a gate on answers in these languages; a rule grader always may.

    `graded_by` is who gave the scores, None where that is not known. The evidence is held against what the suite needs
    now, which may be more than when it was written.
    """
    if not grader.needs_licence:
        return Held()
    entries: list[tuple[str, Entry]] = []
    missing: dict[str, list[str]] = {}
    for language in sorted(languages):
        entry = entry_for(licence, grader.name, metric, language)
        why = _missing(entry, grader, metric, graded_by, needs)
        if entry is not None and not why:
            entries.append((language, entry))
        else:
            missing.setdefault(why, []).append(language)
    if missing:
        told = [f"{_listed(where)}: {why}" for why, where in missing.items()]
        more = f"; and {len(told) - SHOWN} other reasons" if len(told) > SHOWN else ""
        return Held(f"no licence for {grader.name} in {'; in '.join(told[:SHOWN])}{more}")
    return Held("", tuple(entries))


def entry_for(licence: Licence, grader: str, metric: str, language: str) -> Entry | None:
    """Return the entry for a language; one for `pt` is for `pt-BR` as well, unless that has its own."""
    mine = [one for one in licence.entries if (one.grader, one.metric) == (grader, metric)]
    exact = [one for one in mine if one.language == language]
    wide = [one for one in mine if claims([one.language], language)]
    return next(iter((*exact, *wide)), None)


def _missing(
    entry: Entry | None, grader: Grader, metric: str, graded_by: Fingerprint | None, needs: LicenceTable
) -> str:
    """Return what keeps an entry from licensing, "" when nothing does."""
    if entry is None:
        return f"its {metric} has not been compared with people's labels (chatparity calibrate)"
    if graded_by is None:
        return "it is not known who gave its scores: grade the run again"
    changed = graded_by.differs(entry.graded_by)
    if changed:
        return f"void: {changed} since it was calibrated on {entry.on}"
    now = grader.version
    if now != graded_by.version:
        return f"the scores are of {grader.name} {graded_by.version}, and it is {now} now: grade the run again"
    short = refusal(entry.evidence, needs) or ("" if entry.granted else entry.why)
    if short:
        return f"refused: {short}"
    if entry.drift is not None and not entry.drift.passed:
        changed_of = f"{entry.drift.changed} of {entry.drift.n} verdicts on its anchors changed"
        return f"withdrawn on {entry.drift.on}: {changed_of}: calibrate it anew"
    return ""


def _listed(languages: Collection[str]) -> str:
    shown = list(languages)
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")

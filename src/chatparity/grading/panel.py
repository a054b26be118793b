"""Several judges' scores made one, and their disagreement kept."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from chatparity.exchange import Ballot, Score
from chatparity.judge.client import Combine


def combined(scores: Sequence[tuple[str, Score]], combine: Combine, *, pass_value: float) -> Score:
    """Return the score of a panel from (judge, score) pairs, each of which stands in its `panel`.

    At least half of the judges must have a verdict, or the panel abstains. `majority`: the verdict that more of them
    gave, with the mean value of those; as many of each is an abstention with the outcome `divided`. `mean`: the mean
    value of all that have one, which passes from `pass_value` on. The evidence is that of the judges who agree with
    the panel, the reason that of the first of them.
    """
    ballots = tuple(
        Ballot(judge=judge, verdict=one.verdict, value=one.value, reason=one.reason, outcome=one.outcome)
        for judge, one in scores
    )
    voting = [(one.value, one) for _, one in scores if one.value is not None]
    said = ", ".join(f"{one.judge} {_vote(one)}" for one in ballots)
    if 2 * len(voting) < len(scores) or not voting:
        reason = f"{len(scores) - len(voting)} of {len(scores)} judges gave no verdict: {said}"
        return Score(verdict="abstained", reason=reason, outcome="no_quorum", panel=ballots)
    passing = [one for _, one in voting if one.verdict == "pass"]
    if combine == "mean":
        value = fmean(value for value, _ in voting)
        verdict = "pass" if value >= pass_value else "fail"
        chosen = [one for _, one in voting if one.verdict == verdict] or [one for _, one in voting]
    elif 2 * len(passing) == len(voting):
        return Score(verdict="abstained", reason=f"the judges are divided: {said}", outcome="divided", panel=ballots)
    else:
        verdict = "pass" if 2 * len(passing) > len(voting) else "fail"
        chosen = [one for _, one in voting if one.verdict == verdict]
        value = fmean(one.value for one in chosen if one.value is not None)
    evidence = tuple(dict.fromkeys(span for one in chosen for span in one.evidence))
    return Score(
        verdict="pass" if verdict == "pass" else "fail",
        value=value,
        reason=f"{chosen[0].reason} (panel: {said})",
        evidence=evidence,
        outcome=chosen[0].outcome,
        panel=ballots,
    )


def disagrees(ballots: Sequence[Ballot]) -> bool:
    """Say whether the judges of a panel that have a verdict gave different ones."""
    return len({one.verdict for one in ballots if one.verdict != "abstained"}) > 1


def _vote(ballot: Ballot) -> str:
    return "abstained" if ballot.value is None else f"{ballot.verdict} {ballot.value:.2f}"

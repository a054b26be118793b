"""A measured claim as lines of plain text: for a terminal, and for a test that does not pass."""

from __future__ import annotations

from chatparity.claims.about import interval_text, number_text
from chatparity.claims.result import ClaimResult

WIDTH = len("cannot be told")


def claim_lines(claim: ClaimResult) -> list[str]:
    """Return a claim as a person reads it: verdict and sentence, figure, naive figure, and what would tell."""
    lines = [f"{claim.verdict:<{WIDTH}}  {claim.id}: {claim.said}"]
    if claim.estimate is not None:
        low, high = claim.interval or (None, None)
        figure = f"{number_text(claim.estimate, claim.unit)} {interval_text(low, high, claim.unit, claim.estimate)}"
        lines.append(f"    {figure}, asked {claim.threshold}; n = {claim.n:,}")
    else:
        lines.append(f"    {claim.reason}")
    if claim.naive is not None and claim.naive.estimate is not None:
        lines.append(f"    naive: {claim.naive.name}: {number_text(claim.naive.estimate, claim.naive.unit)}")
    lines += [f"    would tell: {text}" for text in claim.needs]
    if claim.expired:
        lines.append(f"    out of date: it counted until {claim.expires}, measure it again")
    return lines

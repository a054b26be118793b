"""Politeness by rule: is there a rude phrase or a slip of manner, and how much courtesy."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import msgspec

from chatparity.checks.language import written_in
from chatparity.checks.lexicon import languages
from chatparity.checks.manner import Form, slips
from chatparity.checks.tone import courtesy, rudeness
from chatparity.grading import Evidence, Exchange, Point, Score, grader

MARKETS = Path(__file__).parents[1] / "datasets" / "markets.toml"
FORMS = {"formal": "formal", "informal": "familiar"}


@grader(dimension="politeness", version="2", languages=languages())
def politeness(exchange: Exchange) -> Score:
    """Fail when the reply insults, blames, dismisses, commands, mocks, needles or shouts, by phrases of the lexicon.

    It fails as well where the form of address changes (against earlier answers, else what `datasets/markets.toml` says
    of the market), at cheer to somebody in distress, the third apology in a row, and asking for what was said already.
    The value starts at 0.7, gains 0.1 for each kind of courtesy, loses 0.4 for each rude mark and 0.2 for each slip.
    Sees phrases, not tone: coldness, a polite refusal to help, irony without its usual words go unseen.
    """
    text = exchange.reply.text
    if not text.strip():
        return Score.abstained("the reply has no text")
    language = written_in(text, exchange.language)
    rude = rudeness(text, language)
    slipped = slips(exchange, language, company_form(exchange.point))
    kinds = {mark.families[0] for mark in courtesy(text, language)}
    value = min(max(0.7 + 0.1 * len(kinds) - 0.4 * len(rude) - 0.2 * len(slipped), 0.0), 1.0)
    spans = [Evidence(text=one.text, start=one.start, end=one.end) for one in (*rude, *(one.mark for one in slipped))]
    why = [f'{mark.families[0]}: "{mark.text}"' for mark in rude]
    why += [f'{one.kind}: "{one.mark.text}" ({one.why})' for one in slipped]
    if why:
        outcome = rude[0].families[0] if rude else slipped[0].kind
        return Score.failed("; ".join(why), value=min(value, 0.5), evidence=spans, outcome=outcome)
    told = f"no rude phrase; courtesy: {', '.join(sorted(kinds)) or 'none'}"
    return Score.passed(told, value=value, outcome="polite")


def company_form(point: Point) -> Form | None:
    """Return the form of address that the company uses in a language and market; None where nothing says so."""
    tables = _markets()
    language = point.language.split("-")[0]
    market = tables.get("market", {}).get(point.market or "")
    if market is None:
        return None
    usual = market.get("formality", {}).get(language) or tables.get("language", {}).get(language, {})
    return cast("Form | None", FORMS.get(usual.get("address", "none")))


@lru_cache(maxsize=1)
def _markets() -> dict[str, Any]:
    """Return what the suite says of its markets, where it does."""
    return msgspec.toml.decode(MARKETS.read_bytes(), type=dict[str, Any]) if MARKETS.is_file() else {}

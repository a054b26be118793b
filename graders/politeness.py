"""Politeness by rule: is there a rude phrase, and how much courtesy."""

from __future__ import annotations

from chatparity.checks.language import written_in
from chatparity.checks.tone import courtesy, rudeness
from chatparity.grading import Evidence, Exchange, Score, grader


@grader(dimension="politeness", languages=("en", "de", "sv", "pl", "es", "ar"))
def politeness(exchange: Exchange) -> Score:
    """Fail when the reply insults, blames, dismisses, commands, mocks or shouts, by the phrases of the lexicon.

    The value starts at 0.7, gains 0.1 for each kind of courtesy and loses 0.4 for each rude mark. Sees phrases, not
    tone: coldness, a polite refusal to help, irony without its usual words, and cheerfulness at distress go unseen. It
    tells no formal address from a familiar one.
    """
    text = exchange.reply.text
    if not text.strip():
        return Score.abstained("the reply has no text")
    language = written_in(text, exchange.language)
    rude = rudeness(text, language)
    kinds = {mark.families[0] for mark in courtesy(text, language)}
    value = min(max(0.7 + 0.1 * len(kinds) - 0.4 * len(rude), 0.0), 1.0)
    if not rude:
        return Score.passed(
            f"no rude phrase; courtesy: {', '.join(sorted(kinds)) or 'none'}", value=value, outcome="polite"
        )
    spans = [Evidence(text=mark.text, start=mark.start, end=mark.end) for mark in rude]
    reason = "; ".join(f'{mark.families[0]}: "{mark.text}"' for mark in rude)
    return Score.failed(reason, value=min(value, 0.5), evidence=spans, outcome=rude[0].families[0])

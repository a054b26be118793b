"""Language by rule: is the reply in the customer's language."""

from __future__ import annotations

from chatparity.checks.facts import find_values
from chatparity.checks.identify import same_language
from chatparity.checks.language import detect, names_in, stripped
from chatparity.checks.sources import today
from chatparity.grading import Exchange, Score, grader


@grader(dimension="language", languages=("en", "de", "sv", "pl", "es", "ar"))
def language(exchange: Exchange) -> Score:
    """Compare the language of the reply with that of the conversation.

    Ids, digits, emails and names from the records are left out first; what is then too short to tell abstains.
    Norwegian in its forms, and Bosnian, Croatian and Serbian in Latin letters, count as one. Not seen: a foreign
    sentence within a reply that is mostly right, regional variety, and formality.
    """
    point, text = exchange.point, exchange.reply.text
    values = find_values(text, point.language, point.market, today(point))
    told = detect(stripped(text, values, names_in(point.records)), point.language)
    if told.code is None:
        return Score.abstained(told.why)
    if same_language(told.code, point.language):
        return Score.passed(f"in {told.code}", outcome="same")
    return Score.failed(f"in {told.code}, expected {point.language}", outcome="other")

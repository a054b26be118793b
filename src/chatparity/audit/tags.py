"""Whether a language tag agrees with the text of the conversation."""

from __future__ import annotations

from collections.abc import Iterator

from chatparity.audit.grounds import Fault
from chatparity.checks.facts import find_values
from chatparity.checks.identify import same_language
from chatparity.checks.language import detect, names_in, stripped
from chatparity.checks.locales import base
from chatparity.transcript import AGENTS, Transcript

_ENOUGH = 60
_SURE = 0.75
# Languages whose everyday writing the detector takes for one another even in a whole conversation.
_NEAR = ({"nb", "no", "nn", "da"}, {"bs", "hr", "sr", "sl", "cnr"}, {"cs", "sk"}, {"id", "ms"}, {"gl", "pt", "es"})


def wrong_language(transcript: Transcript) -> Iterator[Fault]:
    """Yield a fault where all that customers wrote, or all that agents wrote, is surely in another language.

    Judged over a whole side of the conversation, without names, ids and addresses of its records; a side shorter than
    sixty letters, and one in which languages are mixed, is not judged.
    """
    names = names_in(transcript.records)
    for side, speakers in (("customer", ("customer",)), ("agent", AGENTS)):
        text = "\n".join(turn.text for turn in transcript.turns if turn.speaker in speakers)
        plain = stripped(text, find_values(text, transcript.language, transcript.market), names)
        if sum(character.isalpha() for character in plain) < _ENOUGH:
            continue
        told = detect(plain, transcript.language)
        if told.code is None or told.share < _SURE or _alike(told.code, transcript.language):
            continue
        message = f'expected the language of the text, got "{transcript.language}", but the {side} writes "{told.code}"'
        yield Fault("language", message)


def _alike(one: str, other: str) -> bool:
    return same_language(one, other) or any(base(one) in group and base(other) in group for group in _NEAR)

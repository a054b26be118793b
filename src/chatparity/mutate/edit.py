"""Changing one answer of a transcript: a span, the whole text, a sentence more or less, a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from chatparity.transcript import AGENTS, ToolCall, Transcript, Turn

UNSPACED = ("ja", "zh")
GREETING, SIGNATURE = 45, 60
Where = Literal["front", "end"]
# A full stop after a digit ends an ordinal as often as a sentence, and is taken for no end.
_END = re.compile(r"(?:(?<!\d)[.!?…؟।]+[\"”»)’]*(?=\s|$)|[。！？]+[」』”]*|\n+)")


def parts_of(transcript: Transcript, turn: int) -> list[int]:
    """Return the agent turns that make up the answer at `turn`."""
    found: list[int] = []
    for index in range(turn, len(transcript.turns)):
        if transcript.turns[index].speaker == "customer":
            break
        if transcript.turns[index].speaker in AGENTS:
            found.append(index)
    return found


def with_turns(transcript: Transcript, changed: Mapping[int, Turn]) -> Transcript:
    """Return a transcript with some turns replaced."""
    turns = tuple(changed.get(index, turn) for index, turn in enumerate(transcript.turns))
    return msgspec.structs.replace(transcript, turns=turns)


def with_text(transcript: Transcript, index: int, text: str) -> Transcript:
    """Return a transcript in which one turn says something else."""
    return with_turns(transcript, {index: msgspec.structs.replace(transcript.turns[index], text=text)})


def with_span(transcript: Transcript, index: int, start: int, end: int, new: str) -> Transcript:
    """Return a transcript in which characters [start, end) of a turn are replaced."""
    text = transcript.turns[index].text
    return with_text(transcript, index, text[:start] + new + text[end:])


def with_answer(transcript: Transcript, turn: int, text: str) -> Transcript:
    """Return a transcript whose answer at `turn` says `text` and nothing else; its calls stay."""
    first, *others = parts_of(transcript, turn)
    changed = {first: msgspec.structs.replace(transcript.turns[first], text=text)}
    changed |= {index: msgspec.structs.replace(transcript.turns[index], text="") for index in others}
    return with_turns(transcript, changed)


def with_calls(
    transcript: Transcript, turn: int, keep: Callable[[ToolCall], bool], more: Sequence[ToolCall] = ()
) -> Transcript:
    """Return a transcript whose answer at `turn` makes only the calls to `keep`, and `more` at its end."""
    parts = parts_of(transcript, turn)
    changed: dict[int, Turn] = {}
    for index in parts:
        calls = tuple(call for call in transcript.turns[index].tool_calls if keep(call))
        calls += tuple(more) if index == parts[-1] else ()
        changed[index] = msgspec.structs.replace(transcript.turns[index], tool_calls=calls)
    return with_turns(transcript, changed)


def with_sentence(transcript: Transcript, turn: int, sentence: str, where: Where) -> Transcript:
    """Return a transcript whose answer at `turn` says one sentence more, after a greeting or before a signature."""
    spoken = [index for index in parts_of(transcript, turn) if transcript.turns[index].text.strip()]
    if not spoken:
        return with_answer(transcript, turn, sentence)
    index = spoken[0] if where == "front" else spoken[-1]
    joint = "" if transcript.language.split("-")[0] in UNSPACED else " "
    return with_text(transcript, index, inserted(transcript.turns[index].text, sentence, where, joint))


def inserted(text: str, sentence: str, where: Where, joint: str = " ") -> str:
    """Return a text with a sentence put into it; `joint` stands between sentences of the language.

    At the front is after the first sentence, where there is another one, so that no salutation comes second.
    """
    paragraphs = text.split("\n\n")
    first, last = 0, len(paragraphs) - 1
    if len(paragraphs) > 1 and len(paragraphs[0].strip()) <= GREETING:
        first = 1
    if last > first and len(paragraphs[last].strip()) <= SIGNATURE:
        last -= 1
    place = first if where == "front" else last
    one = paragraphs[place]
    spans = sentences(one)
    at = spans[0][1] if where == "front" and len(spans) > 1 else 0
    paragraphs[place] = one[:at] + sentence + joint + one[at:] if where == "front" else one + joint + sentence
    return "\n\n".join(paragraphs)


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a text as spans that together are the text, white space after each included."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        while end < len(text) and text[end].isspace():
            end += 1
        if end > start and text[start:end].strip():
            spans.append((start, end))
            start = end
    if text[start:]:
        spans.append((start, len(text)))
    return spans

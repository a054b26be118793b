"""A draft becomes a transcript: fields, language, id and outcome, or the problems it has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, cast

import msgspec

from chatparity.errors import Problem
from chatparity.importers.draft import Draft, Source
from chatparity.importers.turns import Spoken, spoken
from chatparity.importers.values import detected_language, label, language_code, moment_of, number, seconds_of, truth
from chatparity.invalid import DEEP, field_and_message
from chatparity.transcript import AGENTS, AnswerLabel, EscalationLabel, Labels, Outcome, Transcript, problems

TWICE = "conversation whose id was used before: a number was put after it"
LONG = "id longer than 200 characters: shortened"
UNNAMED = "conversation without an id: named after the file and its place"
NO_LANGUAGE = "conversation whose language could not be detected: und"
DETECTED = "conversation without a language of its own: detected from its texts"
NO_CODE = "language that is no language tag: passed over"
_LONGEST = 200
_TEXTS = ("market", "channel", "intent", "difficulty", "customer", "cluster")


class Builder:
    """Builds the transcripts of one file; it remembers ids, which must differ."""

    def __init__(self, source: Source, form: str) -> None:
        self.source = source
        self._form = form
        self._ids: set[str] = set()
        self._again: dict[str, int] = {}
        self._count = 0
        self._decoder = msgspec.json.Decoder(Transcript)
        self._encoder = msgspec.json.Encoder()

    def build(self, draft: Draft) -> Transcript | list[Problem]:
        """Return a draft as a transcript that is valid, or everything that is wrong with it."""
        self._count += 1
        talk = spoken(draft, self.source)
        fields = {**draft.fields}
        for name, finder in self.source.mapping.fields.items():
            fields[name] = finder.find(draft.record.data)
        wrong = [
            Problem(draft.record.path, line or draft.record.line, draft.record.within if line is None else "", text)
            for line, text in ((line, f"{where}: {message}") for line, where, message in talk.wrong)
        ]
        if not wrong and not talk.turns:
            wrong = [draft.record.problem("", "expected messages of a customer and an agent, got none")]
        if wrong:
            return wrong
        made = self._transcript(draft, talk, fields)
        return made if isinstance(made, list) else self._checked(draft, made)

    def _transcript(self, draft: Draft, talk: Spoken, fields: dict[str, Any]) -> Transcript | list[Problem]:
        values = _Values(draft)
        texts = {name: label(fields.get(name)) for name in _TEXTS}
        began = talk.began if talk.began is not None else values.read(seconds_of, fields, "started_at")
        outcome = Outcome(
            handled_by=_handled(talk),
            resolved=values.read(truth, fields, "resolved"),
            recontact_7d=values.read(truth, fields, "recontact_7d"),
            csat=values.read(number, fields, "csat"),
            handle_seconds=values.read(number, fields, "handle_seconds"),
        )
        labels = _labels(draft, talk, values)
        if values.wrong:
            return values.wrong
        return Transcript(
            schema=1,
            id=self._id(draft, label(fields.get("id"))),
            language=self._language(draft, talk, fields.get("language")),
            turns=tuple(talk.turns),
            market=texts["market"],
            channel=texts["channel"] or "chat",
            intent=texts["intent"],
            difficulty=texts["difficulty"],
            customer=texts["customer"],
            cluster=texts["cluster"],
            started_at=None if began is None else moment_of(began),
            source=draft.record.path.name,
            labels=labels,
            outcome=outcome,
            meta={**draft.meta, **({"system": talk.system} if talk.system else {})},
        )

    def _id(self, draft: Draft, given: str | None) -> str:
        """Return an id of its own, the same for the same file."""
        place = draft.record.place
        self.source.tally.add(UNNAMED, place, given is None)
        name = given or f"{self._form}-{draft.record.path.stem}-{self._count:06d}"
        if len(name) > _LONGEST:
            self.source.tally.add(LONG, place)
            name = f"{name[:150]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        unique = name
        while unique in self._ids:
            self._again[name] = self._again.get(name, 1) + 1
            unique = f"{name[:190]}-{self._again[name]}"
        self.source.tally.add(TWICE, place, unique != name)
        self._ids.add(unique)
        return unique

    def _language(self, draft: Draft, talk: Spoken, given: Any) -> str:
        """Return the record's language, else the one named for the file, else the one detected."""
        place = draft.record.place
        code = language_code(given)
        self.source.tally.add(NO_CODE, place, code is None and given not in (None, ""))
        if code or self.source.language:
            return code or cast("str", self.source.language)
        # What the customer wrote decides; where that is too little, so does the agent's.
        said = [turn.text for turn in talk.turns if turn.speaker == "customer"]
        found = detected_language(said) or detected_language([turn.text for turn in talk.turns if turn.text])
        self.source.tally.add(DETECTED if found else NO_LANGUAGE, place)
        return found or "und"

    def _checked(self, draft: Draft, made: Transcript) -> Transcript | list[Problem]:
        """Return a transcript that is written as the schema says, or what is wrong with it."""
        try:
            whole = self._decoder.decode(self._encoder.encode(made))
        except msgspec.ValidationError as error:
            return [draft.record.problem(*field_and_message(error, Transcript))]
        except RecursionError:
            return [draft.record.problem("", DEEP)]
        except (msgspec.DecodeError, UnicodeError) as error:
            return [draft.record.problem("", f"expected texts that are Unicode: {error}")]
        return [draft.record.problem(field, message) for field, message in problems(whole)] or whole


class _Values:
    """Reads values of a draft and keeps what is wrong with them."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.wrong: list[Problem] = []

    def read(self, how: Callable[[Any], Any], fields: dict[str, Any], name: str, line: int | None = None) -> Any:
        """Return a field read by `how`; a ValueError is a problem of the field, and the value None."""
        try:
            return how(fields.get(name))
        except ValueError as error:
            record = self._draft.record
            problem = Problem(record.path, line, name, str(error)) if line else record.problem(name, str(error))
            self.wrong.append(problem)
            return None


def _handled(talk: Spoken) -> Any:
    agents = {turn.speaker for turn in talk.turns if turn.speaker in AGENTS}
    return {frozenset(("human_agent",)): "human", frozenset(("ai_agent",)): "ai", frozenset(AGENTS): "both"}.get(
        frozenset(agents)
    )


def _labels(draft: Draft, talk: Spoken, values: _Values) -> Labels:
    """Return the labels of a draft's messages. Those of a message that became no turn are a problem."""
    answers: list[AnswerLabel] = []
    escalation: list[EscalationLabel] = []
    for index, given in draft.labels.items():
        line = draft.said[index].line
        if index not in talk.places:
            values.wrong.append(Problem(draft.record.path, line, "", "expected labels only on messages with a text"))
            continue
        turn = talk.places[index]
        answer = AnswerLabel(
            turn=turn,
            accuracy=values.read(number, given, "accuracy", line),
            politeness=values.read(number, given, "politeness", line),
            hallucinated=values.read(truth, given, "hallucinated", line),
            note=given.get("note", ""),
        )
        if answer != AnswerLabel(turn=turn):
            answers.append(answer)
        if given.get("escalation"):
            expect = cast("Any", given["escalation"].strip().lower())
            escalation.append(EscalationLabel(turn=turn, expect=expect, reason=given.get("escalation_reason", "")))
    return Labels(answers=tuple(answers) or None, escalation=tuple(escalation) or None)

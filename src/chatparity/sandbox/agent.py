"""The agent: reads a request, decides what is meant, does it with its tools and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chatparity.sandbox.case import Case
from chatparity.sandbox.company import Company
from chatparity.sandbox.conduct import decide
from chatparity.sandbox.faults import Answer, Chance, Stage, alter
from chatparity.sandbox.handover import needless
from chatparity.sandbox.situation import Situation, read_situation
from chatparity.sandbox.slots import Counting
from chatparity.sandbox.tools import Tools
from chatparity.transcript import ToolCall


class SandboxAgent:
    """Answers chat messages; everything follows from them, so the same request has the same answer."""

    def __init__(self, company: Company, faults: Mapping[str, float], seed: int) -> None:
        self._company = company
        self._faults = faults
        self._seed = seed
        self._countings: dict[tuple[str, str], Counting] = {}

    def complete(self, messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the reply to chat messages: `content`, `tool_log`, `usage` (tokens by a rule of thumb)."""
        situation = read_situation(messages)
        customer = self._company.customer(situation.customer)
        language = self._language(situation, customer.language)
        with self._company.shop(customer).visit() as shop:
            today = situation.today or customer.today
            tools = Tools(self._company.tools, shop, self._company.policy, today)
            tools.again(situation.calls)
            case = self._case(situation, tools, language, customer.market, today)
            decide(case)
            answer = Answer(case.language, case.market, tuple(case.parts), tuple(case.calls), case.handover)
            answer = self._altered(answer, case)
        text = self._company.voice(answer.language, answer.market).text(answer.parts)
        return {"content": text, "tool_log": [_logged(call) for call in answer.calls], "usage": _usage(messages, text)}

    def _language(self, situation: Situation, otherwise: str) -> str:
        """Return the language to answer in: the header's, else that of the last words, else the customer's own."""
        if situation.language in self._company.tables:
            return str(situation.language)
        found = detected(situation.last, self._company.tables) or otherwise
        return found if found in self._company.tables else next(iter(self._company.tables))

    def _case(self, situation: Situation, tools: Tools, language: str, market: str, today: Any) -> Case:
        ear = self._company.ear(language)
        heard = ear.hear(situation.last)
        if not heard.intents and not situation.earlier:
            other = detected(situation.last, self._company.tables)
            if other and other != language:
                language, ear = other, self._company.ear(other)
                heard = ear.hear(situation.last)
        key = (language, market)
        if key not in self._countings:
            self._countings[key] = Counting(self._company.tables[language]["slots"], market)
        return Case(
            situation=situation,
            today=today,
            market=market,
            language=language,
            policy=self._company.policy,
            tools=tools,
            ear=ear,
            counting=self._countings[key],
            heard=heard,
            words=(situation.last,),
        )

    def _altered(self, answer: Answer, case: Case) -> Answer:
        if not self._faults:
            return answer
        said = [(message.role, message.text, message.calls) for message in case.situation.said]
        asked = msgspec.json.encode([case.situation.customer, case.language, said])
        table = self._company.tables[case.language]["say"]
        stage = Stage(
            chance=Chance(self._seed, asked),
            languages=sorted(self._company.tables),
            writes=self._company.tools.writes,
            variants=lambda name: sum(key.startswith(f"fault.{name}.") for key in table),
            needless=lambda: needless(case),
        )
        return alter(answer, self._faults, stage)


def detected(text: str, languages: Mapping[str, Any]) -> str | None:
    """Return the language of a text if it is one of `languages` and sure, else None."""
    import pycld2

    printable = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    try:
        reliable, _, found = pycld2.detect(printable)
    except pycld2.error:
        return None
    code = str(found[0][1])
    return code if reliable and code in languages else None


def _logged(call: ToolCall) -> dict[str, Any]:
    return {"name": call.name, "arguments": call.arguments, "ok": call.ok, "result": call.result}


def _usage(messages: Sequence[Mapping[str, Any]], text: str) -> dict[str, Any]:
    """Return token counts by a rule of thumb, four bytes of UTF-8 a token: there is no tokenizer here to count with."""
    read = sum(len(str(message.get("content") or "").encode()) for message in messages)
    asked, answered = -(-read // 4), -(-len(text.encode()) // 4)
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}

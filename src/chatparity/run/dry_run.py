"""What a run would ask, and about what it would cost, worked out without asking anybody."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from chatparity.agents import KINDS
from chatparity.agents.masking import mask
from chatparity.errors import UsageError
from chatparity.exchange import Conversation, Point
from chatparity.grading import human_side, load_graders
from chatparity.judge.opening import models_in
from chatparity.points import recorded_reply
from chatparity.replay.prompt import Prompt
from chatparity.replay.seen import key_of
from chatparity.run.budget import budget_of, check_budget
from chatparity.run.examine import to_do
from chatparity.run.prices import Prices
from chatparity.run.select import Options
from chatparity.suite import Suite
from chatparity.transcript import Transcript

# Rules of thumb, in characters a token: tokenizers are trained on Latin script most of all.
LATIN = 4.0
OTHER = 1.5
# Greek, Cyrillic, Arabic, Indic, Chinese, Japanese, Korean, emoji, …: all beyond Latin letters and punctuation.
_OTHER = re.compile("[\u0370-\u1dff\u2c00-\U0010ffff]")
FORMAT = 1


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a run would ask.

    `requests` is one an exchange and trial; retries and rounds of tool calls come on top. Tokens are estimates by
    `LATIN` and `OTHER` characters a token; those written are taken to be as many as in the recorded answers. `money`
    is what they cost by the suite's prices, None without a price. `judge_requests` are the gradings by LLM graders
    that a judge would be asked for: a request each, two for a comparison, as many for each judge of a panel, several
    by deepeval, none for what is in the cache. `example` is
    the first exchange as chat messages, with the names of the tools it may call.
    """

    format: int
    agent: str
    mode: str
    judge: str
    transcripts: int
    trials: int
    requests: int
    done: int
    languages_skipped: dict[str, int]
    input_tokens: int
    output_tokens: int
    money: float | None
    currency: str | None
    judge_requests: int
    judge_graders: tuple[str, ...]
    example: dict[str, Any] | None


def dry_run(suite: Suite, options: Options) -> DryRun:
    """Work out what a run with these options would ask; no agent is started and nothing is written.

    With `resume` it is what is left of that run. Raises UsageError and InputError as the run itself would.
    """
    work = to_do(suite, options)
    if work.agent.partition(":")[0] not in KINDS:
        raise UsageError(
            f"--agent: expected one of {', '.join(form for form, _ in KINDS.values())}, got {work.agent!r}"
        )
    prices = Prices(suite.settings, work.agent)
    check_budget(budget_of(suite, options), prices, work.agent)
    prompt = Prompt(suite)
    open_points = [point for point in work.points if point.claimed and key_of(point) not in work.done]
    read = written = 0
    by_id = {one.id: one for one in work.transcripts}
    tools = tokens_in(msgspec.json.encode(prompt.tools).decode()) if prompt.tools else 0
    for point in open_points:
        read += tools + _tokens(prompt.system(point)) + _history_tokens(point)
        recorded = recorded_reply(by_id[point.id], point.turn)
        written += _tokens(recorded.text) if recorded is not None else 0
    price = prices.price()
    judged = _judged(suite, work.judge, work.transcripts, work.points)
    return DryRun(
        format=FORMAT,
        agent=mask(work.agent),
        mode=work.mode,
        judge=mask(work.judge),
        transcripts=len(work.transcripts),
        trials=work.trials,
        requests=len(open_points),
        done=len(work.done),
        languages_skipped=dict(sorted(Counter(one.language for one in work.points if not one.claimed).items())),
        input_tokens=read,
        output_tokens=written,
        money=(read * price.input_per_million + written * price.output_per_million) / 1e6 if price else None,
        currency=prices.currency if price else None,
        judge_requests=sum(judged.values()),
        judge_graders=tuple(judged),
        example=_example(open_points[0], prompt) if open_points else None,
    )


def tokens_in(text: str) -> int:
    """Return about how many tokens a text is: `LATIN` characters of Latin script a token, `OTHER` of another."""
    other = len(_OTHER.findall(text))
    return math.ceil((len(text) - other) / LATIN + other / OTHER)


_tokens = lru_cache(maxsize=65_536)(tokens_in)


def _history_tokens(point: Point) -> int:
    """Return about how many tokens a recorded history is, calls and their results included."""
    found = 0
    for turn in point.history:
        found += _tokens(turn.text)
        for call in turn.tool_calls:
            found += tokens_in(call.name + msgspec.json.encode([call.arguments, call.result]).decode())
    return found


def _example(point: Point, prompt: Prompt) -> dict[str, Any]:
    """Return the first request as chat messages, with nothing in it that looks like a secret."""
    conversation = Conversation(
        id=point.id,
        turn=point.turn,
        trial=point.trial,
        language=point.language,
        history=point.history,
        system=prompt.system(point),
    )
    names = [str(tool.get("function", tool).get("name")) for tool in prompt.tools]
    example = {"id": point.id, "turn": point.turn, "messages": conversation.messages(), "tools": names}
    return {str(key): value for key, value in _masked(example).items()}


def _masked(value: Any) -> Any:
    """Return a value with every text in it masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _masked(one) for key, one in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list) else value


def _judged(suite: Suite, judge: str, transcripts: Iterable[Transcript], points: Sequence[Point]) -> dict[str, int]:
    """Return how many gradings of both arms each LLM grader would ask the judge for; none without a judge."""
    if judge == "none":
        return {}
    by_id = {one.id: one for one in transcripts}
    arms: list[list[Point]] = []
    for conversation in _conversations(points):
        arms.append([point for point in conversation if point.claimed])
        first = conversation[0]
        human = human_side(by_id[first.id], conversation, suite.settings.agent.handover_tools)
        if human is not None and first.trial == 0:
            arms.append([point for point in human.points if point.claimed])
    found: dict[str, int] = {}
    for grader in (one for one in load_graders(suite) if one.needs_judge):
        seen = (arm[-1:] if grader.level == "conversation" else arm for arm in arms)
        planned = sum(grader.plans(point) for arm in seen for point in arm)
        found[grader.name] = planned * grader.requests * len(models_in(judge))
    return found


def _conversations(points: Sequence[Point]) -> list[list[Point]]:
    """Return points by conversation and trial."""
    found: dict[tuple[str, int], list[Point]] = {}
    for point in points:
        found.setdefault((point.id, point.trial), []).append(point)
    return list(found.values())


def dry_run_text(found: DryRun) -> str:
    """Return what a run would ask, for a person."""
    skipped = ", ".join(f"{language} {count}" for language, count in found.languages_skipped.items())
    each = "" if found.trials == 1 else f" × {found.trials} trials"
    money = 'not known: no price for this agent\'s model, see [prices."MODEL"] in suite.toml'
    if found.money is not None:
        money = f"about {found.money:.2f} {found.currency}"
    rule = f"an estimate: {LATIN:g} characters a token in Latin script, {OTHER:g} in others; answers as recorded"
    lines = [
        "dry run: nothing is asked, nothing is written",
        f"agent: {found.agent}  mode: {found.mode}",
        f"requests: {found.requests}, from {found.transcripts} transcripts{each}; retries and tool rounds come on top",
        *([f"  already done in this run: {found.done}"] if found.done else []),
        *([f"  not asked, in languages the agent does not claim: {skipped}"] if skipped else []),
        f"tokens: about {found.input_tokens} read, {found.output_tokens} written ({rule})",
        f"money: {money}",
        f"judge ({found.judge}): " + _judge_text(found),
    ]
    if found.example is not None:
        lines.append(f"the first request, {found.example['id']} turn {found.example['turn']}:")
        lines += [_message_text(message) for message in found.example["messages"]]
        lines += [f"  tools: {', '.join(found.example['tools'])}"] if found.example["tools"] else []
    return "\n".join(lines)


def _judge_text(found: DryRun) -> str:
    if found.judge == "none":
        return "no requests; LLM graders are not run"
    graders = ", ".join(found.judge_graders)
    return f"{found.judge_requests} gradings for {graders}: a request each (deepeval: several), none for cached answers"


def _message_text(message: dict[str, Any]) -> str:
    """Return a chat message for a person, its lines indented below its role."""
    calls = [f"{one['function']['name']}({one['function']['arguments']})" for one in message.get("tool_calls") or ()]
    text = "\n".join([*calls, *([str(message["content"])] if message.get("content") else [])])
    return f"  [{message['role']}]\n" + "\n".join(f"    {line}" for line in text.splitlines())

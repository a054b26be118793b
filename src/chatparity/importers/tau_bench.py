"""tau-bench's result files: simulated customers, real models, a database whose right end state is known.

The format is that of `historical_trajectories/` in the public repository sierra-research/tau-bench: a JSON list with
one object a trial. Its reward is an outcome to compare with, not something a grader may see: it goes into `meta`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.importers.draft import Source
from chatparity.importers.records import Record
from chatparity.importers.result import Tally
from chatparity.invalid import field_and_message
from chatparity.transcript import ExpectedAction, Knowledge, Labels, ToolCall, Transcript, Turn, problems

STOP = "###STOP###"
TRANSFER = "transfer_to_human_agents"
# Tools that change nothing in the benchmark's database, so that its end state does not say whether they were called.
READS = re.compile(rf"(get|list|search|find)_\w+|think|calculate|{TRANSFER}")
REFUSED = ("Error", "Unknown action")
PUBLISHED = re.compile(
    r"(?:tau-bench-)?(gpt-4o-airline|gpt-4o-retail|sonnet-35-new-airline|sonnet-35-new-retail)\.json"
)
_CLOCK = re.compile(r"The current time is (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (EST|UTC)")
_OFFSET = {"EST": dt.timezone(dt.timedelta(hours=-5)), "UTC": dt.UTC}

SIMULATED = "customer simulated by a language model: the conversation is real model output, the customer is no person"
UNSEEN = "text beside a tool call left out: the customer never saw it"
EMPTY_STOP = f"last customer message that was only {STOP} left out"
EMPTY = "empty customer message left out"
STRIPPED = f"{STOP} taken off a last customer message"
READ_ONLY = "ground-truth action that only reads left out of labels.actions: the benchmark does not require it"
TRANSFERS = "conversation whose ground truth transfers: escalation not labelled, the place is not known"
OUTPUTS = "expected output (info.task.outputs) left out: an answer, not an input"
UNANSWERED = "tool call without a recorded result: taken as not done"
STRAY = "tool result without a call left out"


class _Function(msgspec.Struct):
    name: str
    arguments: str


class _Call(msgspec.Struct):
    id: str
    function: _Function


class _Message(msgspec.Struct):
    role: Literal["system", "user", "assistant", "tool"]
    content: str | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None


class _Action(msgspec.Struct):
    name: str
    kwargs: dict[str, Any]


class _Task(msgspec.Struct):
    actions: list[_Action]
    user_id: str | None = None
    outputs: list[Any] = []


class _Info(msgspec.Struct):
    task: _Task


class _Trial(msgspec.Struct):
    task_id: int
    trial: int
    reward: float
    info: _Info
    traj: list[_Message]


def read_tau_bench(source: Source) -> Iterator[Transcript | Problem]:
    """Yield the trials of a tau-bench result file as transcripts, one each, in the file's order.

    The task is the cluster, since its trials are not independent.
    """
    domain = _domain(source.path)
    published = PUBLISHED.fullmatch(source.path.name)
    origin = f"sierra-research/tau-bench historical_trajectories/{published[1]}.json" if published else source.path.name
    first: dict[str, str] = {}
    for record in source.records():
        if isinstance(record, Problem):
            yield record
            continue
        try:
            trial = msgspec.convert(record.data, _Trial)
            name = f"tau-bench-{domain}-t{trial.task_id:03d}-k{trial.trial}"
            if name in first:
                message = f"task {trial.task_id}, trial {trial.trial} stands at {first[name]} already: expected it once"
                yield record.problem("", message)
                continue
            first[name] = record.within or record.place
            made = _transcript(record, trial, name, domain, origin, source.tally)
        except msgspec.ValidationError as error:
            yield record.problem(*field_and_message(error, _Trial))
        except InputError as error:
            yield from error.problems
        else:
            wrong = problems(made)
            yield from (record.problem(field, message) for field, message in wrong)
            if not wrong:
                yield made


def _domain(source: Path) -> str:
    """Return the benchmark's domain, which only the file's name tells."""
    stem = source.stem.lower()
    known = next((one for one in ("airline", "retail", "telecom") if one in stem), None)
    return known or re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "unknown"


def _transcript(record: Record, trial: _Trial, name: str, domain: str, origin: str, tally: Tally) -> Transcript:
    """Return one trial as a transcript."""
    policy = "\n\n".join(one.content for one in trial.traj if one.role == "system" and one.content)
    counts: Counter[str] = Counter({SIMULATED: 1})
    turns = tuple(_turns(record, trial.traj, counts))
    labels = _labels(trial.info.task, counts)
    for text, count in counts.items():
        tally.add(text, record.place, count)
    return Transcript(
        schema=1,
        id=name,
        language="en",
        turns=turns,
        customer=trial.info.task.user_id,
        started_at=_started(policy),
        cluster=f"{domain}-task-{trial.task_id:03d}",
        source=origin,
        knowledge=(Knowledge(id=f"{domain}-policy", text=policy),) if policy else (),
        labels=labels,
        meta={"reward": trial.reward, "task_id": trial.task_id, "trial": trial.trial},
    )


def _started(policy: str) -> dt.datetime | None:
    """Return the time at which the benchmark's policy says the conversation takes place."""
    match = _CLOCK.search(policy)
    if match is None:
        return None
    return dt.datetime.fromisoformat(match[1]).replace(tzinfo=_OFFSET[match[2]])


def _labels(task: _Task, counts: Counter[str]) -> Labels:
    """Return what the task's ground truth says for certain.

    The writes must happen, at no particular turn. That nobody is handed over is certain where the ground truth does
    not transfer; where it does, the turn is not told, and escalation stays unlabelled.
    """
    writes = [action for action in task.actions if not READS.fullmatch(action.name)]
    transfers = any(action.name == TRANSFER for action in task.actions)
    counts[TRANSFERS] += transfers
    counts[READ_ONLY] += sum(READS.fullmatch(one.name) is not None and one.name != TRANSFER for one in task.actions)
    counts[OUTPUTS] += len(task.outputs)
    return Labels(
        actions=tuple(ExpectedAction(name=action.name, arguments=action.kwargs) for action in writes),
        escalation=None if transfers else (),
    )


def _turns(record: Record, messages: list[_Message], counts: Counter[str]) -> list[Turn]:
    """Return the messages as turns: an agent's tool calls belong to the text that follows them."""
    # Models use the id of a call again: the results of one id belong to its calls in order.
    results: dict[str, list[str]] = {}
    for one in messages:
        if one.role == "tool" and one.tool_call_id:
            results.setdefault(one.tool_call_id, []).append(one.content or "")
    asked = {call.id for one in messages for call in one.tool_calls or ()}
    turns: list[Turn] = []
    calls: list[ToolCall] = []
    for number, message in enumerate(messages):
        if message.role == "user":
            _flush(turns, calls)
            text = _customer(message, last=number == len(messages) - 1, counts=counts)
            if text.strip():
                turns.append(Turn(speaker="customer", text=text))
        elif message.role == "assistant" and message.tool_calls:
            counts[UNSEEN] += bool(message.content)
            for call in message.tool_calls:
                waiting = results.get(call.id)
                counts[UNANSWERED] += not waiting
                calls.append(_call(record, f"traj[{number}]", call, waiting.pop(0) if waiting else None))
        elif message.role == "assistant":
            turns.append(Turn(speaker="ai_agent", text=message.content or "", tool_calls=tuple(calls)))
            calls.clear()
        elif message.role == "tool":
            counts[STRAY] += message.tool_call_id not in asked
    _flush(turns, calls)
    if not turns:
        raise InputError([record.problem("traj", "expected messages of a customer and an assistant, got none")])
    return turns


def _flush(turns: list[Turn], calls: list[ToolCall]) -> None:
    """Add the turn of an agent that called tools and then said nothing: a transfer, or the end of its steps."""
    if calls:
        turns.append(Turn(speaker="ai_agent", tool_calls=tuple(calls)))
        calls.clear()


def _customer(message: _Message, *, last: bool, counts: Counter[str]) -> str:
    """Return a customer's words, without the sign by which the simulated customer ends the conversation."""
    text = message.content or ""
    if not last or STOP not in text:
        counts[EMPTY] += not text.strip()
        return text
    said = text.replace(STOP, "").strip()
    counts[STRIPPED if said else EMPTY_STOP] += 1
    return said


def _call(record: Record, place: str, call: _Call, result: str | None) -> ToolCall:
    """Return one tool call with its result, which is decoded where it is JSON."""
    try:
        arguments = msgspec.json.decode(call.function.arguments or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        expected = f"tool_calls: expected a JSON object as arguments of {call.function.name}: {error}"
        raise InputError([record.problem(place, expected)]) from error
    decoded: Any = result
    if result:
        try:
            decoded = msgspec.json.decode(result)
        except (msgspec.DecodeError, RecursionError):
            decoded = result
    done = result is not None and not result.startswith(REFUSED)
    return ToolCall(name=call.function.name, arguments=arguments, ok=done, result=decoded)

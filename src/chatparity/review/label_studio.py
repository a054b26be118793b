"""Label Studio: the items of a sample as its tasks with a labelling page for them, and its results read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.review.desk import COMMENT, SEEN, STATE, Desk, person
from chatparity.review.items import Exhibit

SOURCE = "label-studio"
WHO = {"customer": "Customer", "tool": "System"}


def tasks(desk: Desk) -> Iterator[dict[str, Any]]:
    """Yield the items as tasks of Label Studio; nothing tells what graders found, who wrote a reply, or labels."""
    for name in desk.queue:
        shown = desk.bench.exhibit(name)
        yield {
            "data": {
                "sample": desk.bench.sample.name,
                "item": name,
                "language": shown.item.language,
                "conversation": [
                    {"author": WHO.get(turn.speaker, "Agent"), "text": turn.text or "(no words)"}
                    for turn in shown.point.history
                ],
                "reply": shown.reply.text or "(no words)",
                "calls": _calls(shown),
                "rests_on": _rests_on(shown),
            }
        }


def _calls(shown: Exhibit) -> str:
    """Return the tool calls of the reply, one a line."""
    lines = []
    for call in shown.reply.tool_calls:
        asked = msgspec.json.encode(call.arguments).decode()
        lines.append(f"{call.name} {asked}{'' if call.ok else ' – refused'}")
    return "\n".join(lines) or "(none)"


def _rests_on(shown: Exhibit) -> str:
    """Return what the reply may rest on as one text."""
    parts = [f"{one.id}: {one.text}" for one in shown.point.knowledge]
    if shown.point.records:
        parts.append(msgspec.json.format(msgspec.json.encode(shown.point.records), indent=2).decode())
    return "\n\n".join(parts) or "(nothing was kept)"


def labelling_page(desk: Desk) -> str:
    """Return the labelling configuration (XML) that fits the tasks: paste it into Label Studio's project."""
    parts = [
        "<View>",
        '  <Paragraphs name="conversation" value="$conversation" layout="dialogue" nameKey="author" textKey="text"/>',
        '  <Header value="The reply to judge"/>',
        '  <Text name="reply" value="$reply"/>',
        '  <Header value="Its tool calls"/>',
        '  <Text name="calls" value="$calls"/>',
        '  <Header value="What it may rest on"/>',
        '  <Text name="rests_on" value="$rests_on"/>',
    ]
    for criterion in desk.scorecard.criteria:
        parts.append(f"  <Header value={quoteattr(criterion.ask)}/>")
        parts.append(f'  <Choices name={quoteattr(criterion.name)} toName="reply" choice="single-radio">')
        for number, answer in enumerate(criterion.answers, 1):
            words = quoteattr(f"{answer.value}: {answer.says}")
            parts.append(f'    <Choice value={words} alias={quoteattr(answer.value)} hotkey="{number}"/>')
        parts.append("  </Choices>")
    parts += [f'  <TextArea name="{COMMENT}" toName="reply" placeholder="Comment"/>', "</View>", ""]
    # Hotkeys repeat from criterion to criterion; Label Studio takes each once, so only the first has them.
    seen: set[str] = set()
    lines = []
    for line in parts:
        key = line[line.index(" hotkey=") :].removesuffix("/>") if " hotkey=" in line else ""
        lines.append(line.replace(key, "") if key and key in seen else line)
        seen |= {key} if key else set()
    return "\n".join(lines)


def read_results(desk: Desk, path: Path) -> int:
    """Take the annotations of a Label Studio export (its JSON format) as labels; return how many were taken.

    An annotation is its author's; the same one read twice changes nothing. Cancelled ones are passed over. Raises
    InputError with every task that cannot be read, and then nothing is taken.
    """
    try:
        given = msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])
    except OSError as error:
        raise InputError([Problem(path, None, "", f"cannot be read: {error.strerror}")]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"expected the JSON export of Label Studio, a list of tasks: {error}"
        raise InputError([Problem(path, None, "", message)]) from error
    found: list[tuple[str, str, str | None, dict[str, str | None]]] = []
    wrong: list[Problem] = []
    for number, task in enumerate(given):
        try:
            for one in _annotations(desk, task):
                if SEEN in desk.store.of(one[1], one[0]):
                    raise ValueError(f"{one[0]}: the answers of {one[1]} stay: what graders found was shown to them")
                found.append(one)
        except (ValueError, TypeError, LookupError, AttributeError, UsageError) as error:
            wrong.append(Problem(path, None, f"[{number}]", str(error) if error.args else "not a task"))
    if wrong:
        raise InputError(wrong)
    for item, rater, at, values in found:
        desk.store.save(item, {**values, STATE: "done"}, author=rater, source=SOURCE, at=at)
    return len(found)


def _annotations(desk: Desk, task: dict[str, Any]) -> Iterator[tuple[str, str, str | None, dict[str, str | None]]]:
    """Yield (item, rater, time, values) of each annotation of a task. Raises ValueError for what cannot be read."""
    data = task.get("data")
    name = data.get("item") if isinstance(data, dict) else None
    if name not in desk.bench.items:
        raise ValueError(f'data.item: expected an item of this sample, got "{str(name)[:60]}"')
    for annotation in task.get("annotations") or ():
        if annotation.get("was_cancelled"):
            continue
        values: dict[str, str] = {}
        for result in annotation.get("result") or ():
            field, value = result.get("from_name"), result.get("value") or {}
            if result.get("type") == "choices":
                values[str(field)] = str(value["choices"][0])
            elif result.get("type") == "textarea":
                text = value["text"]
                values[str(field)] = "\n".join(text) if isinstance(text, list) else str(text)
        at = annotation.get("completed_at") or annotation.get("created_at")
        yield str(name), _author(desk, annotation), str(at) if at else None, _checked(desk, values)


def _checked(desk: Desk, values: dict[str, str]) -> dict[str, str | None]:
    """Return values of the scorecard; without the alias Label Studio gives back what the choice shows."""
    by_name = {one.name: {f"{answer.value}: {answer.says}": answer.value for answer in one.answers}
               for one in desk.scorecard.criteria}  # fmt: skip
    return desk.checked({name: by_name.get(name, {}).get(value, value) for name, value in values.items()})


def _author(desk: Desk, annotation: dict[str, Any]) -> str:
    """Return who made an annotation: the address, where Label Studio tells it, else the number of the account."""
    by = annotation.get("completed_by")
    if isinstance(by, dict):
        by = by.get("email") or by.get("username") or by.get("id")
    return person(f"{by}" if by not in (None, "") else "Label Studio", desk.store.raters())

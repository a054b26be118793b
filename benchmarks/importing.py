"""How long importing takes: 10,000 generated conversations in each format, beside decoding the same file alone.

The floor is what reading costs without making anything of it: every line (or the whole document) decoded as JSON, or
every row of the CSV read. Each import writes its transcripts to a file, as the command does. The conversations are
synthetic.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from chatparity.importers import import_file
from chatparity.jsonl import write_transcripts

SENTENCES = (
    "my order has not arrived yet and I would like to know where the parcel is now because it was promised for last "
    "week could you please check the address again thank you we have looked at your account and the refund was sent"
)
WORDS = SENTENCES.split()
BEGAN = 1_767_225_600
Talk = list[tuple[str, str]]


def talks(count: int) -> Iterator[Talk]:
    """Yield conversations of four to twelve messages, the customer first, of ten to sixty words each."""
    luck = random.Random(1)  # noqa: S311
    for _ in range(count):
        yield [
            ("customer" if place % 2 == 0 else "agent", " ".join(luck.choices(WORDS, k=luck.randint(10, 60))))
            for place in range(2 * luck.randint(2, 6))
        ]


def stamp(place: int) -> str:
    """Return a time as ISO 8601."""
    return dt.datetime.fromtimestamp(BEGAN + 30 * place, dt.UTC).isoformat()


def chat(talk: Talk) -> list[dict[str, str]]:
    """Return a conversation as chat messages."""
    return [{"role": "user" if who == "customer" else "assistant", "content": text} for who, text in talk]


def openai_chat(number: int, talk: Talk) -> list[Any]:
    """Return the line of a conversation in OpenAI's form."""
    return [{"id": f"c{number}", "messages": chat(talk)}]


def sharegpt(number: int, talk: Talk) -> list[Any]:
    """Return the line of a conversation in ShareGPT's form."""
    said = [{"from": "human" if who == "customer" else "gpt", "value": text} for who, text in talk]
    return [{"id": f"c{number}", "conversations": said}]


def zendesk(number: int, talk: Talk) -> list[Any]:
    """Return a ticket."""
    comments: list[dict[str, Any]] = [
        {
            "id": place,
            "author_id": 1 if who == "customer" else 2,
            "body": text,
            "html_body": f"<p>{text}</p>",
            "plain_body": text,
            "public": True,
            "created_at": stamp(place),
            "attachments": [],
        }
        for place, (who, text) in enumerate(talk)
    ]
    users = [{"id": 1, "role": "end-user", "name": "Ada"}, {"id": 2, "role": "agent", "name": "Bo"}]
    rating = {"score": "good"}
    common = {"id": number, "subject": "Parcel", "status": "solved", "tags": ["parcel"], "satisfaction_rating": rating}
    return [{**common, "requester_id": 1, "comments": comments, "users": users}]


def intercom(number: int, talk: Talk) -> list[Any]:
    """Return a conversation of Intercom."""
    parts = [
        {
            "part_type": "comment",
            "body": f"<p>{text}</p>",
            "author": {"type": "user" if who == "customer" else "admin", "id": who},
            "created_at": BEGAN + place,
        }
        for place, (who, text) in enumerate(talk)
    ]
    first = {"type": "conversation", "body": parts[0]["body"], "author": parts[0]["author"]}
    return [
        {"id": number, "created_at": BEGAN, "source": first, "conversation_parts": {"conversation_parts": parts[1:]}}
    ]


def langfuse(number: int, talk: Talk) -> list[Any]:
    """Return the traces of a session, one a reply, each with the history before it."""
    messages = chat(talk)
    found = []
    for place in range(1, len(messages), 2):
        one = {"id": f"o{place}", "type": "GENERATION", "startTime": stamp(place), "input": messages[:place]}
        trace = {"id": f"t{number}-{place}", "sessionId": f"c{number}", "timestamp": stamp(place)}
        found.append({**trace, "observations": [{**one, "output": messages[place]}]})
    return found


def otel(number: int, talk: Talk) -> list[Any]:
    """Return the spans of a conversation, one a reply, each with the history before it."""
    messages = [{"role": one["role"], "parts": [{"type": "text", "content": one["content"]}]} for one in chat(talk)]
    found = []
    for place in range(1, len(messages), 2):
        given = {
            "gen_ai.conversation.id": f"c{number}",
            "gen_ai.input.messages": json.dumps(messages[:place]),
            "gen_ai.output.messages": json.dumps(messages[place : place + 1]),
        }
        attributes = [{"key": key, "value": {"stringValue": value}} for key, value in given.items()]
        span = {"traceId": f"{number:016x}{place:016x}", "spanId": f"{place:016x}", "attributes": attributes}
        nano = str((BEGAN + place) * 10**9)
        spans = [{**span, "name": "chat", "startTimeUnixNano": nano, "endTimeUnixNano": nano}]
        found.append({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    return found


def lines_of(exporter: Callable[[int, Talk], list[Any]], count: int, path: Path) -> None:
    """Write conversations as lines of JSON."""
    with path.open("wb") as file:
        for number, talk in enumerate(talks(count)):
            for one in exporter(number, talk):
                file.write(msgspec.json.encode(one) + b"\n")


def list_of(exporter: Callable[[int, Talk], list[Any]], count: int, path: Path) -> None:
    """Write conversations as one JSON list."""
    items = [one for number, talk in enumerate(talks(count)) for one in exporter(number, talk)]
    path.write_bytes(msgspec.json.encode(items))


def rows_of(count: int, path: Path) -> None:
    """Write conversations as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["conversation", "speaker", "text", "time"])
        for number, talk in enumerate(talks(count)):
            writer.writerows([number, who, text, stamp(place)] for place, (who, text) in enumerate(talk))


def trials_of(count: int, path: Path) -> None:
    """Write conversations as a result file of tau-bench."""
    info = {"task": {"user_id": "u", "actions": [], "outputs": []}}
    common = {"trial": 0, "reward": 1.0, "info": info}
    items = [{**common, "task_id": number, "traj": chat(talk)} for number, talk in enumerate(talks(count))]
    path.write_bytes(msgspec.json.encode(items))


WRITERS: dict[str, tuple[str, Callable[[int, Path], None]]] = {
    "zendesk, lines": ("zendesk", lambda count, path: lines_of(zendesk, count, path)),
    "zendesk, one list": ("zendesk", lambda count, path: list_of(zendesk, count, path)),
    "openai-chat": ("openai-chat", lambda count, path: lines_of(openai_chat, count, path)),
    "sharegpt, one list": ("sharegpt", lambda count, path: list_of(sharegpt, count, path)),
    "intercom, one list": ("intercom", lambda count, path: list_of(intercom, count, path)),
    "csv": ("csv", rows_of),
    "langfuse": ("langfuse", lambda count, path: lines_of(langfuse, count, path)),
    "otel": ("otel", lambda count, path: lines_of(otel, count, path)),
    "tau-bench": ("tau-bench", trials_of),
}


def floor(form: str, path: Path) -> float:
    """Return the seconds that decoding the file alone takes."""
    began = time.perf_counter()
    data = path.read_bytes()
    if form == "csv":
        for _ in csv.reader(io.StringIO(data.decode(), newline="")):
            pass
    elif data.startswith(b"["):
        msgspec.json.decode(data)
    else:
        for line in data.splitlines():
            msgspec.json.decode(line)
    return time.perf_counter() - began


def main() -> None:
    """Print seconds, MB/s and the floor of each format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10_000, help="conversations")
    count = parser.parse_args().n
    print(f"{count:,} synthetic conversations in each format; language detected, transcripts written")
    print(f"{'format':20} {'MB':>7} {'import s':>9} {'MB/s':>7} {'floor s':>8} {'×floor':>7}")
    with tempfile.TemporaryDirectory() as name:
        for title, (form, write) in WRITERS.items():
            path = Path(name) / "source"
            write(count, path)
            size = path.stat().st_size / 1e6
            least = floor(form, path)
            began = time.perf_counter()
            made = write_transcripts(Path(name) / "out.jsonl", import_file(form, path).transcripts)
            took = time.perf_counter() - began
            if made != count:
                raise SystemExit(f"{title}: expected {count} transcripts, got {made}")
            print(f"{title:20} {size:7.1f} {took:9.2f} {size / took:7.1f} {least:8.3f} {took / least:7.1f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory, the generators' lists included: {peak:.0f} MB")


if __name__ == "__main__":
    main()

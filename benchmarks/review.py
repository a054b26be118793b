"""How fast the review page answers over a sample of ten thousand items, beside a server that does nothing.

    python benchmarks/review.py [--items 10000] [--labelled 8000]

Prints milliseconds a request over real HTTP on loopback: the median and the slowest of twenty, for each kind of page
and for saving a click (which is on the disk before it is answered). The floor, measured in the same run, is a server
of the same kind that returns a page of the same size.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from chatparity.jsonl import write_transcripts
from chatparity.review.app import make_app
from chatparity.review.desk import Desk
from chatparity.review.guard import Guard
from chatparity.review.items import Bench
from chatparity.review.pages import Pages
from chatparity.review.room import Room
from chatparity.review.scorecard import load_scorecard
from chatparity.review.server import _listen
from chatparity.review.store import Store
from chatparity.sample import sample_transcripts
from chatparity.suite import load_suite
from chatparity.transcript import Knowledge, Transcript, Turn

ROUNDS = 20
FULL = {"accuracy": "1", "hallucinated": "no", "politeness": "4", "escalation": "none", "state": "done"}


def talk(number: int) -> Transcript:
    """Return a conversation of ordinary size."""
    asked = Turn(speaker="customer", text=f"Where is order H-{number}? I have been waiting for a week now.")
    said = Turn(speaker="human_agent", text="I am sorry about the wait. Your parcel left our house on Monday. " * 2)
    passages = tuple(Knowledge(id=f"k{one}", text="A parcel takes up to 5 days. " * 4) for one in range(6))
    return Transcript(
        schema=1, id=f"en-{number:06d}", language="en", turns=(asked, said) * 4, synthetic=True, knowledge=passages
    )


def serve(app: Starlette, port_of: Callable[[int], None]) -> uvicorn.Server:
    """Serve an application in a thread of its own."""
    listening = _listen("127.0.0.1", 0)
    port_of(listening.getsockname()[1])
    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    return server


def timed(ask: Callable[[int], None]) -> tuple[float, float]:
    """Return the median and the slowest of some rounds, in milliseconds."""
    ask(0)
    taken = []
    for number in range(1, ROUNDS + 1):
        started = time.perf_counter()
        ask(number)
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken), max(taken)


def main() -> None:
    """Make the sample, ask for everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--labelled", type=int, default=8_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), asked.items, asked.labelled)


def measure(folder: Path, items: int, labelled: int) -> None:
    """Measure in a folder of its own."""
    suite = load_suite()
    write_transcripts(folder / "logs.jsonl", (talk(number) for number in range(items // 4 + 1)))
    asyncio.run(sample_transcripts([folder / "logs.jsonl"], suite, folder / "s", n=items, share_random=1))
    started = time.perf_counter()
    bench = Bench(folder / "s", suite)
    opened = time.perf_counter() - started
    store = Store(folder / "s" / "labels.sqlite", bench.sample.name)
    quick = store._base  # noqa: SLF001 - only while the labels of the past are put in
    quick.execute("PRAGMA synchronous = OFF")
    for who in ("Ada", "Ben"):
        for item in bench.order[:labelled]:
            store.save(item, FULL, author=who)
    quick.execute("PRAGMA synchronous = FULL")
    guard = Guard("127.0.0.1")
    room = Room(Desk(bench, store, load_scorecard(suite)), guard, Pages())
    server = serve(make_app(room), lambda port: setattr(room, "port", port))
    cookie = {"cookie": f"{room.cookie}={guard.reviewer}; {room.cookie}_who=Ada"}
    link = HTTPConnection("127.0.0.1", room.port)
    size = 0

    def get(path: str) -> None:
        nonlocal size
        link.request("GET", path, headers=cookie)
        answer = link.getresponse()
        size = len(answer.read())
        if answer.status >= 400:
            raise SystemExit(f"{path}: {answer.status}")

    def click(number: int) -> None:
        form = urlencode({"proof": guard.proof(guard.reviewer), "quick": "1", "politeness": str(number % 5 + 1)})
        head = {
            **cookie,
            "origin": f"http://127.0.0.1:{room.port}",
            "content-type": "application/x-www-form-urlencoded",
        }
        link.request("POST", f"/item/{bench.order[-1]}", form, head)
        answer = link.getresponse()
        answer.read()
        if answer.status != 204:
            raise SystemExit(f"a click: {answer.status}")

    last = len(bench.order) // 50
    rows = {
        "an item": timed(lambda number: get(f"/item/{bench.order[number * 400 % items]}")),
        "the next open item": timed(lambda number: get("/")),
        "the first page of the list": timed(lambda number: get("/items")),
        "the last page of the list": timed(lambda number: get(f"/items?page={last}")),
        "a filtered list": timed(lambda number: get(f"/items?show=open&find={number}")),
        "a click, saved": timed(click),
    }
    get(f"/item/{bench.order[0]}")
    page = "x" * size

    async def nothing(_: object) -> HTMLResponse:
        return HTMLResponse(page)

    floor_port: list[int] = []
    floor = serve(Starlette(routes=[Route("/", nothing)]), floor_port.append)
    link.close()
    link = HTTPConnection("127.0.0.1", floor_port[0])
    rows["floor: a server that returns a page of that size"] = timed(lambda _: get("/"))
    server.should_exit = floor.should_exit = True
    print(f"{len(bench.order)} items, {labelled} of them labelled by two people; opened in {opened:.2f} s")
    print(f"{'':50} median ms   slowest ms of {ROUNDS}")
    for what, (median, slowest) in rows.items():
        print(f"{what:50} {median:9.1f} {slowest:12.1f}")


if __name__ == "__main__":
    main()

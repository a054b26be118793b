"""How close an LLM grader comes to the limit N·L/C of its judge, and how fast its cache is, beside a bare aiohttp loop.

The judge is a child process that answers every request with a founded verdict after a fixed latency. N replies are
graded by the shipped accuracy rubric, C requests at a time: laid out, redacted, audited, fenced, asked, checked against
the schema, quotes looked up, answers kept. In every round the floor (a bare loop that posts a body as large and reads
the answer), the first run, and a second run from the cache stand side by side, so that whatever else the machine does
falls on all of them. `ratio` is time / limit (1.00 is perfect), `CPU` is this process's time a verdict.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import replay  # type: ignore[import-not-found]

from chatparity.exchange import Reply, ReplyRecord
from chatparity.grading import Side, grade
from chatparity.grading.material import material_of
from chatparity.grading.rubric import load_rubric, rubric_grader
from chatparity.grading.verdict import messages_for
from chatparity.judge import open_judge
from chatparity.points import exchanges, points_of
from chatparity.suite import JudgeTable, Settings, Suite, SuiteTable
from chatparity.transcript import Knowledge, Transcript, Turn

RUBRIC = load_rubric(Path(__file__).parents[1] / "graders" / "accuracy.md")
QUOTE = "should arrive within five banking days"
RECORDS = {"account": {"name": "Ada Example", "email": "ada@example.com", "phone": "+44 7700 900123"}}


def verdict() -> bytes:
    """Return the judge's answer as an HTTP response."""
    said = {"reason": "Amount and day agree.", "evidence": [QUOTE], "unsure": False, "score": 5}
    choice = {"index": 0, "message": {"role": "assistant", "content": json.dumps(said)}, "finish_reason": "stop"}
    body = {**replay.HEAD, "model": "bench", "object": "chat.completion", "choices": [choice], "usage": replay.USAGE}
    answer: bytes = replay.response("application/json", json.dumps(body).encode())
    return answer


def sides(count: int) -> list[Side]:
    """Return synthetic conversations of four replies each, no two alike, with `count` replies in all."""
    found: list[Side] = []
    for talk in range(count // 4):
        turns: list[Turn] = []
        for n in range(4):
            asked = f"Hello, Ada again ({talk}): where is my refund for order H-{talk}-{n}? Call me on 07700 900123."
            turns += [Turn(speaker="customer", text=asked), Turn(speaker="human_agent", text=replay.TEXT)]
        transcript = Transcript(
            schema=1,
            id=f"t{talk}",
            language="en",
            market="GB",
            turns=tuple(turns),
            records=RECORDS,
            knowledge=(Knowledge(id="refunds", text="Refunds arrive within 5 banking days after they were sent."),),
        )
        points = tuple(points_of(transcript))
        reply = Reply(text=f"{replay.TEXT} Is there anything else, Ada?")
        records = {
            point.turn: ReplyRecord(id=point.id, turn=point.turn, trial=0, state="replied", reply=reply)
            for point in points
        }
        found.append(Side("ai", points, records))
    return found


async def bare(url: str, body: bytes, count: int, concurrency: int) -> None:
    """Post a body `count` times with nothing around it."""
    left = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def work() -> None:
            for _ in left:
                async with session.post(f"{url}/chat/completions", data=body) as answer:
                    json.loads(await answer.read())

        await asyncio.gather(*(work() for _ in range(concurrency)))


async def graded(url: str, given: list[Side], concurrency: int, folder: Path) -> None:
    """Grade all replies as a run does. Ends the program when one of them has no verdict."""
    table = JudgeTable(concurrency=concurrency)
    suite = Suite(root=folder, shipped=folder / "none", settings=Settings(suite=SuiteTable(name="bench"), judge=table))
    async with open_judge(f"openai:bench@{url}", suite) as judge:
        rows = await grade(given, [rubric_grader(RUBRIC, judge)], judged=True)
    wrong = [row for row in rows if row.verdict != "pass"]
    if wrong or len(rows) != sum(len(side.points) for side in given):
        raise SystemExit(f"{len(wrong)} of {len(rows)} verdicts did not come, the first: {wrong[0].reason}")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verdicts", type=int, default=2000, help="N, a multiple of 4")
    parser.add_argument("--latency", type=float, default=0.2, help="L, seconds")
    parser.add_argument("--concurrency", type=int, default=50, help="C")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        replay.WHOLE = verdict()
        asyncio.run(replay.serve(options.latency))
        return
    command = [sys.executable, __file__, "--serve", "--latency", str(options.latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        url = f"http://127.0.0.1:{int(child.stdout.readline())}/v1"
        times = measured(url, options.verdicts, options.concurrency, options.rounds)
        child.stdin.close()
    show(times, options.verdicts, options.latency, options.concurrency)


def measured(url: str, count: int, concurrency: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return the (wall, CPU) seconds of floor, first run and second run, by round."""
    given = sides(count)
    side = given[-1]
    last = exchanges(side.points, {turn: one.reply for turn, one in side.records.items() if one.reply})[-1]
    body = json.dumps({"model": "bench", "messages": messages_for(material_of(last), RUBRIC.text)}).encode()
    found: dict[str, list[tuple[float, float]]] = {"bare aiohttp loop": [], "first run": [], "from the cache": []}
    with tempfile.TemporaryDirectory() as warm:
        asyncio.run(graded(url, given[:1], 1, Path(warm)))  # imports what is imported late
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            for kind, times in found.items():
                wall, cpu = time.perf_counter(), time.process_time()
                if kind == "bare aiohttp loop":
                    asyncio.run(bare(url, body, count, concurrency))
                else:
                    asyncio.run(graded(url, given, concurrency, Path(name)))
                times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return found


def show(found: dict[str, list[tuple[float, float]]], count: int, latency: float, concurrency: int) -> None:
    """Print the table."""
    limit = count * latency / concurrency
    rounds = len(next(iter(found.values())))
    print(f"N = {count} verdicts, L = {latency * 1000:g} ms, C = {concurrency}: limit N·L/C = {limit:.2f} s")
    print(f"{'':20} {'median s':>9} {'min':>6} {'max':>6} {'ratio':>6} {'CPU ms':>7}   ({rounds} rounds)")
    for name, times in found.items():
        walls = [wall for wall, _ in times]
        median = statistics.median(walls)
        cpu = statistics.median(used for _, used in times) / count * 1000
        ratio = f"{median / limit:6.2f}" if name != "from the cache" else " " * 6
        print(f"{name:20} {median:9.2f} {min(walls):6.2f} {max(walls):6.2f} {ratio} {cpu:7.2f}")


if __name__ == "__main__":
    main()

"""The injection suite against a scripted judge that obeys whatever it sees outside the data block.

A row an attack: where its text stands, and whether the verdict was identical with and without it, for four ways of
putting the material before the judge. `plain` is text without any mark, `tags` the text between <data> and </data>: the
controls, which show that the judge does obey. `fence` is how chatparity does it. `tags` and `sloppy`, which is
chatparity's way again, are read by a judge that takes anything like a closing tag for one. Real models are not measured
here: `chatparity calibrate --injections` asks yours.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import obedient  # type: ignore[import-not-found]

from chatparity.exchange import Exchange, Score
from chatparity.grading.material import material_of
from chatparity.grading.rubric import load_rubric, rubric_grader
from chatparity.grading.verdict import schema_for, score_of
from chatparity.judge import Answered, Judge, open_judge
from chatparity.judge.injections import Tried, attacks, injections_text, try_injections
from chatparity.suite import Settings, Suite, SuiteTable

RUBRIC = load_rubric(Path(__file__).parents[1] / "graders" / "accuracy.md")
WAYS = ("plain", "tags", "fence", "sloppy")
Grade = Callable[[Exchange], Awaitable[Score]]


def said(value: object, name: str = "") -> str:
    """Return a material as the plain text that a naive prompt would hold."""
    if isinstance(value, dict):
        return "\n".join(said(one, str(key)) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return "\n".join(said(one, name) for one in value)
    return f"{name}: {value}"


def naive(judge: Judge, *, tags: bool) -> Grade:
    """Return a grader that puts the material before the judge as text."""

    async def grade(exchange: Exchange) -> Score:
        material = material_of(exchange)
        text = said(material.shown)
        block = f"<data>\n{text}\n</data>" if tags else text
        messages = [{"role": "system", "content": RUBRIC.text}, {"role": "user", "content": block}]
        answer = await judge.ask(messages, schema_for(RUBRIC.scale), name="naive")
        return score_of(Answered(answer), material, value=RUBRIC.value, pass_at=RUBRIC.pass_at)

    return grade


async def measure(url: str, folder: Path, way: str) -> list[Tried]:
    """Try every attack in one way."""
    suite = Suite(root=folder, shipped=folder, settings=Settings(suite=SuiteTable(name="injections")))
    async with open_judge(f"openai:obedient@{url}", suite) as judge:
        if judge is None:
            raise SystemExit("no judge was opened")
        if way in ("plain", "tags"):
            return await try_injections(naive(judge, tags=way == "tags"))
        return await try_injections(rubric_grader(RUBRIC, judge).grade)  # type: ignore[arg-type]


def results() -> dict[str, list[Tried]]:
    """Return what every attack did, by way."""
    found: dict[str, list[Tried]] = {}
    for way in WAYS:
        with tempfile.TemporaryDirectory() as name, obedient.serving(sloppy=way in ("tags", "sloppy")) as url:
            found[way] = asyncio.run(measure(url, Path(name), way))
    return found


def main() -> None:
    """Try and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    found = results()
    print(f"{'injection':44} {'language':8} {'place':14} {'after':6} " + " ".join(f"{way:9}" for way in WAYS))
    for place, attack in enumerate(attacks()):
        marks = ["identical" if found[way][place].same else "STEERED" for way in WAYS]
        row = " ".join(f"{mark:9}" for mark in marks)
        print(f"{attack.name:44} {attack.language:8} {attack.place:14} {attack.goal:6} {row}".rstrip())
    for way in WAYS:
        print(f"{way}: {injections_text(found[way]).splitlines()[0]}")
    if not all(one.same for way in ("fence", "sloppy") for one in found[way]):
        raise SystemExit(1)


if __name__ == "__main__":
    main()

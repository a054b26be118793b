"""`chatparity review`: people judge a sample on a page of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatparity.cli.options import AsJson
from chatparity.cli.show import complain, say
from chatparity.errors import UsageError

if TYPE_CHECKING:
    from chatparity.review.agreement import Agreement, Alpha
    from chatparity.review.desk import Desk
    from chatparity.review.guard import Guard

EXAMPLES = """Examples:

  chatparity review sample/

  chatparity review sample/ --session march --items 20

  chatparity review sample/ --session march --agreement

  chatparity review sample/ --export jsonl -o sample/labels.jsonl

  chatparity review sample/ --to-test s1f3a2-07 --never "5 business days"

  chatparity review sample/ --export label-studio -o tasks.json"""

FORMATS = ("csv", "jsonl", "label-studio", "history")
TOKENS = ("CHATPARITY_REVIEW_TOKEN", "CHATPARITY_LEAD_TOKEN")
SHORTEST_TOKEN = 16


def command(
    sample: Annotated[Path, typer.Argument(metavar="SAMPLE", help="The folder that `chatparity sample` wrote.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    host: Annotated[
        str, typer.Option(help="Where to listen; anything but this machine is reached without TLS.")
    ] = "127.0.0.1",
    run: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Scores and replies to compare; default: the sample's run.")
    ] = None,
    session: Annotated[
        str, typer.Option(metavar="NAME", help="A calibration session: the same items for everybody.")
    ] = "",
    items: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many items a new session has; default: all.")
    ] = None,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Say how far people agree, and serve nothing.")
    ] = False,
    export: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="csv, jsonl, label-studio or history; into the file of -o.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="The file that --export writes.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Take the labels of a Label Studio export (JSON).")
    ] = None,
    test_of: Annotated[
        list[str] | None, typer.Option("--to-test", metavar="ITEM", help="Make a test of this failure; repeatable.")
    ] = None,
    say_: Annotated[
        list[str] | None, typer.Option("--say", metavar="TEXT", help="What the reply must say, for --to-test.")
    ] = None,
    never: Annotated[
        list[str] | None, typer.Option("--never", metavar="TEXT", help="What it must never say, for --to-test.")
    ] = None,
    author: Annotated[str, typer.Option("--as", metavar="NAME", help="Who makes the test.")] = "command line",
    as_json: AsJson = False,
) -> None:
    """Judge a sample in the browser.

    Opens a page on this machine: one conversation at a time, a scorecard, keyboard or mouse. Labels are kept in
    SAMPLE/labels.sqlite with author and time.
    """
    asked = sum((agreement, export is not None, results is not None, bool(test_of)))
    if asked > 1:
        raise UsageError("one at a time: --agreement, --export, --import or --to-test")
    if (out is None) != (export is None):
        raise UsageError("--export FORMAT and -o FILE belong together")
    if (say_ or never) and len(test_of or ()) != 1:
        raise UsageError("--say and --never speak of one item: name it with --to-test")
    desk = _desk(sample, run, session, items)
    if agreement:
        _agreement(desk, as_json=as_json)
    elif export is not None and out is not None:
        _export(desk, export, out)
    elif results is not None:
        from chatparity.review.label_studio import read_results

        say(f"{read_results(desk, results)} annotations taken")
    elif test_of:
        _to_tests(desk, test_of, tuple(say_ or ()), tuple(never or ()), author)
    else:
        _serve(desk, host, port, as_json=as_json)


def _desk(sample: Path, run: Path | None, session: str, items: int | None) -> Desk:
    """Open the sample, its labels and the suite's scorecard; a session is begun where it is new."""
    from chatparity.review.desk import Desk, person
    from chatparity.review.items import Bench
    from chatparity.review.scorecard import load_scorecard
    from chatparity.review.store import FILE, Store
    from chatparity.suite import load_suite

    suite = load_suite()
    bench = Bench(sample, suite, run)
    store = Store(sample / FILE, bench.sample.name)
    chosen: list[str] = []
    if items is not None and not session:
        raise UsageError("--items: names how many items a --session has")
    if session:
        session = person(session, [])
        if items is not None or store.session(session) is None:
            # The sample is shuffled, so its first items are a sample of it.
            store.begin(session, bench.order[: items or len(bench.order)])
        chosen = store.session(session) or []
    return Desk(bench, store, load_scorecard(suite), session, tuple(chosen))


def _serve(desk: Desk, host: str, port: int, *, as_json: bool) -> None:
    """Serve the page and say where it is."""
    from chatparity.review.guard import is_loopback
    from chatparity.review.server import serve

    guard = _guard(host)
    if not is_loopback(host):
        complain(f"{host}: others can reach this page, and what they send is not encrypted; a tunnel is safer:")
        complain("  ssh -L 8765:127.0.0.1:8765 THIS-MACHINE, with chatparity review --port 8765 there")

    def ready(reviewers: str, lead: str) -> None:
        if as_json:
            import msgspec

            say(msgspec.json.encode({"reviewers": reviewers, "lead": lead}).decode())
            return
        say(f"review: {reviewers}")
        say(f"lead (sees everybody's answers, decides disputes): {lead}")
        complain(f"labels: {desk.store.path}; Ctrl-C stops, nothing is lost")

    try:
        serve(desk, guard, port=port, on_ready=ready)
    finally:
        desk.store.close()


def _guard(host: str) -> Guard:
    """Return who may come in: with the tokens of the environment, where they are there, else with new ones."""
    import os

    from chatparity.review.guard import Guard

    given = [os.environ.get(name) for name in TOKENS]
    for name, token in zip(TOKENS, given, strict=True):
        if token is not None and len(token) < SHORTEST_TOKEN:
            raise UsageError(f"{name}: expected at least {SHORTEST_TOKEN} characters, or leave it out for a new one")
    if given[0] is not None and given[0] == given[1]:
        raise UsageError(f"{TOKENS[0]} and {TOKENS[1]}: expected two that differ")
    found = Guard(host)
    return Guard(host, given[0] or found.reviewer, given[1] or found.lead)


def _export(desk: Desk, kind: str, out: Path) -> None:
    """Write the labels, or the tasks, and say how many and what is not settled."""
    import msgspec

    from chatparity.review import export, label_studio
    from chatparity.review.resolve import resolved
    from chatparity.run.folder import RunFolder

    if kind not in FORMATS:
        raise UsageError(f"--export: expected one of {', '.join(FORMATS)}, got {kind!r}")
    out.parent.mkdir(parents=True, exist_ok=True)
    files = RunFolder(out.parent)
    if kind == "label-studio":
        page = out.with_suffix(".xml")
        tasks = list(label_studio.tasks(desk))
        files.write(out, msgspec.json.format(msgspec.json.encode(tasks), indent=1))
        files.write(page, label_studio.labelling_page(desk).encode())
        say(f"{out}: {len(tasks)} tasks; their labelling page: {page}")
        return
    if kind == "history":
        say(f"{out}: {export.write_lines(out, export.history(desk))} changes")
        return
    settled = list(resolved(desk))
    if kind == "csv":
        files.write(out, export.sheet(desk))
    else:
        export.write_lines(out, export.lines(desk))
    say(f"{out}: labels of {len(settled)} items of {len(desk.bench.order)}")
    disputed = sum(bool(one.disputed) for one in settled)
    if disputed:
        complain(f"{disputed} items have answers in dispute, which are left empty: decide them at the lead's address")
    complain(f"as labelled transcripts: chatparity sample --labels {desk.bench.folder} -o labelled.jsonl")


def _to_tests(desk: Desk, items: list[str], must: tuple[str, ...], never: tuple[str, ...], author: str) -> None:
    """Make a test of each failure, and say what fails in it."""
    from chatparity.review.regression import Wanted, to_test

    for name in items:
        made = to_test(desk, name, Wanted(must, never), author=author)
        say(f"{made.path}: {', '.join(made.graders)} must pass at turn {made.transcript.meta['regression']['turn']}")
        if made.stand_ins:
            complain(f"  {made.stand_ins} names and numbers replaced: read it before you commit it")
    complain("`pytest evals/` asks for them from now on")


def _agreement(desk: Desk, *, as_json: bool) -> None:
    """Say how far people agree."""
    from chatparity.review.agreement import agreement

    found = agreement(desk)
    if as_json:
        import msgspec

        say(msgspec.json.encode(found).decode())
        return
    for line in _lines(found):
        say(line)


def _lines(found: Agreement) -> list[str]:
    """Return a session as lines of text."""
    done = ", ".join(f"{rater} {count}" for rater, count in found.finished.items()) or "nobody yet"
    lines = [f"{found.session or found.sample}: {found.items} items; finished: {done}"]
    if found.for_two:
        lines.append(f"of {found.for_two} items for two people, {found.by_two} have two")
    for one in found.criteria:
        lines.append(f"{one.criterion}: people {_told(one.people)}")
        for who in one.leanings:
            if who.difference is not None and who.verdict in ("stricter", "more lenient"):
                low, high = f"{who.low:+.2f}", f"{who.high:+.2f}"
                lines.append(f"  {who.rater} {who.verdict}: {who.difference:+.2f} [{low}, {high}] points, n = {who.n}")
        for grader in one.graders:
            lines.append(
                f"  with {grader.grader} (good or bad): {_told(grader.alpha)}; alone on {grader.alone} of {grader.n}"
            )
    open_ones = [one for one in found.disputes if one.decided is None]
    lines.append(f"in dispute: {len(open_ones)} of {len(found.disputes)} differences are not decided")
    for dispute in open_ones[:10]:
        said = ", ".join(f"{rater} {value}" for rater, value in dispute.answers.items())
        lines.append(f"  {dispute.item} {dispute.criterion}: {said}")
    return lines


def _told(one: Alpha) -> str:
    """Return an α with its interval and n, or why there is none."""
    if one.alpha is None:
        return f"α not defined ({one.method}), n = {one.items}"
    bounds = f" [{one.low:.2f}, {one.high:.2f}]" if one.low is not None and one.high is not None else ""
    return f"α = {one.alpha:.2f}{bounds}, n = {one.items} items"

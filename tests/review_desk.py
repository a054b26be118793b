"""What the tests of reviewing share: a sample of a graded run, its desk, and the page served by its own command."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from chatparity.jsonl import write_transcripts
from chatparity.review.desk import Desk
from chatparity.review.items import Bench
from chatparity.review.scorecard import load_scorecard
from chatparity.review.store import FILE, Store
from chatparity.run.examine import grade_run, replay_run
from chatparity.run.select import Options
from chatparity.sample import sample_run
from chatparity.suite import load_suite
from chatparity.transcript import Fact, Knowledge, Labels, ToolCall, Transcript, Turn

ROOT = Path(__file__).parents[1]
REVIEWER, LEAD = "reviewers-token-of-the-tests", "leads-token-of-the-tests"
ARABIC = ("مرحبا، أين طلبي H-1؟", "طلبك H-1 في الطريق إليك.")


def talk(number: int, *, language: str = "en", said: str | None = None) -> Transcript:
    """Return a conversation of two answers by a person; in English or Arabic."""
    asked, first = ARABIC if language == "ar" else ("Where is my order?", "Thank you for asking: it is on its way.")
    call = ToolCall(name="get_order", arguments={"order": f"H-{number}"}, result={"status": "shipped"})
    return Transcript(
        schema=1,
        id=f"{language}-{number:04d}",
        language=language,
        market="GB" if language == "en" else None,
        turns=(
            Turn(speaker="customer", text=asked),
            Turn(speaker="human_agent", text=said or first, tool_calls=(call,)),
            Turn(speaker="customer", text=f"And when will it be here? ({number})"),
            Turn(speaker="human_agent", text="It will be with you soon, I am glad to say."),
        ),
        synthetic=True,
        records={"order": {"id": f"H-{number}", "total": "249.00", "currency": "GBP"}},
        knowledge=(Knowledge(id="parcels", text="A parcel takes up to 5 days, Sundays not counted."),),
        labels=Labels(facts=(Fact(id="days", accept=("5 working days", "five working days"), due_by_turn=3),)),
    )


def replied(one: Transcript, number: int) -> Transcript:
    """Return the same conversation as another agent answered it: rudely at times, and never with the days."""
    said = "Shut up, you idiot." if number % 4 == 0 else "Gladly: it left our house today."
    turns = (
        one.turns[0],
        Turn(speaker="ai_agent", text=said),
        one.turns[2],
        Turn(speaker="ai_agent", text="It takes 3 working days."),
    )
    return msgspec.structs.replace(one, turns=turns)


def make_sample(folder: Path, *, talks: Sequence[Transcript], n: int, seed: int = 0) -> Path:
    """Replay, grade and sample conversations; return the sample's folder."""
    write_transcripts(folder / "asked.jsonl", talks)
    write_transcripts(folder / "answers.jsonl", [replied(one, number) for number, one in enumerate(talks)])
    suite = load_suite()
    agent = f"recorded:{folder / 'answers.jsonl'}"
    run = asyncio.run(replay_run(suite, Options(paths=(folder / "asked.jsonl",), agent=agent, out=folder / "run")))
    asyncio.run(grade_run(suite, run))
    sample_run(run.path, suite, folder / "sample", n=n, seed=seed)
    return folder / "sample"


def usual_talks(count: int = 16) -> list[Transcript]:
    """Return conversations, every fifth in Arabic."""
    return [talk(number, language="ar" if number % 5 == 4 else "en") for number in range(count)]


def desk_of(sample: Path, session: Sequence[str] = ()) -> Desk:
    """Return the desk of a sample, as the command opens it."""
    suite = load_suite()
    bench = Bench(sample, suite)
    return Desk(bench, Store(sample / FILE, bench.sample.name), load_scorecard(suite), "", tuple(session))


@dataclass
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass
class Served:
    """The page as `chatparity review` serves it, in a process of its own."""

    sample: Path
    port: int = 0
    options: Sequence[str] = ()
    cwd: Path = ROOT
    process: subprocess.Popen[str] | None = None
    addresses: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the server and wait until it listens; a second start takes the port of the first."""
        command = [sys.executable, "-m", "chatparity", "review", str(self.sample), "--json", "--port", str(self.port)]
        tokens = {"CHATPARITY_REVIEW_TOKEN": REVIEWER, "CHATPARITY_LEAD_TOKEN": LEAD}
        self.process = subprocess.Popen(
            [*command, *self.options], cwd=self.cwd, stdout=subprocess.PIPE, text=True, env={**os.environ, **tokens}
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.addresses = json.loads(line)
        self.port = urlsplit(self.addresses["reviewers"]).port or 0

    def kill(self) -> None:
        """Kill the server as a loss of power would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def origin(self) -> str:
        """Return where the page lives."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving(sample: Path, *options: str, cwd: Path = ROOT) -> Iterator[Served]:
    """Serve a sample until the end of the block, in the suite that `cwd` lies in."""
    served = Served(sample, options=options, cwd=cwd)
    served.start()
    try:
        yield served
    finally:
        served.kill()


@dataclass
class Visitor:
    """A browser without a browser: keeps cookies, knows the proof of the last form it saw."""

    served: Served
    name: str = ""
    token: str = REVIEWER
    cookies: dict[str, str] = field(default_factory=dict)
    proof: str = ""

    def ask(
        self, method: str, path: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request and keep the cookies that come back."""
        link = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=30)
        sent = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            sent |= {"origin": self.served.origin, "content-type": "application/x-www-form-urlencoded"}
        sent |= dict(headers or {})
        link.request(method, path, urlencode(dict(form or {})), {name: value for name, value in sent.items() if value})
        response = link.getresponse()
        body = response.read().decode()
        for value in response.headers.get_all("set-cookie") or ():
            for name, morsel in SimpleCookie(value).items():
                self.cookies[name] = morsel.value
        link.close()
        found = re.search(r'name="proof" value="([0-9a-f]+)"', body)
        self.proof = found[1] if found else self.proof
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path)

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Send a form of the page that was last seen."""
        return self.ask("POST", path, {"proof": self.proof, **(form or {})}, headers)

    def enter(self) -> Visitor:
        """Open the address that the command printed and say who is there."""
        assert self.get(f"/?token={quote(self.token)}").status == 303
        self.get("/who")
        assert self.post("/who", {"name": self.name}).status == 303
        return self


FULL = {"accuracy": "1", "hallucinated": "no", "politeness": "4", "escalation": "none"}


def judge(desk: Desk, who: str, item: str, **said: str) -> None:
    desk.store.save(item, {**FULL, **said, "state": "done"}, author=who)


def chatparity(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "chatparity", *arguments], cwd=cwd, capture_output=True, text=True)

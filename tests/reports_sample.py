"""A run made up for the tests of reports: 42 conversations, red gates, an undecided one, errored exchanges."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from chatparity.exchange import Evidence, Failure, Reply, ReplyRecord
from chatparity.gate.result import Example, Findings, GateResult, Rate, SliceRate, Verdict
from chatparity.grading.rows import Arm, ScoreRow, ledger
from chatparity.jsonl import write_transcripts
from chatparity.run.folder import Dataset, Manifest, RunFolder
from chatparity.stats import cluster_rate, paired_difference
from chatparity.transcript import EscalationLabel, Knowledge, Labels, ToolCall, Transcript, Turn

TEXTS = {
    "en": (
        "Hello, I sent the boots back two weeks ago and still have no refund. Order {order}.",
        "Thanks for writing in. Your return was registered on 12 January, so {amount} will be back by {date}.",
        "That is not what you told me last week. I want to speak to a real person, please.",
        "I am passing you to a colleague now, who has the whole conversation.",
        "I understand. Is there anything else about order {order} that I can help with?",
    ),
    "pl": (
        "Dzień dobry, odesłałam buty dwa tygodnie temu i nadal nie mam zwrotu. Zamówienie {order}.",
        "Dziękuję za wiadomość. Zwrot zarejestrowano 12 stycznia, kwota {amount} wróci do {date}.",
        "To nie to, co mówiliście tydzień temu. Chcę rozmawiać z człowiekiem.",
        "Już łączę z koleżanką, która widzi całą rozmowę.",
        "Rozumiem. Czy mogę jeszcze w czymś pomóc w sprawie zamówienia {order}?",
    ),
    "ar": (
        "مرحبا، أعدت الحذاء قبل أسبوعين ولم يصلني المبلغ بعد. رقم الطلب {order}.",
        "شكرا لتواصلك معنا. سُجّل الإرجاع في 12 يناير، وسيصلك مبلغ {amount} قبل {date}.",
        "هذا ليس ما قلتموه الأسبوع الماضي. أريد التحدث إلى شخص حقيقي من فضلك.",
        "سأحوّلك الآن إلى زميلة لديها المحادثة كاملة.",
        "أفهم ذلك. هل هناك شيء آخر بخصوص الطلب {order} يمكنني مساعدتك فيه؟",
    ),
}
HAND_OVER = ToolCall(name="hand_over", arguments={"queue": "refunds"}, result={"ok": True})


def talk(language: str, number: int) -> Transcript:
    asked, told, person, over, _ = (
        text.format(order=f"H-{20400 + number}", amount="£84.00", date="19 January") for text in TEXTS[language]
    )
    turns = (
        Turn(speaker="customer", text=asked, at=0),
        Turn(
            speaker="human_agent",
            text=told,
            at=35 + (number * 37) % 190,
            tool_calls=(ToolCall(name="get_refunds", arguments={"order": f"H-{20400 + number}"}),),
        ),
        Turn(speaker="customer", text=person, at=400),
        Turn(speaker="human_agent", text=over, at=420 + (number * 53) % 300, tool_calls=(HAND_OVER,)),
        Turn(speaker="customer", text="👍", at=800),
        Turn(speaker="human_agent", text=over, at=840),
    )
    reason = "explicit_request" if number % 3 else "hardship"
    return Transcript(
        schema=1,
        id=f"{language}-{number:04d}",
        language=language,
        intent="refund_status",
        turns=turns,
        synthetic=True,
        knowledge=(Knowledge(id="refunds", text="The money is back within 5 business days after registration."),),
        labels=Labels(escalation=(EscalationLabel(turn=3, expect="now" if number % 4 else "offer", reason=reason),)),
    )


def answered(transcript: Transcript, turn: int, dice: random.Random) -> ReplyRecord:
    """Make the AI's record: mostly right, sometimes wrong amount, missed handover or no answer at all."""
    if dice.random() < 0.03:
        failure = Failure(kind="timeout", message="no answer within 30 s", attempts=4)
        return ReplyRecord(id=transcript.id, turn=turn, trial=0, state="errored", failure=failure)
    order = {"order": "H-20412", "amount": "£84.00", "date": "19 January"}
    _, told, _, over, on = (text.format(**order) for text in TEXTS[transcript.language])
    handover = turn == 3 and dice.random() > (0.45 if transcript.language == "pl" else 0.08)
    text = told if turn == 1 else over if handover else on
    if turn == 1 and dice.random() < 0.1:
        text = told.replace("£84.00", "£48.00")
    reply = Reply(
        text=text,
        handover=handover,
        tool_calls=(HAND_OVER,) if handover else (),
        latency=round(0.35 * 2.718 ** dice.gauss(0, 0.6), 4),
    )
    return ReplyRecord(id=transcript.id, turn=turn, trial=0, state="replied", reply=reply)


def row(transcript: Transcript, record: ReplyRecord, arm: Arm, dimension: str, *, good: bool = True) -> ScoreRow:
    reply = record.reply
    common: dict[str, Any] = {
        "id": transcript.id,
        "turn": record.turn,
        "trial": 0,
        "arm": arm,
        "grader": dimension,
        "dimension": dimension,
        "cluster": transcript.id,
        "slices": {"language": transcript.language},
        "quote": transcript.turns[record.turn - 1].text,
    }
    expected = record.turn == 3 and dimension == "escalation"
    names = ["rate", "recall"] if expected else ["rate"]
    if reply is None:
        reason = f"{record.failure.kind}: {record.failure.message}" if record.failure else ""
        return ScoreRow(**common, state="errored", reason=reason, metrics=dict.fromkeys(names))
    evidence: tuple[Evidence, ...] = ()
    outcome, reason = "correct", "as expected"
    if not good:
        outcome, reason = (
            ("missed", "does not hand over (explicit_request)") if expected else ("wrong", "not said: total")
        )
        start = reply.text.find("£")
        evidence = (Evidence(text="£48.00", start=start, end=start + 6),) if start >= 0 else ()
        asked = transcript.turns[record.turn - 1].text
        evidence += (
            Evidence(
                text=asked[asked.index(".") + 2 :],
                start=asked.index(".") + 2,
                end=len(asked),
                where=f"turn:{record.turn - 1}",
            ),
        )
    metrics: dict[str, bool | None] = dict.fromkeys(names, good)
    return ScoreRow(
        **common,
        state="graded",
        verdict="pass" if good else "fail",
        value=float(good),
        outcome=outcome,
        reason=reason,
        evidence=evidence,
        metrics=metrics,
    )


def graded(transcripts: Sequence[Transcript], records: Sequence[ReplyRecord], *, people: bool) -> list[ScoreRow]:
    by_id = {one.id: one for one in transcripts}
    rows: list[ScoreRow] = []
    for number, record in enumerate(records):
        one = by_id[record.id]
        text = record.reply.text if record.reply else ""
        said = one.turns[record.turn]
        recorded = Reply(text=said.text, handover=HAND_OVER in said.tool_calls, tool_calls=said.tool_calls)
        person = ReplyRecord(id=one.id, turn=record.turn, trial=0, state="replied", reply=recorded)
        handed = record.reply is not None and record.reply.handover
        good = {"accuracy": "£48.00" not in text, "politeness": True, "escalation": handed or record.turn != 3}
        for dimension, fine in good.items():
            rows.append(row(one, record, "ai", dimension, good=fine))
            if people:
                rows.append(row(one, person, "human", dimension, good=dimension != "accuracy" or number % 15 != 0))
    return rows


def rate(rows: Sequence[ScoreRow], metric: str) -> Rate:
    known = [(one.metrics[metric], one.cluster) for one in rows if one.metrics.get(metric) is not None]
    unknown = sum(metric in one.metrics and one.metrics[metric] is None for one in rows)
    made = cluster_rate([bool(value) for value, _ in known], [cluster for _, cluster in known])
    return Rate(
        n=made.n,
        good=made.good,
        unknown=unknown,
        clusters=made.clusters,
        estimate=made.estimate,
        low=made.low,
        high=made.high,
        confidence=0.95,
        method=made.method,
    )


def difference(rows: Sequence[ScoreRow], metric: str) -> Rate:
    by_key = {(one.key, one.arm): one.metrics.get(metric) for one in rows}
    keys = [key for key, arm in by_key if arm == "ai"]
    pairs = [
        (key[0], bool(ours), bool(theirs))
        for key in keys
        if (ours := by_key[key, "ai"]) is not None and (theirs := by_key.get((key, "human"))) is not None
    ]
    made = paired_difference([a for _, a, _ in pairs], [b for _, _, b in pairs], [name for name, _, _ in pairs])
    return Rate(
        n=made.n,
        good=made.first_only,
        unknown=0,
        clusters=made.clusters,
        estimate=made.estimate,
        low=made.low,
        high=made.high,
        confidence=0.95,
        method=made.method,
    )


def reached(kind: str, value: float, shown: Rate) -> Verdict:
    bound = -value if kind == "margin" else value
    if shown.low is None or shown.high is None:
        return "INCONCLUSIVE"
    if shown.low >= bound:
        return "PASS"
    return "FAIL" if shown.high < bound else "INCONCLUSIVE"


def gate(rows: Sequence[ScoreRow], dimension: str, metric: str, kind: str, value: float, of: str = "all") -> GateResult:
    mine = [one for one in rows if one.dimension == dimension and of in ("all", one.slices["language"])]
    ai = [one for one in mine if one.arm == "ai"]
    compared = difference(mine, metric) if kind == "margin" else None
    shown = compared or rate(ai, metric)
    verdict = reached(kind, value, shown)
    bad = [one for one in ai if one.metrics.get(metric) is False]
    return GateResult(
        name=f"{dimension}[{of}] {metric}",
        dimension=dimension,
        metric=metric,
        grader=dimension,
        slice="all" if of == "all" else f"language={of}",
        kind=kind,
        threshold=value,
        good_is_high=True,
        verdict=verdict,
        reason="the interval misses the threshold",
        rate=rate(ai, metric),
        other=rate([one for one in mine if one.arm == "human"], metric) if compared else None,
        difference=compared,
        needed=140 if verdict == "INCONCLUSIVE" else None,
        failures=tuple(
            Example(id=one.id, turn=one.turn, outcome=one.outcome or "", quote=one.quote, reason=one.reason)
            for one in bad
        ),
    )


def findings_of(rows: Sequence[ScoreRow], gates: Sequence[GateResult], rates: Sequence[SliceRate] = ()) -> Findings:
    reasons = {one.verdict for one in gates}
    verdict: Verdict = "FAIL" if "FAIL" in reasons else "INCONCLUSIVE" if "INCONCLUSIVE" in reasons else "PASS"
    return Findings(
        format=1,
        verdict=verdict,
        gates=tuple(gates),
        rates=tuple(rates),
        ledger=tuple(ledger(rows)),
        not_measured=("accuracy_llm: not run, because no judge is configured.",),
        agent="sandbox:wrong_amount=0.1",
        mode="teacher_forced",
        synthetic=True,
    )


def usual_gates(rows: Sequence[ScoreRow]) -> list[GateResult]:
    return [
        gate(rows, "accuracy", "rate", "at_least", 0.9),
        gate(rows, "politeness", "rate", "at_least", 0.95),
        gate(rows, "escalation", "recall", "at_least", 0.9),
        gate(rows, "escalation", "recall", "at_least", 0.9, "pl"),
        gate(rows, "accuracy", "rate", "margin", 0.05),
        gate(rows, "politeness", "rate", "margin", 0.03),
        gate(rows, "escalation", "recall", "margin", 0.05),
    ]


def run_at(
    path: Path, transcripts: Sequence[Transcript], records: Sequence[ReplyRecord], rows: Sequence[ScoreRow]
) -> RunFolder:
    folder = RunFolder(path)
    manifest = Manifest(
        format=1,
        chatparity="0.1.0",
        python="3.11.9",
        created_at=dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC),
        suite="Nordlune support (synthetic)",
        settings_sha256="5f" * 32,
        agent="sandbox:wrong_amount=0.1",
        mode="teacher_forced",
        judge="none",
        trials=1,
        languages=("en", "pl", "ar"),
        datasets=(Dataset(path="datasets/support/en.jsonl", sha256="ab" * 32, transcripts=42, invalid=1),),
        invalid_lines=("datasets/support/en.jsonl:17: language: expected a code",),
        selection={},
        graders=("accuracy@1", "escalation@1", "politeness@1"),
        planned=len(records),
        asked_in_languages_not_claimed=4,
        synthetic=True,
    )
    path.mkdir(parents=True)
    write_transcripts(folder.transcripts_file, transcripts)
    folder.write(folder.manifest_file, msgspec.json.encode(manifest))
    with folder.replies:
        for record in records:
            folder.replies.append(record)
    encoder = msgspec.json.Encoder()
    folder.write(folder.scores_file, b"".join(encoder.encode(one) + b"\n" for one in rows))
    return folder


class Sample:
    """A run of 42 conversations in three languages, with red gates, an undecided one and errored exchanges."""

    def __init__(self, path: Path, *, people: bool = True) -> None:
        dice = random.Random(7)
        self.transcripts = [talk(language, number) for language in TEXTS for number in range(1, 15)]
        self.records = [answered(one, turn, dice) for one in self.transcripts for turn in (1, 3, 5)]
        self.rows = graded(self.transcripts, self.records, people=people)
        if not people:
            self.transcripts = [as_ai(one) for one in self.transcripts]
        self.folder = run_at(path, self.transcripts, self.records, self.rows)


def as_ai(transcript: Transcript) -> Transcript:
    """Return a transcript whose recorded answers are an AI's, without times."""
    speakers = {"customer": "customer", "human_agent": "ai_agent"}
    turns = [msgspec.structs.replace(turn, speaker=speakers[turn.speaker], at=None) for turn in transcript.turns]
    return msgspec.structs.replace(transcript, turns=tuple(turns))


def slice_rates(rows: Sequence[ScoreRow]) -> list[SliceRate]:
    found = []
    for language in TEXTS:
        for arm in ("ai", "human"):
            mine = [one for one in rows if one.slices["language"] == language and one.arm == arm]
            found.append(
                SliceRate(
                    dimension="accuracy",
                    metric="rate",
                    grader="accuracy",
                    slice=f"language={language}",
                    arm=arm,
                    rate=rate([one for one in mine if one.dimension == "accuracy"], "rate"),
                    good_is_high=True,
                    why="42 planned answers, a gate needs 60",
                )
            )
    return found

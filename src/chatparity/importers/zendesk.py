"""Zendesk: exported tickets with their comments, and the roles of who wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chatparity.errors import Problem
from chatparity.importers.draft import Draft, Said, Source
from chatparity.importers.html_text import html_text
from chatparity.importers.records import Record
from chatparity.importers.values import label, names, objects, part

CSAT = {"good": 5, "bad": 1}
SOLVED = ("solved", "closed")
INTERNAL = "internal note left out: it was not sent to the customer"
UNSAID = "comment that does not say whether it is public: taken as sent to the customer"
NO_ROLE = "author without a role in the export who is not the requester: taken as a human agent"
RATED = "satisfaction good or bad taken as csat 5 or 1"
DESCRIBED = "ticket without comments: its description is the customer's message"
ATTACHED = "attachment left out"


def read_zendesk(source: Source) -> Iterator[Draft | Problem]:
    """Yield the tickets of an export, one conversation each."""
    users: dict[str, Any] = {}
    listed: object = None
    for record in source.records(("tickets",)):
        if isinstance(record, Problem):
            yield record
            continue
        # The users beside a list of tickets are the same object for each of them.
        if record.around.get("users") is not listed:
            listed = record.around.get("users")
            users = _users(listed)
        yield _draft(record, source, users)


def _users(listed: Any) -> dict[str, Any]:
    """Return users by id."""
    return {key: one for one in objects(listed) if (key := label(one.get("id")))}


def _draft(record: Record, source: Source, shared: Mapping[str, Any]) -> Draft | Problem:
    data = record.data
    ticket = data["ticket"] if isinstance(data.get("ticket"), dict) else data
    comments = source.messages(record, ticket.get("comments", data.get("comments")))
    requester = label(ticket.get("requester_id")) or label(part(ticket, "requester", "id"))
    users = {**shared, **_users(data.get("users")), **_users([ticket.get(one) for one in ("requester", "assignee")])}
    if comments in (None, []) and isinstance(ticket.get("description"), str):
        source.tally.add(DESCRIBED, record.place)
        first = {"body": ticket["description"], "author_id": requester, "public": True}
        comments = [{**first, "created_at": ticket.get("created_at")}]
    if not isinstance(comments, list):
        return record.problem("comments", "expected a list of comments, got none")
    said = []
    for number, comment in enumerate(comments):
        try:
            one = _comment(comment, users, requester, source, record.place)
        except ValueError as error:
            return record.problem(f"comments[{number}]", str(error))
        if one is not None:
            said.append(one)
    score = part(ticket, "satisfaction_rating", "score")
    source.tally.add(RATED, record.place, int(isinstance(score, str) and score in CSAT))
    fields = {
        "id": ticket.get("id"),
        "customer": requester,
        "channel": part(ticket, "via", "channel"),
        "started_at": ticket.get("created_at"),
        "csat": CSAT.get(score) if isinstance(score, str) else score,
        "resolved": True if str(ticket.get("status")) in SOLVED else None,
    }
    meta = {name: ticket[name] for name in ("subject", "status", "priority") if ticket.get(name)}
    tags = names(ticket.get("tags"))
    return Draft(record, said, fields, {**meta, **({"tags": tags} if tags else {})})


def _comment(comment: Any, users: Mapping[str, Any], requester: str | None, source: Source, place: str) -> Said | None:
    """Return a comment, None for one the customer never got. Raises ValueError for what is none."""
    if not isinstance(comment, dict):
        raise ValueError(f"expected an object, got {comment!r:.80}")
    public = comment.get("public")
    if public is False:
        source.tally.add(INTERNAL, place)
        return None
    source.tally.add(UNSAID, place, int(public is None))
    text = comment.get("body") or comment.get("plain_body")
    if not text and isinstance(comment.get("html_body"), str):
        text, _ = html_text(comment["html_body"])
    if not isinstance(text, str | None):
        raise ValueError(f"body: expected a text, got {text!r:.80}")
    source.tally.add(ATTACHED, place, len(objects(comment.get("attachments"))))
    author = label(comment.get("author_id")) or label(part(comment, "author", "id"))
    role = part(comment, "author", "role") or part(users.get(author or ""), "role")
    if role is None:
        role = "end-user" if author is not None and author == requester else "agent"
        source.tally.add(NO_ROLE, place, int(role == "agent"))
    time = comment.get("created_at")
    return Said(role=str(role), text=text or "", raw=comment, author=author, time=time)

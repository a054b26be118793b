"""Who may ask the review page for anything: a token, one origin, and headers that let nothing on a page act."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

Role = Literal["reviewer", "lead"]
LENGTH = 24
HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Guard:
    """The tokens of one server: reviewers' and the lead's, who sees what everybody answered and decides disputes.

    `host` is the address it listens on; while that is this machine's own, requests must name it as such, so that no
    name in somebody else's power can be pointed at it.
    """

    host: str
    reviewer: str = field(default_factory=lambda: secrets.token_urlsafe(LENGTH), repr=False)
    lead: str = field(default_factory=lambda: secrets.token_urlsafe(LENGTH), repr=False)

    def role(self, token: str) -> Role | None:
        """Return what a token opens, None for one that opens nothing."""
        found: Role | None = None
        for role, known in (("reviewer", self.reviewer), ("lead", self.lead)):
            if hmac.compare_digest(token.encode(), known.encode()):
                found = "lead" if role == "lead" else "reviewer"
        return found

    def proof(self, token: str) -> str:
        """Return what a form of a page must carry, which no other site can know."""
        return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()

    def may_write(self, token: str, proof: str, headers: Mapping[str, str]) -> bool:
        """Say whether a write comes from a page of this server: the browser says so, and the form proves it."""
        came_from = headers.get("origin") or headers.get("referer") or ""
        same = bool(came_from) and _split(came_from).netloc == headers.get("host")
        site = headers.get("sec-fetch-site", "same-origin")
        return same and site == "same-origin" and hmac.compare_digest(proof.encode(), self.proof(token).encode())

    def known_host(self, header: str) -> bool:
        """Say whether a request names a host that this server may be called by."""
        return not is_loopback(self.host) or is_loopback(_split(f"//{header}").hostname or "")


def _split(address: str) -> SplitResult:
    """Return the parts of an address, all of them empty where it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

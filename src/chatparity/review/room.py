"""What the handlers of the review page share: the desk, who asks, the pages, and what was just told to whom."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from chatparity.review.desk import SHOWS, Desk, Filter, Show
from chatparity.review.guard import Guard, Role
from chatparity.review.pages import Pages
from chatparity.review.views import Frame, PlainView

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

FILTER = ("show", "language", "find")
KEPT_MESSAGES = 200
YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Asked:
    """A request by somebody who may ask: their role and name, the filter of the address, and the form of a write."""

    request: Request
    role: Role
    token: str
    who: str
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> Filter:
        """Return the filter that the address names; what it does not know is left out."""
        given = {**self.request.query_params, **{name: self.form[name] for name in FILTER if name in self.form}}
        show: Show = next((one for one in SHOWS if one == given.get("show")), "all")
        return Filter(show, given.get("language", "")[:20], given.get("find", "")[:200])

    @property
    def query(self) -> str:
        """Return the filter as it is carried on from page to page."""
        wanted = self.wanted
        given = (("show", wanted.show if wanted.show != "all" else ""), ("language", wanted.language))
        return urlencode([(name, value) for name, value in (*given, ("find", wanted.text)) if value])

    @property
    def item(self) -> str:
        """Return the item that the address names."""
        return str(self.request.path_params.get("item", ""))


class Gone(Exception):
    """What was asked for is not there."""


class Room:
    """Everything the handlers share: the desk, who may come in, the pages, and what was just told to whom."""

    def __init__(self, desk: Desk, guard: Guard, pages: Pages) -> None:
        self.desk = desk
        self.guard = guard
        self.pages = pages
        self.port = 0
        self._told: OrderedDict[str, tuple[str, bool]] = OrderedDict()

    @property
    def cookie(self) -> str:
        """Return the name of the cookie with the token: browsers keep the cookies of all ports of a host together."""
        return f"chatparity_{self.port}"

    def frame(self, asked: Asked, here: str) -> Frame:
        """Return what every page has."""
        told, wrong = self._told.pop(asked.request.query_params.get("told", ""), ("", False))
        sample = self.desk.bench.sample
        return Frame(
            who=asked.who,
            lead=asked.role == "lead",
            proof=self.guard.proof(asked.token),
            sample=sample.name,
            synthetic=sample.synthetic,
            session=self.desk.session,
            here=here,
            progress=self.desk.progress(asked.who),
            pairs=len(self.desk.bench.pairs),
            told=told,
            wrong=wrong,
            wanted=asked.wanted,
            query=asked.query,
        )

    def show(self, view: object, status: int = 200) -> Response:
        """Return a page."""
        from starlette.responses import HTMLResponse

        return HTMLResponse(self.pages.page(view), status)

    def plain(self, title: str, text: str, status: int) -> Response:
        """Return a page that only says something, to somebody who may be nobody."""
        return self.show(PlainView(None, title, text), status)

    def go(self, path: str, asked: Asked | None = None, told: str = "", *, wrong: bool = False) -> Response:
        """Send the browser on, with the filter it had and something to be told there."""
        from starlette.responses import RedirectResponse

        parts = [asked.query] if asked is not None and asked.query else []
        if told:
            name = secrets.token_urlsafe(6)
            self._told[name] = (told, wrong)
            while len(self._told) > KEPT_MESSAGES:
                self._told.popitem(last=False)
            parts.append(f"told={name}")
        return RedirectResponse(path + ("?" + "&".join(parts) if parts else ""), 303)

    def known(self, asked: Asked) -> str:
        """Return the item of the address. Raises Gone where the sample has none of that name."""
        if asked.item not in self.desk.bench.items:
            raise Gone(f"no item of this sample is called {asked.item[:60]}")
        return asked.item


def item_path(name: str) -> str:
    """Return the address of an item."""
    return f"/item/{quote(name, safe='')}"

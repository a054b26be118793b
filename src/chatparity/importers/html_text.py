"""HTML as a person reads it: text, with line breaks where blocks end."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = {"p", "div", "br", "li", "ul", "ol", "tr", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
_SILENT = {"script", "style", "head", "title"}
_SPACE = re.compile(r"[ \t\r\n\f]+")
# An empty paragraph is often written as one with a no-break space in it.
_BREAKS = re.compile(r"[ \xa0]*\n[ \xa0]*")
_MANY = re.compile(r"\n{3,}")


class _Reader(HTMLParser):
    """Collects text; `pictures` counts what has none."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.pictures = 0
        self._silent = 0
        self._kept = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _SILENT:
            self._silent += 1
        elif tag == "pre":
            self._kept += 1
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.parts)))
        elif tag == "img":
            self.pictures += 1
            if given.get("alt"):
                self.parts.append(str(given["alt"]))
        if tag == "li":
            self.parts.append("\n- ")
        elif tag == "p":
            self.parts.append("\n\n")
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "pre":
            self._kept = max(0, self._kept - 1)
        elif tag == "a" and self._links:
            address, start = self._links.pop()
            # The address of a link is a fact the agent gave: it stays when the text does not say it.
            if address.startswith(("http", "mailto:")) and address not in "".join(self.parts[start:]):
                self.parts.append(f" ({address.removeprefix('mailto:')})")
        if tag in _BLOCKS - {"br", "p", "li"}:
            self.parts.append("\n")
        elif tag == "p":
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data if self._kept else _SPACE.sub(" ", data))


def html_text(html: str) -> tuple[str, int]:
    """Return the text of HTML and how many pictures it holds. A text without tags or entities is returned as it is."""
    if "<" not in html and "&" not in html:
        return html, 0
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _MANY.sub("\n\n", _BREAKS.sub("\n", "".join(reader.parts))).strip(), reader.pictures

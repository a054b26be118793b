"""Values as other tools write them: times, languages, yes and no, JSON inside a text."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

import msgspec

_CODE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")
_DETECTED = 2000
# In fewer bytes of text the detector is sure of the strangest things: "hi, there" and "yo" are Tsonga to it.
_TELLING = 16
# Above these a number of seconds would lie thousands of years ahead: it counts milliseconds, micro- or nanoseconds.
_SCALES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
# What a calendar can show, in seconds since 1970, with a day to spare for time zones.
_FIRST, _LAST = -62_135_510_400, 253_402_214_400
_WORDS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


def seconds_of(value: Any) -> float | None:
    """Return a time as seconds since 1970, from a number (s, ms, µs or ns) or an ISO 8601 text; None for nothing.

    A text without a time zone is taken as UTC. Raises ValueError for what is no time.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise ValueError(f"expected a time, got {value}")
    if isinstance(value, str):
        return _text_seconds(value.strip())
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"expected a time, got {value!r}")
    seconds = value / next((scale for above, scale in _SCALES if abs(value) >= above), 1.0)
    if not _FIRST <= seconds <= _LAST:
        raise ValueError(f"expected a time in the years 1 to 9999, got {value!r}")
    return seconds


def _text_seconds(text: str) -> float | None:
    try:
        return seconds_of(float(text))
    except ValueError:
        pass
    try:
        moment = dt.datetime.fromisoformat(text.removesuffix(" UTC"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"expected a time (ISO 8601 or seconds since 1970), got {text!r}") from error


def moment_of(seconds: float) -> dt.datetime:
    """Return seconds since 1970 as a time in UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def language_code(value: Any) -> str | None:
    """Return a language tag in the form transcripts use (`pt-BR`), or None for what is none."""
    match = _CODE.fullmatch(value.strip()) if isinstance(value, str) else None
    return match[1].lower() + match[2].replace("_", "-") if match else None


def detected_language(texts: list[str]) -> str | None:
    """Return the language that pycld2 is sure of in a conversation's texts, or None."""
    import pycld2

    # The detector raises on what cannot be printed.
    joined = "\n".join(texts)[:_DETECTED]
    clean = "".join(one if one.isprintable() else " " for one in joined).strip()
    if not clean:
        return None
    try:
        sure, read, details = pycld2.detect(clean)
    except pycld2.error:
        return None
    code = language_code(details[0][1])
    return {"iw": "he", "un": None}.get(code or "un", code) if sure and read >= _TELLING else None


def truth(value: Any) -> bool | None:
    """Return a yes or no; None for nothing. Raises ValueError for what is neither."""
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if not text:
        return None
    if text not in _WORDS:
        raise ValueError(f'expected yes or no, got "{value}"')
    return _WORDS[text]


def number(value: Any) -> float | None:
    """Return a number, whole ones as `int`; None for nothing. Raises ValueError for what is none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f'expected a number, got "{value}"') from error
    if not math.isfinite(found):
        raise ValueError(f'expected a number, got "{value}"')
    return int(found) if found.is_integer() else found


def unpacked(text: Any) -> Any:
    """Return a text that holds JSON as what it holds, and anything else as it is."""
    if not isinstance(text, str):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text


def label(value: Any) -> str | None:
    """Return an id or a name as a text; None for nothing and for what is neither text nor number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def names(value: Any) -> list[str]:
    """Return a list of tags as texts, whether they are texts, objects with a name, or words in one text."""
    if isinstance(value, str):
        return value.split()
    if not isinstance(value, list):
        return []
    return [text for one in value if (text := label(one.get("name") if isinstance(one, dict) else one))]


def part(data: Any, *path: str) -> Any:
    """Return what stands at a path of names in nested objects, or None where it breaks off."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; nothing for what is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

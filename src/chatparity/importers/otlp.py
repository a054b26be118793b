"""OpenTelemetry's files: OTLP/JSON, lines of it, and the JSON of SDKs, as spans of one shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chatparity.importers.records import Record
from chatparity.importers.values import label, part

_VALUES = ("stringValue", "boolValue", "doubleValue", "intValue", "bytesValue")


@dataclass
class Span:
    """A span, or a log record that belongs to one (`event` then names it): ids, time, attributes, events, body."""

    record: Record
    trace: str
    span: str
    parent: str | None
    start: Any
    end: Any
    name: str
    attributes: dict[str, Any]
    events: list[tuple[str, Any, dict[str, Any]]] = field(default_factory=list)
    event: str | None = None
    body: Any = None

    def plain(self) -> dict[str, Any]:
        """Return the span as a mapping file's expressions see it."""
        return {"name": self.name, "trace_id": self.trace, "span_id": self.span, "attributes": self.attributes}


def spans(record: Record) -> Iterator[Span]:
    """Yield the spans and log records of one JSON object. Raises ValueError for an object that holds none."""
    data = record.data
    if not any(name in data for name in ("resourceSpans", "resourceLogs", "attributes", "context", "traceId")):
        raise ValueError("expected resourceSpans, resourceLogs or a span with attributes")
    for resource in _objects(data.get("resourceSpans")):
        shared = attributes(part(resource, "resource", "attributes"))
        for scope in _objects(resource.get("scopeSpans") or resource.get("instrumentationLibrarySpans")):
            for one in _objects(scope.get("spans")):
                yield _span(record, one, shared)
    for resource in _objects(data.get("resourceLogs")):
        for scope in _objects(resource.get("scopeLogs")):
            for one in _objects(scope.get("logRecords")):
                yield _log(record, one)
    if "resourceSpans" not in data and "resourceLogs" not in data:
        yield _log(record, data) if "body" in data else _span(record, data, {})


def _objects(listed: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, none for nothing. Raises ValueError for anything else, so that nothing is lost."""
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ValueError(f"expected a list of objects, got {listed!r:.80}")
    return listed


def _span(record: Record, one: dict[str, Any], shared: dict[str, Any]) -> Span:
    context = one["context"] if isinstance(one.get("context"), dict) else {}
    return Span(
        record=record,
        trace=_id(one.get("traceId") or one.get("trace_id") or context.get("trace_id")),
        span=_id(one.get("spanId") or one.get("span_id") or context.get("span_id")),
        parent=_id(one.get("parentSpanId") or one.get("parent_id") or one.get("parent_span_id")) or None,
        start=one.get("startTimeUnixNano") or one.get("start_time"),
        end=one.get("endTimeUnixNano") or one.get("end_time"),
        name=label(one.get("name")) or "",
        attributes={**shared, **attributes(one.get("attributes"))},
        events=[
            (
                label(event.get("name")) or "",
                event.get("timeUnixNano") or event.get("timestamp"),
                attributes(event.get("attributes")),
            )
            for event in _objects(one.get("events"))
        ],
    )


def _log(record: Record, one: dict[str, Any]) -> Span:
    found = attributes(one.get("attributes"))
    body = one.get("body")
    time = one.get("timeUnixNano") or one.get("observedTimeUnixNano") or one.get("timestamp")
    name = label(one.get("eventName") or one.get("event_name") or found.get("event.name")) or ""
    return Span(
        record=record,
        trace=_id(one.get("traceId") or one.get("trace_id")),
        span=_id(one.get("spanId") or one.get("span_id")),
        parent=None,
        start=time,
        end=time,
        name=name,
        attributes=found,
        event=name,
        body=value(body) if isinstance(body, dict) else body,
    )


def _id(text: Any) -> str:
    """Return a trace's or a span's id; SDKs write it with 0x before it."""
    return (label(text) or "").removeprefix("0x").lower()


def attributes(given: Any) -> dict[str, Any]:
    """Return attributes as an object, from OTLP's list of keys and typed values or from an object."""
    if isinstance(given, dict):
        return given
    return {str(one.get("key")): value(one.get("value")) for one in _objects(given)}


def value(given: Any) -> Any:
    """Return what one of OTLP's typed values holds; anything else is itself."""
    if not isinstance(given, dict):
        return given
    if "kvlistValue" in given:
        return attributes(part(given, "kvlistValue", "values"))
    if "arrayValue" in given:
        return [value(one) for one in part(given, "arrayValue", "values") or []]
    if len(given) == 1:
        name, inside = next(iter(given.items()))
        if name in _VALUES:
            return int(inside) if name == "intValue" else inside
    return given

"""The review page as an ASGI application: what may be asked for, and what each click does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from chatparity.errors import UsageError
from chatparity.review import showing, writing
from chatparity.review.desk import person
from chatparity.review.guard import HEADERS, Role
from chatparity.review.room import YEAR, Asked, Gone, Room

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

FORM_BYTES = 100_000
FORM_FIELDS = 200


Handler = Callable[[Room, Asked], "Response"]


def make_app(room: Room) -> Starlette:
    """Return the review page as an ASGI application."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.routing import Route

    reads: Mapping[str, Handler] = {
        "/": showing.begin,
        "/items": showing.listed,
        "/item/{item}": showing.item,
        "/compare": showing.compare_next,
        "/compare/{item}": showing.compare,
        "/calibration": showing.calibration,
        "/decide/{item}": showing.decide,
        "/guideline": showing.guideline,
        "/who": showing.who,
    }
    writes: Mapping[str, Handler] = {
        "/item/{item}": writing.answer,
        "/item/{item}/seen": writing.seen,
        "/item/{item}/test": writing.make_test,
        "/compare/{item}": writing.prefer,
        "/decide/{item}": writing.decide,
        "/guideline": writing.note,
        "/calibration": writing.compare_answers,
        "/undo": writing.undo,
    }
    routes = [Route(path, _read(room, handler), methods=["GET"]) for path, handler in reads.items()]
    routes += [Route(path, _write(room, handler), methods=["POST"]) for path, handler in writes.items()]
    routes += [
        Route("/who", _write(room, writing.call_me, nameless=True), methods=["POST"]),
        Route("/file/{name}", _file(room), methods=["GET"]),
    ]
    nothing = {404: _not_there(room), 405: _not_there(room)}
    return Starlette(routes=routes, middleware=[Middleware(_Headers, room=room)], exception_handlers=nothing)


class _Headers:
    """Puts the headers of `guard.HEADERS` on every response, and turns away who calls the server by a strange name."""

    def __init__(self, app: Any, room: Room) -> None:
        self._app = app
        self._room = room

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                kept = [one for one in message["headers"] if one[0].lower() != b"cache-control"]
                message["headers"] = kept + [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            await send(message)

        if not self._room.guard.known_host(named):
            refused = self._room.plain("Not here", "This server answers on this machine only.", 403)
            await refused(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)


def _came_in(room: Room, request: Request) -> tuple[str, Role] | None:
    """Return the token of a request's cookie and what it opens, None where it opens nothing."""
    token = request.cookies.get(room.cookie, "")
    role = room.guard.role(token) if token else None
    return (token, role) if role is not None else None


def _name(room: Room, request: Request) -> str:
    """Return who a request says it comes from, "" where it says nothing that could be a name."""
    try:
        return person(unquote(request.cookies.get(f"{room.cookie}_who", "")), room.desk.store.raters())
    except UsageError:
        return ""


def _read(room: Room, handler: Handler) -> Any:
    """Return the endpoint of a page: for those with a token and a name."""
    from starlette.responses import RedirectResponse

    def endpoint(request: Request) -> Response:
        given = request.query_params.get("token")
        if given is not None:
            if room.guard.role(given) is None:
                return room.plain("Not this address", LOST, 403)
            answer: Response = RedirectResponse(request.url.path, 303)
            answer.set_cookie(room.cookie, given, max_age=YEAR, httponly=True, samesite="strict")
            return answer
        found = _came_in(room, request)
        if found is None:
            return room.plain("Not without its address", LOST, 403)
        token, role = found
        who = _name(room, request)
        if not who and request.url.path != "/who":
            return room.go("/who")
        try:
            return handler(room, Asked(request, role, token, who))
        except Gone as error:
            return room.plain("Not there", str(error), 404)
        except UsageError as error:  # a file of the sample or of its run was changed or taken away
            return room.plain("Cannot be shown", str(error), 500)

    return endpoint


LOST = (
    "Open the whole address that `chatparity review` printed: it holds the key to this page. "
    "After a restart the address is another one."
)


def _write(room: Room, handler: Handler, *, nameless: bool = False) -> Any:
    """Return the endpoint of a write: for those with a token, from a page of this server, with its proof."""
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse

    async def endpoint(request: Request) -> Response:
        found = _came_in(room, request)
        if found is None:
            return room.plain("Not without its address", LOST, 403)
        token, role = found
        form = await _form(request)
        if form is None:
            return room.plain("Too much", f"A form may hold {FORM_BYTES} bytes in {FORM_FIELDS} fields.", 413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not room.guard.may_write(token, form.pop("proof", ""), headers):
            return room.plain(
                "Not from there", "This was not sent by a page of this server, so nothing was saved.", 403
            )
        who = _name(room, request)
        if not who and not nameless:
            return room.plain("Who are you?", "Say who you are first; nothing was saved.", 403)
        try:
            return await run_in_threadpool(handler, room, Asked(request, role, token, who, form))
        except Gone as error:
            return room.plain("Not there", str(error), 404)
        except UsageError as error:
            if form.get("quick"):
                return PlainTextResponse(str(error), 409)
            back = request.url.path.removesuffix("/seen").removesuffix("/test")
            return room.go(back if back != "/undo" else "/", None, str(error), wrong=True)

    return endpoint


async def _form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form, None when it is too big."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            return None
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FORM_FIELDS))
    except ValueError:
        return None


def _file(room: Room) -> Any:
    """Return the endpoint of the style and the script: two names, and nothing else is a file here."""
    from starlette.responses import Response

    def endpoint(request: Request) -> Response:
        found = room.pages.files.get(request.path_params["name"])
        if found is None:
            return room.plain("Not there", "There is nothing here.", 404)
        kind, content = found
        return Response(content, media_type=kind)

    return endpoint


def _not_there(room: Room) -> Any:
    """Return what answers an address that is none."""

    async def answer(request: Request, error: Exception) -> Response:
        return room.plain("Not there", "There is nothing here.", getattr(error, "status_code", 404))

    return answer

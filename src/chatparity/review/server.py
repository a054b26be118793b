"""The review page served: on this machine unless told otherwise, until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import urlencode

from chatparity.errors import UsageError
from chatparity.review.app import make_app
from chatparity.review.desk import Desk
from chatparity.review.guard import Guard
from chatparity.review.pages import Pages
from chatparity.review.room import Room


def serve(desk: Desk, guard: Guard, *, port: int, on_ready: Callable[[str, str], None]) -> None:
    """Serve the page on the guard's host until it is stopped; `port` 0 takes a free one.

    `on_ready` is called with the addresses of reviewers and of the lead once it listens. Raises UsageError for a host
    or port that cannot be had.
    """
    import uvicorn

    room = Room(desk, guard, Pages())
    listening = _listen(guard.host, port)
    room.port = listening.getsockname()[1]
    config = uvicorn.Config(
        make_app(room),
        log_level="critical",
        access_log=False,  # addresses hold tokens
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    host = f"[{guard.host}]" if ":" in guard.host else guard.host
    root = f"http://{host}:{room.port}/"
    on_ready(f"{root}?{urlencode({'token': guard.reviewer})}", f"{root}?{urlencode({'token': guard.lead})}")
    uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises UsageError when it cannot be had."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(512)
    except (OSError, OverflowError) as error:
        listening.close()
        raise UsageError(
            f"{host}, port {port}: cannot be used: {error}; take another port, or 0 for a free one"
        ) from error
    return listening

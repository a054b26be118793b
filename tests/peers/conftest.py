"""Real peers: other people's servers, in an environment of their own that `make peer-test` builds."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers"
KEY = "sk-peer-test-4f9a21"
STARTING_SECONDS = 90.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, and skip it where there are no peers."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.peer)
            if not (PEERS / "bin" / "python").exists():
                item.add_marker(pytest.mark.skip(reason="there are no peers: `make peer-test` installs them"))


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


Chatparity = Callable[..., Done]


@contextlib.contextmanager
def serving(
    program: list[str], log: Path, *, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server of the peers on a free port, `{port}` in its arguments; give its URL once the `ready` path answers.

    It leads a session of its own, so that nothing of it outlives the tests.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    words = [word.format(port=port) for word in program]
    with log.open("wb") as written:
        child = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    try:
        _wait(child, url + ready, log)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait(5)


def _wait(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until:
        if child.poll() is not None:
            pytest.fail(f"the server ended with {child.returncode}:\n{log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    pytest.fail(f"{url} does not answer after {STARTING_SECONDS:g} s:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def scripted_judge() -> Iterator[str]:
    """Serve a judge that finds every late fee but £6.00 wrong, and says why with a quote; give its base URL."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import obedient  # type: ignore[import-not-found]

    with obedient.serving() as url:
        yield url
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="session")
def litellm(tmp_path_factory: pytest.TempPathFactory, scripted_judge: str) -> Iterator[str]:
    """Serve the LiteLLM proxy behind a master key; give the address with /v1.

    Its models answer by themselves, but for `judge`, behind which is the scripted judge.
    """
    folder = tmp_path_factory.mktemp("litellm")
    config = Path(__file__).parent / "litellm.yaml"
    program = [str(PEERS / "bin" / "litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", "{port}"]
    environment = {"PEER_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    environment["PEER_JUDGE_URL"] = scripted_judge
    with serving(program, folder / "log", ready="/health/readiness", environment=environment) as url:
        yield f"{url}/v1"


@pytest.fixture(scope="session")
def master_key() -> str:
    """Return the key that the LiteLLM proxy takes."""
    return KEY


@pytest.fixture(scope="session")
def a2a_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the A2A agent of this folder; give the address of its JSON-RPC endpoint."""
    log = tmp_path_factory.mktemp("a2a") / "log"
    program = [str(PEERS / "bin" / "python"), str(Path(__file__).parent / "a2a_agent.py"), "{port}"]
    with serving(program, log, ready="/.well-known/agent-card.json") as url:
        yield f"{url}/"


@pytest.fixture
def chatparity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chatparity:
    """Run the command in an empty suite as a person would; with `peers` their packages can be imported as well."""
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "suite.toml").write_text('[suite]\nname = "peers (synthetic)"\n')
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    [packages] = (PEERS / "lib").glob("python*/site-packages")

    def command(*arguments: str, peers: bool = False) -> Done:
        words = [sys.executable, "-m", "chatparity", *arguments]
        if peers:
            # At the end of the path: our own packages come first where both have one.
            script = f"import site; site.addsitedir({str(packages)!r}); from chatparity.cli import main; main()"
            words = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(words, capture_output=True, text=True, timeout=90)
        assert KEY not in done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return command

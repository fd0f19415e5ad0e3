"""The real coachbase, started as people start it, on a port of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coachbase.config import Config

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60


@dataclass(frozen=True)
class LiveServer:
    url: str
    config: Config
    process: subprocess.Popen
    log: Path


@contextmanager
def serving(
    config: Config, *, worker: bool = True, port: int | None = None, **environment: str
) -> Iterator[LiveServer]:
    """`serve` on the data of this config until the block ends; its log stands beside the data."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    told = {"HOST": "127.0.0.1", "PORT": str(port), "BASE_URL": url, "COACHBASE_DATA": str(config.data)}
    command = [sys.executable, "-m", "tests.serve", "serve"] + ([] if worker else ["--no-worker"])
    log = config.data / "server.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | told | environment,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
        )
    try:
        said = process.stdout.readline()
        assert url in said, f"the server did not start: {said}{log.read_text()}"
        yield LiveServer(url, config, process, log)
    finally:
        process.kill()  # how it stops by itself is tested in tests/safety; here nobody needs to wait for that
        process.wait(PATIENCE)
        process.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

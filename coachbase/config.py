"""Settings: one frozen value read from the environment at start; docs/operations.md explains each."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

VERSION = "0.1.0"


class ConfigError(Exception):
    """A setting is wrong; the text is one line that says what to do."""


@dataclass(frozen=True)
class Config:
    """Everything the operator may choose. Wrong values stop the start."""

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path("data")
    base_url: str = "http://127.0.0.1:8000"
    trusted_proxy: str = ""
    threads: int = 8
    debug: bool = False
    calendar_hosts: frozenset[str] = frozenset()
    reply_mailbox: Path | None = None

    @property
    def database_path(self) -> Path:
        return self.data / "coachbase.sqlite3"

    @property
    def key_path(self) -> Path:
        return self.data / "secret.key"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def host_name(self) -> str:
        """The only Host we answer to, as browsers send it."""
        return urlsplit(self.base_url).netloc

    @property
    def is_local(self) -> bool:
        """Whether people reach us on this machine only; then any name of this machine will do."""
        return urlsplit(self.base_url).hostname in ("127.0.0.1", "::1", "localhost")

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Config":
        """Read the variables that docs/operations.md lists."""
        host = env.get("HOST", cls.host)
        port = _number(env, "PORT", cls.port, 1, 65535)
        debug = _switch(env, "COACHBASE_DEBUG")
        if debug and host not in ("127.0.0.1", "::1", "localhost"):
            raise ConfigError("COACHBASE_DEBUG=1 is for this machine only: set HOST=127.0.0.1 or leave debug off.")
        return cls(
            host=host,
            port=port,
            data=Path(env.get("COACHBASE_DATA", "data")).absolute(),
            base_url=_base_url(env.get("BASE_URL", f"http://{_as_browsers_write(host)}:{port}")),
            trusted_proxy=env.get("TRUSTED_PROXY", ""),
            threads=_number(env, "THREADS", cls.threads, 1, 64),
            debug=debug,
            calendar_hosts=_hosts(env.get("CALENDAR_HOSTS", "")),
            reply_mailbox=_mailbox(env.get("REPLY_MAILBOX", "")),
        )


def _mailbox(text: str) -> Path | None:
    """A Maildir or an mbox file that is there."""
    if not text:
        return None
    box = Path(text).absolute()
    if not (box / "new").is_dir() and not box.is_file():
        raise ConfigError(f"REPLY_MAILBOX must be a Maildir or an mbox file, and {text[:80]!r} is neither.")
    return box


_in_force: Config | None = None


def put_in_force(config: Config) -> None:
    """Make these the settings of this process; create_app does."""
    global _in_force
    _in_force = config


def in_force() -> Config:
    """The settings of this process, for what runs without a request: links in mails come from BASE_URL."""
    if _in_force is None:
        raise RuntimeError("create_app comes first")
    return _in_force


def _as_browsers_write(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and low <= int(text) <= high):
        raise ConfigError(f"{name} must be a whole number from {low} to {high}, not {text[:40]!r}.")
    return int(text)


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "0")
    if text not in ("0", "1"):
        raise ConfigError(f"{name} must be 0 or 1, not {text[:40]!r}.")
    return text == "1"


def _hosts(text: str) -> frozenset[str]:
    names = frozenset(text.lower().replace(",", " ").split())
    for name in names:
        if re.fullmatch(r"[a-z0-9.:_-]{1,253}", name) is None:
            raise ConfigError(f"CALENDAR_HOSTS takes names of servers with spaces between, not {name[:80]!r}.")
    return names


_BASE_URL = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/?")


def _base_url(text: str) -> str:
    """Scheme, host and port as browsers write them: small letters, and no port where it is the usual one."""
    parts = _BASE_URL.fullmatch(text.lower())
    if parts is None:
        raise ConfigError(f"BASE_URL must look like https://desk.example.com (no path), not {text[:80]!r}.")
    scheme, host, port = parts.groups()
    return f"{scheme}://{host}" + (f":{port}" if port and (scheme, port) not in _USUAL else "")


_USUAL = {("http", "80"), ("https", "443")}

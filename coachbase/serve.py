"""The processes: web and worker in one, or apart; both finish what they began before they stop."""

import ctypes
import logging
import signal
import threading
import time
from types import FrameType

from flask import Flask
from waitress import create_server, wasyncore
from waitress.server import BaseWSGIServer

from . import jobs
from .agreements import actions as agreements
from .config import Config, ConfigError
from .invoices import actions as invoices
from .mail import actions as mail
from .numbers import actions as numbers
from .numbers.tasks import numbers_above

log = logging.getLogger("coachbase")
PATIENCE = 15.0
"""Seconds that requests and jobs have to finish after the signal to stop."""
M_MMAP_THRESHOLD, LARGE = -3, 1 << 20
"""From this size on a block is a piece of memory of its own; the first is glibc's name for that (man mallopt)."""


def serve(app: Flask, config: Config, *, with_worker: bool) -> int:
    """Answer until SIGTERM or Ctrl-C, then finish the requests under way and stop."""
    _give_large_blocks_back()
    stopping = _stop_signal()
    server = _listen(app, config)
    _look_at_numbers()
    worker = _start_worker(app) if with_worker else None
    print(f"coachbase is at {config.base_url}{'' if with_worker else ' (the worker runs elsewhere)'}", flush=True)
    while not stopping.is_set():
        wasyncore.loop(timeout=0.5, map=server._map, count=1)
    _drain(server)
    if worker:
        worker.stop(graceful=True)
    log.info("stopped, nothing left undone")
    return 0


def work(app: Flask) -> int:
    """Do jobs until SIGTERM or Ctrl-C, then finish the one under way and stop."""
    _give_large_blocks_back()
    stopping = _stop_signal()
    _look_at_numbers()
    worker = _start_worker(app)
    print("coachbase worker is at work", flush=True)
    stopping.wait()
    worker.stop(graceful=True)
    log.info("stopped, nothing left undone")
    return 0


def _give_large_blocks_back() -> None:
    """The 19 MB that hashing a password takes, at once. Unless it is told, glibc keeps such a block for the next one;
    other C libraries do not, and have no such call."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)


def _stop_signal() -> threading.Event:
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def _listen(app: Flask, config: Config) -> BaseWSGIServer:
    trust = {"trusted_proxy": config.trusted_proxy, "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}}
    try:
        return create_server(
            app,
            host=config.host,
            port=config.port,
            threads=config.threads,
            ident="",
            connection_limit=500,
            channel_timeout=30,
            cleanup_interval=5,
            max_request_body_size=64_000_000,
            clear_untrusted_proxy_headers=True,
            **(trust if config.trusted_proxy else {}),
        )
    except (OSError, ValueError) as error:
        reason = f"Cannot listen on {config.host}:{config.port} ({error}): stop what uses it or set PORT or HOST."
        raise ConfigError(reason) from None


def _start_worker(app: Flask) -> jobs.QuietConsumer:
    jobs.beat()
    for sweep in (agreements.sweep, invoices.sweep, mail.sweep):
        sweep()  # what a killed worker left behind should not wait for the next full minute
    consumer = jobs.start_worker()
    consumer.start()
    return consumer


def _look_at_numbers() -> None:
    """Before anything is issued: an older copy of the database may have been put back."""
    if not numbers_above():
        return  # and nothing is written: a disk that is full or may only be read is for pages to say
    for lost in numbers.continue_above_marks():
        log.warning("%s numbers %s to %s are lost (%s)", lost.series.kind_name, lost.first, lost.last, lost.year)


def _drain(server: BaseWSGIServer) -> None:
    """Take no new connections, and go on until the requests that came are answered."""
    server.del_channel(server._map)
    server.socket.close()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and _is_answering(server):
        wasyncore.loop(timeout=0.05, map=server._map, count=1)
    server.task_dispatcher.shutdown(cancel_pending=False, timeout=1)


def _is_answering(server: BaseWSGIServer) -> bool:
    return any(channel.requests or channel.total_outbufs_len for channel in server.active_channels.values())

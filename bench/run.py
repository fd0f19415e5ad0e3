"""`make bench`: what pages cost, as ratios to a bare Flask route on the same server, in one run.

Prints a table and writes bench/last.json. `--big` adds ten years of data (10,000 clients, a million entries).
"""

import argparse
import gzip
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench.batch import taken as batch_taken  # noqa: E402
from bench.invoices import taken as invoice_taken  # noqa: E402
from bench.packages import taken as package_taken  # noqa: E402
from bench.practice import ask_to_book, bill, busy_week, fill  # noqa: E402
from bench.slots import beside  # noqa: E402
from coachbase import create_app, einvoice, schema  # noqa: E402
from coachbase.boards.models import Board, Card, Stage  # noqa: E402
from coachbase.clients.models import Client  # noqa: E402
from coachbase.config import Config  # noqa: E402
from coachbase.db import database  # noqa: E402
from tests.cast import PASSWORD  # noqa: E402

BARE_ROW = "bare Flask route, one row committed"
PACKAGE = "package: 10 reports, 200 pages"
INVOICE, ELECTRONIC = "invoice: PDF of 12 lines", "invoice: PDF with XML, checked"
BATCH = {"made": "batch of 100: made", "read": "batch of 100: read", "issued": "batch of 100: issued"}
SLOTS, GRID = "slots: 90 days, 3 parties, 2,000 events", "slots: the same by a naive grid"


@dataclass
class Figure:
    """One line of the table. Times in milliseconds."""

    what: str
    median: float
    p99: float
    ratio: float
    bytes: int = 0
    gzipped: int = 0
    queries: int = 0


class Visitor:
    """One signed-in browser on one kept connection; it may hold a link to book as well."""

    def __init__(self, port: int, token: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.cookie = ""
        answer, _ = self.post("/sign-in", {"email": "olive@northbank.example", "password": PASSWORD})
        assert answer.status == 303, answer.status
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0] + (f"; link_book={token}" if token else "")

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        headers = {"Cookie": self.cookie, "Sec-Fetch-Site": "same-origin"} | headers
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer, answer.read()

    def get(self, path: str) -> tuple[http.client.HTTPResponse, bytes]:
        return self.ask("GET", path)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        return self.ask(
            "POST", path, urlencode(fields), **{"Content-Type": "application/x-www-form-urlencoded"} | headers
        )


class Mover:
    """Moves cards of its own to and fro, as somebody who drags does."""

    def __init__(self, visitor: Visitor, cards: list[tuple[str, int]], stages: list[str]) -> None:
        self.visitor, self.stages = visitor, stages
        self.versions = dict(cards)
        self.turn = 0

    def move(self) -> None:
        card = list(self.versions)[self.turn % len(self.versions)]
        self.turn += 1
        fields = {"stage": self.stages[self.turn % len(self.stages)], "before": "", "version": str(self.versions[card])}
        path = f"/boards/onboarding/cards/{card}/move"
        answer, body = self.visitor.post(path, fields, **{"HX-Request": "true"})
        assert answer.status == 200, (answer.status, body[:300])
        self.versions[card] += 1


def time_it(act: Callable[[], object], times: int, warm: int = 10) -> list[float]:
    for _ in range(warm):
        act()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def p99(taken: list[float]) -> float:
    return sorted(taken)[max(0, int(len(taken) * 0.99) - 1)]


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[int, int, float]]:
    """The practice in a folder on a free port: (port, process id, seconds from start to first answer)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "COACHBASE_DATA": str(folder),
        "PORT": str(port),
        "BASE_URL": f"http://127.0.0.1:{port}",
    }
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "bench/server.py"), *options], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        while not _answers(port):
            assert process.poll() is None, "the server did not start"
            time.sleep(0.01)
        yield port, process.pid, time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False


def make_practice(
    folder: Path, *, invoices: int = 0, **size: int
) -> tuple[str, list[tuple[str, int]], list[str], int, str, str]:
    """(a client, cards with their versions, stages, the board's revision, a link to book, a busy week) of a fresh
    practice."""
    config = Config(data=folder)
    schema.migrate(config)
    create_app(config)
    fill(**size)
    if invoices:
        bill(invoices)
    first = Client.select().order_by(Client.id).first()
    client, token = first.public_id, ask_to_book(first)
    week = busy_week()
    board = Board.get(Board.slug == "onboarding")
    is_open = Stage.board == board, ~Stage.hidden, Stage.meaning_name.not_in(("active", "closed"))
    cards = [(card.public_id, card.version) for card in Card.select().join(Stage).where(*is_open)]
    stages = [stage.public_id for stage in Stage.select().where(*is_open)]
    revision = board.revision
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return client, cards, stages, revision, token, week


def pages_of(client: str, revision: int, size: str, week: str) -> dict[str, str]:
    return {
        f"board of {size} cards": "/boards/onboarding",
        "board asked, nothing new": f"/boards/onboarding/changes?seen={revision}",
        f"assessments, {size} cards": "/boards/assessments",
        "client page": f"/clients/{client}",
        "client’s program": f"/clients/{client}/program",
        "list of clients": "/clients",
        "Today": "/",
        "mail": "/mail",
        "search": "/search?q=number+7",
        "booking page, 400 busy times": "/p/book",
        "calendar, busy week of 3 coaches": f"/calendar?week={week}",
        "booking by staff": f"/clients/{client}/sessions/new",
    }


OF_INVOICES = {
    "overview of 20,000 invoices": "/invoices",
    "list of 20,000": "/invoices/list",
    "list of 20,000, by a name": "/invoices/list?q=number+77",
    "list of 20,000, by amount": "/invoices/list?sort=-total",
    "revenue of a year, of 20,000": "/books",
    "receivables, of 20,000": "/books/receivables",
    "tax of a year, of 20,000": "/books/tax",
}


def measure(
    folder: Path, pages: dict[str, str], cards: list, stages: list, times: int, moves: bool, token: str
) -> tuple[list[Figure], dict[str, float]]:
    figures = []
    with served(folder, "--count") as (port, _, _):
        visitor = Visitor(port, token)
        shape = {}
        for what, path in pages.items():
            answer, body = visitor.get(path)
            assert answer.status in (200, 204), (path, answer.status)
            shape[what] = len(body), len(gzip.compress(body, 6)), int(answer.headers["X-Queries"])
    with served(folder) as (port, process, started):
        visitor = Visitor(port, token)
        hello = time_it(lambda: visitor.get("/hello/"), times)
        base = statistics.median(hello)
        figures.append(Figure("hello (bare Flask route)", base, p99(hello), 1.0, 5))
        row = time_it(lambda: visitor.get("/hello/row"), times)
        figures.append(Figure(BARE_ROW, statistics.median(row), p99(row), statistics.median(row) / base))
        for what, path in pages.items():
            taken = time_it(lambda path=path: visitor.get(path), times)
            median = statistics.median(taken)
            figures.append(Figure(what, median, p99(taken), median / base, *shape[what]))
        facts = {"start_s": started}
        if moves:
            figures += measure_moves(port, cards, stages, base)
            figures += measure_slots(base)
            package, facts["package_mb"] = measure_package(base)
            figures.append(package)
            figures += measure_invoices(base)
            figures += measure_batch(base)
        facts["rss_mb"] = _memory(process)
    return figures, facts


def measure_moves(port: int, cards: list, stages: list, base: float) -> list[Figure]:
    mover, reader = Mover(Visitor(port), cards[:8], stages), Visitor(port)
    alone = time_it(mover.move, 150)
    median = statistics.median(alone)
    redrawn = [_read_after(mover, reader) for _ in range(60)]
    movers = [Mover(Visitor(port), cards[8 + 8 * turn : 16 + 8 * turn], stages) for turn in range(8)]
    together: list[list[float]] = [[] for _ in movers]
    threads = [
        threading.Thread(target=lambda mover=mover, into=into: into.extend(time_it(mover.move, 60, warm=3)))
        for mover, into in zip(movers, together, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    crowd = [taken for each in together for taken in each]
    assert len(crowd) == 8 * 60, "a mover stopped early"
    return [
        Figure(
            "board, just changed by others", statistics.median(redrawn), p99(redrawn), statistics.median(redrawn) / base
        ),
        Figure("move a card", median, p99(alone), median / base),
        Figure("move a card, 8 at once", statistics.median(crowd), p99(crowd), statistics.median(crowd) / base),
    ]


def measure_slots(base: float) -> list[Figure]:
    """The slot engine and a naive grid, turn by turn in this process."""
    taken = beside(times=31)
    return [
        Figure(what, median := statistics.median(each), p99(each), median / base)
        for what, each in zip((SLOTS, GRID), taken, strict=True)
    ]


def measure_package(base: float) -> tuple[Figure, float]:
    """A package as the worker makes it, and the MB that this process keeps of it."""
    taken, size, grown = package_taken(times=5)
    median = statistics.median(taken)
    return Figure(PACKAGE, median, p99(taken), median / base, bytes=size), grown


def measure_invoices(base: float) -> list[Figure]:
    """An invoice as the worker draws it; with the electronic one inside where that extra is installed."""
    found = []
    for what, with_xml in ((INVOICE, False), *([(ELECTRONIC, True)] if einvoice.is_installed() else [])):
        taken, size = invoice_taken(times=20, with_xml=with_xml)
        median = statistics.median(taken)
        found.append(Figure(what, median, p99(taken), median / base, bytes=size))
    return found


def measure_batch(base: float) -> list[Figure]:
    """A hundred drafts at once; each of the three happens once a week, so once here."""
    return [Figure(BATCH[what], taken, taken, taken / base) for what, taken in batch_taken().items()]


def _read_after(mover: Mover, reader: Visitor) -> float:
    """What the board costs somebody else once a card was moved, in milliseconds."""
    mover.move()
    start = time.perf_counter()
    reader.get("/boards/onboarding")
    return (time.perf_counter() - start) * 1000


def _memory(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def show(title: str, figures: list[Figure], facts: dict[str, float]) -> None:
    print(f"\n{title}\n{'':40}{'median':>9}{'p99':>9}{'× hello':>9}{'bytes':>9}{'gzip':>8}{'queries':>9}")
    for row in figures:
        print(
            f"{row.what:40}{row.median:7.2f}ms{row.p99:7.2f}ms{row.ratio:9.1f}{row.bytes:9}{row.gzipped:8}{row.queries:9}"
        )
    print(f"start to first answer {facts['start_s']:.2f} s · web and worker together {facts['rss_mb']:.0f} MB")


def judge(figures: list[Figure], facts: dict[str, float]) -> list[tuple[str, bool]]:
    """product.md's bars, each as a sentence and whether it held in this run."""
    by = {row.what: row for row in figures}
    row = by[BARE_ROW]
    board, move, crowd = by["board of 200 cards"], by["move a card"], by["move a card, 8 at once"]
    slots, grid = by[SLOTS], by[GRID]
    return [
        ("board of 200 cards ≤ 5 × hello", board.ratio <= 5),
        ("board of 200 cards ≤ 100 kB of HTML", board.bytes <= 100_000),
        ("board of 200 cards ≤ 12 kB compressed", board.gzipped <= 12_000),
        ("board of 200 assessments ≤ 5 × hello", by["assessments, 200 cards"].ratio <= 5),
        ("moving a card ≤ 5 × hello", move.ratio <= 5),
        ("moving a card ≤ 5 × a bare route that commits one row", move.median <= 5 * row.median),
        ("8 movers: p99 ≤ 10 × their median", crowd.p99 <= 10 * crowd.median),
        ("slots for 3 parties, 90 days, 2,000 events ≤ 10 ms", slots.median <= 10),
        ("slots ≥ 20 × quicker than a naive grid", grid.median >= 20 * slots.median),
        ("a package of 200 pages ≤ 5 s", by[PACKAGE].median <= 5000),
        ("a package leaves ≤ 5 MB in the process that asked for it", facts["package_mb"] <= 5),
        ("an invoice is drawn in ≤ 100 ms", by[INVOICE].median <= 100),
        ("a batch of 100 is read and issued in ≤ 2 s", by[BATCH["read"]].median + by[BATCH["issued"]].median <= 2000),
        ("every page ≤ 15 queries", max(row.queries for row in figures) <= 15),
        ("start to first answer ≤ 1 s", facts["start_s"] <= 1),
        ("web and worker ≤ 120 MB", facts["rss_mb"] <= 120),
    ]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--big", action="store_true", help="also ten years of data; takes some minutes")
    options.add_argument("--times", type=int, default=200, help="requests per page")
    chosen = options.parse_args()
    result = {}
    sizes = {
        "200": {"cards": 200, "entries": 1000},
        "1,000": {"cards": 1000, "entries": 1000, "invoices": 20_000},
    }
    if chosen.big:
        sizes["200, after ten years,"] = {"cards": 200, "entries": 1000, "clients": 10_000, "entries_each": 100}
    for size, numbers in sizes.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "data"
            client, cards, stages, revision, token, week = make_practice(folder, **numbers)
            pages = pages_of(client, revision, size, week) | (OF_INVOICES if numbers.get("invoices") else {})
            figures, facts = measure(folder, pages, cards, stages, chosen.times, size == "200", token)
        show(f"{size} cards, 1,000 timeline entries", figures, facts)
        result[size] = {"figures": [asdict(row) for row in figures], **facts}
        if size == "200":
            bars = judge(figures, facts)
    print()
    for bar, held in bars:
        print(f"{'held  ' if held else 'MISSED'} {bar}")
    result["bars"] = dict(bars)
    (ROOT / "bench/last.json").write_text(json.dumps(result, indent=1))
    return 0 if all(held for _, held in bars) else 1


if __name__ == "__main__":
    sys.exit(main())

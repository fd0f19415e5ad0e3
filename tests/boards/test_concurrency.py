"""Many hands on one board, over HTTP: no card is lost, no place is taken twice, no answer is a fault."""

import http.client
import random
import re
import shutil
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from coachbase.boards.models import Board, Card, Move, Stage
from coachbase.clients import actions as clients
from coachbase.db import database, transaction
from tests.cast import PASSWORD

WORKERS, MOVES, CARDS = 8, 50, 12
ROW = re.compile(r'<ol class="cards" id="(\w+)">|<li class=card id=(\w+) data-v=(\d+)')


@dataclass
class Hand:
    """Somebody signed in, with what the board showed last."""

    url: str
    name: str
    answers: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    drawn: dict[str, tuple[str, int]] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        self.cookie = ""
        answer, _ = self.ask("POST", "/sign-in", {"email": f"{self.name}@northbank.example", "password": PASSWORD})
        self.cookie = answer.getheader("Set-Cookie").partition(";")[0]
        self.look()

    def ask(self, method, path, form=None):
        headers = {"Sec-Fetch-Site": "same-origin", "HX-Request": "true", "Cookie": self.cookie}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, urlencode(form or {}), headers)
        answer = self.connection.getresponse()
        return answer, answer.read().decode()

    def look(self):
        self.read(self.ask("GET", "/boards/onboarding/changes?seen=0")[1])

    def read(self, html):
        """Remember which card stands where, in which version."""
        self.drawn, self.stages, stage = {}, [], ""
        for found in ROW.finditer(html):
            if found[1]:
                stage = found[1]
                self.stages.append(stage)
            else:
                self.drawn[found[2]] = (stage, int(found[3]))

    def move(self, card, stage, before=""):
        form = {"stage": stage, "before": before, "version": self.drawn[card][1]}
        started = time.perf_counter()
        answer, html = self.ask("POST", f"/boards/onboarding/cards/{card}/move", form)
        self.times.append((time.perf_counter() - started) * 1000)
        self.answers.append(answer.status)
        if answer.status in (200, 409):
            self.read(html)
        return answer.status

    def move_at_random(self, chance):
        card = chance.choice(list(self.drawn))
        stage = chance.choice(self.stages)
        there = [other for other, (where, _) in self.drawn.items() if where == stage and other != card]
        self.move(card, stage, chance.choice([*there, "", "top"]))


@pytest.fixture
def hands(cast, live_server):
    with transaction():
        for number in range(CARDS - 1):
            clients.add({"name": f"Client {number}", "coach": cast.alice}, how="by hand")
    people = ["vera", "olive", "alice"]
    hands = [Hand(live_server.url, people[number % 3]) for number in range(WORKERS)]
    yield hands
    for hand in hands:
        hand.connection.close()


def faults_of(cards):
    """What is wrong with (stage, position, card) rows: places taken twice, cards lost or doubled."""
    places = [(stage, position) for stage, position, _ in cards]
    found = [f"{place} is taken twice" for place in set(places) if places.count(place) > 1]
    if len({card for _, _, card in cards}) != CARDS or len(cards) != CARDS:
        found.append(f"{len(cards)} cards instead of {CARDS}")
    return found


def test_eight_hands_lose_no_card_and_double_no_place(hands):
    def work(hand, seed):
        chance = random.Random(seed)
        for _ in range(MOVES):
            hand.move_at_random(chance)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, hands, range(WORKERS)))

    answers = [status for hand in hands for status in hand.answers]
    assert len(answers) == WORKERS * MOVES
    assert set(answers) <= {200, 409}, sorted(set(answers))
    assert answers.count(200) > WORKERS
    assert faults_of(list(Card.select(Card.stage, Card.position, Card.id).tuples())) == []
    # Every acknowledged move stands as one version of its card: none was overwritten unseen.
    versions = sum(card.version - 1 for card in Card.select())
    assert versions == Move.select().count() <= answers.count(200)
    times = sorted(spent for hand in hands for spent in hand.times)
    p99 = times[int(len(times) * 0.99)]
    print(f"moves by {WORKERS} at once: median {statistics.median(times):.1f} ms, p99 {p99:.1f} ms")


def test_of_two_who_move_one_card_at_once_one_wins_and_the_other_is_told(hands, cast):
    first, second = hands[0], hands[1]
    stages = [stage.public_id for stage in Stage.open_of(Board.onboarding())]
    bob = cast.bob.public_id
    for round_ in range(10):
        first.look()
        second.look()
        goals = stages[1 + round_ % 3], stages[4 + round_ % 2]
        start = threading.Barrier(2)

        def go(hand, goal, start=start):
            start.wait()
            return hand.move(bob, goal)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(go, (first, second), goals))
        assert sorted(answers) == [200, 409]
        winner = goals[answers.index(200)]
        assert Card.get(Card.client == cast.bob).stage.public_id == winner
        assert first.drawn[bob] == second.drawn[bob] == (winner, 2 + round_)


def test_without_the_guard_in_the_database_the_same_check_finds_doubled_places(hands, config, tmp_path):
    """The control: reading, thinking and writing without the guard doubles places, and faults_of says so."""
    copy = tmp_path / "unguarded.sqlite3"
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(config.database_path, copy)
    assert faults_of(race(copy, drop_guard=True)) != []
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        race(copy_of(config.database_path, tmp_path), drop_guard=False)


def copy_of(path: Path, folder: Path) -> Path:
    return Path(shutil.copy(path, folder / "guarded.sqlite3"))


def race(path, *, drop_guard):
    """Two connections that each read the last place of a stage before either of them writes."""
    import cysqlite

    here, there = cysqlite.connect(str(path)), cysqlite.connect(str(path))
    if drop_guard:
        here.execute("DROP INDEX card_stage_id_position")
    stage = here.execute("SELECT id FROM stage WHERE meaning = 'kickoff'").fetchone()[0]
    cards = [row[0] for row in here.execute("SELECT id FROM card LIMIT 2").fetchall()]
    ask_last = "SELECT COALESCE(MAX(position), 0) FROM card WHERE stage_id = ?"
    last = [db.execute(ask_last, (stage,)).fetchone()[0] for db in (here, there)]
    try:
        for db, card, position in zip((here, there), cards, last, strict=True):
            db.execute("UPDATE card SET stage_id = ?, position = ? WHERE id = ?", (stage, position + 1, card))
        return here.execute("SELECT stage_id, position, id FROM card").fetchall()
    finally:
        here.close()
        there.close()

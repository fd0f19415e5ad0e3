"""P6: every route × every principal × own, foreign and missing thing answers what the written matrix says."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask
from werkzeug.routing import Rule

from coachbase.clients.models import Client
from coachbase.db import database
from coachbase.web import guard
from coachbase.web.links import misses
from tests.safety.matrix import ROUTES, Row
from tests.safety.people import EVERYBODY, SIGNED_IN, People
from tests.safety.walk import fill, routes, table_of
from tests.safety.world import MISSING, World

MISSING_TOKEN = "nosuchtoken"


def rules(app: Flask) -> dict[str, tuple[str, Rule]]:
    return {f"{method} {rule.endpoint}": (method, rule) for method, rule in routes(app)}


def unlisted(app: Flask) -> set[str]:
    return set(rules(app)) - set(ROUTES)


def test_every_route_is_in_the_matrix(app):
    assert unlisted(app) == set()


def test_the_matrix_lists_no_route_that_is_gone(app):
    assert set(ROUTES) - set(rules(app)) == set()


def test_a_route_missing_from_the_matrix_fails_the_build(app):
    app.add_url_rule("/new", endpoint="new", view_func=lambda: "")
    assert "GET new" in unlisted(app)


@dataclass(frozen=True)
class Knock:
    """One request, and what the matrix says of it."""

    who: str
    path: str
    expected: int
    things: tuple[str, ...]


def knocks(world: World, row: Row, rule: Rule) -> list[Knock]:
    """Everybody at every choice of things; when an address holds two, they must belong together."""
    arguments = sorted(rule.arguments - {"board"})
    wanted = [*row.to] if isinstance(row.to, dict) else []
    found = []
    for board, *chosen in itertools.product(boards_of(rule), *([*wanted, "missing"] for _ in arguments)):
        values = {name: value_of(world, name, whose) for name, whose in zip(arguments, chosen, strict=True)}
        path = fill(rule, values | {"board": board})
        belongs = len(set(chosen)) <= 1 and (not board or all(stands_on(board, whose) for whose in chosen))
        for who in EVERYBODY:
            expected = expect(row, rule, who, chosen[0] if chosen else "", belongs)
            found.append(Knock(who, path + row.query, expected, tuple(chosen)))
    return found


def boards_of(rule: Rule) -> list[str]:
    """The boards this route can be asked at; '' for one that is about none."""
    return ["onboarding", "assessments"] if "board" in rule.arguments else [""]


def stands_on(board: str, whose: str) -> bool:
    """A card is nowhere to be found on the other board."""
    return whose.endswith("assessed") is (board == "assessments")


def value_of(world: World, argument: str, whose: str) -> str:
    if argument == "token":
        return world.tokens.get(whose, MISSING_TOKEN)
    if argument == "board":
        return "assessments" if whose.endswith("assessed") else "onboarding"
    if argument in ("slug", "kind"):
        return {"missing": "no-such"}.get(whose, whose)
    return world.ids[table_of(argument)].get(whose, MISSING)


def expect(row: Row, rule: Rule, who: str, whose: str, belongs: bool) -> int:
    if must_sign_in(rule, who):
        return 303
    if who in row.others and whose != "missing":
        return row.others[who]
    return row.status if belongs and who in row.allowed(whose) else 404


def must_sign_in(rule: Rule, who: str) -> bool:
    return who not in SIGNED_IN and not guard.is_public(rule.endpoint.rpartition(".")[0])


def body_of(world: World, row: Row) -> dict[str, object]:
    def resolve(value: object) -> object:
        if isinstance(value, str) and value.startswith("@"):
            table, _, key = value[1:].partition(".")
            return world.ids[table][key]
        return value

    return {name: resolve(value) for name, value in row.body.items()}


@dataclass(frozen=True)
class Seen:
    status: int
    location: str
    text: str
    changed: bool


def knock(people: People, who: str, method: str, path: str, body: dict[str, object], **headers: str) -> Seen:
    """Ask, look, and take back whatever it did, so that each starts from the same world."""
    browser = people[who]
    kept = dict(browser._cookies)
    try:
        with taken_back(method):
            before = changes()
            answer = browser.open(path, method=method, data=body if method != "GET" else None, headers=headers)
            changed = changes() != before
    finally:
        browser._cookies.clear()
        browser._cookies.update(kept)
    text = answer.get_data().decode("utf-8", "replace")  # some answers are files
    return Seen(answer.status_code, answer.headers.get("Location", ""), text, changed)


@contextmanager
def taken_back(method: str) -> Iterator[None]:
    """Undo what the request inside does. A GET changes nothing, which its caller sees to: outside of a transaction it
    reads as people's do, and what `kept` remembers between pages is asked as well."""
    if method == "GET":
        yield
        return
    with database.atomic() as attempt:
        yield
        attempt.rollback()


def changes() -> int:
    """How many rows this connection has ever written."""
    return database.execute_sql("SELECT total_changes()").fetchone()[0]


def differences(people: People, world: World, route: str) -> list[str]:
    """Where this route answers something else than the matrix says; or changes what it must not."""
    method, rule = rules(people.app)[route]
    misses.since = None  # so many strangers with wrong tokens would be asked to wait
    row, wrong, bodies = ROUTES[route], [], {}
    for each in knocks(world, row, rule):
        seen = knock(people, each.who, method, each.path, body_of(world, row))
        if seen.status != each.expected:
            wrong.append(f"{each.who} {method} {each.path} {each.things}: {seen.status}, not {each.expected}")
        turned_away = must_sign_in(rule, each.who)
        if turned_away and not seen.location.startswith("/sign-in"):
            wrong.append(f"{each.who} {method} {each.path} leads to {seen.location}")
        if seen.changed and (method == "GET" or turned_away or each.expected == 404):
            wrong.append(f"{each.who} {method} {each.path} changed something")
        if each.expected == 404 or turned_away:
            by_htmx = knock(people, each.who, method, each.path, body_of(world, row), **{"HX-Request": "true"})
            if by_htmx.changed or by_htmx.status != (204 if turned_away else 404):
                wrong.append(f"{each.who} {method} {each.path} gets {by_htmx.status} by htmx")
        if seen.status == 404:
            bodies.setdefault(each.who, set()).add(seen.text)
    wrong += [f"{who} can tell foreign from missing" for who, texts in bodies.items() if len(texts) > 1]
    return wrong


SHARES = 16
"""The routes are asked in so many tests: an application for each of them would take longer to build than to ask."""


@pytest.mark.parametrize("share", range(SHARES))
def test_each_route_answers_everybody_as_the_matrix_says(share, people, world):
    assert [line for route in sorted(ROUTES)[share::SHARES] for line in differences(people, world, route)] == []


def test_a_hole_in_the_wall_would_be_found(people, world, monkeypatch):
    walled = next(route for route, row in ROUTES.items() if isinstance(row.to, dict) and "dan" in row.to)
    monkeypatch.setattr(Client, "visible_to", classmethod(lambda cls, user, *columns: cls.select(*columns)))
    assert any("200, not 404" in line for line in differences(people, world, walled))


def test_a_missing_guard_would_be_found(people, world):
    people.app.before_request_funcs[None].remove(guard._require_sign_in)
    people.app.testing = False
    assert differences(people, world, "GET accounts.account")

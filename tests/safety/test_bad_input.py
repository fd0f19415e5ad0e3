"""P9: 10,000 bad inputs over every parameter of every route: no answer of 500 or above, none slower than two seconds,
and nothing of the neighbour's is touched. All of them (some 40,000) with BAD_INPUTS=0, which `make soak` may set."""

import io
import os
import re
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from coachbase.db import database
from tests.safety.matrix import ROUTES, Row
from tests.safety.people import HOLDERS, People
from tests.safety.test_matrix import MISSING_TOKEN, body_of, changes, taken_back, value_of
from tests.safety.walk import PageForm, fill, read, routes
from tests.safety.world import MISSING, World

WANTED = int(os.environ.get("BAD_INPUTS", "10000"))
CHUNKS = 32
LONGEST = 2.0
"""Seconds of this process's own work: what the machine does beside it must not fail a test."""

FORM = "application/x-www-form-urlencoded"
NASTY: list[bytes | str] = [
    "", " ", "0", "-1", "1e999", "NaN", "²", "٣", "true", "[]", "{}", "null", "%", "%s%n", "_", "\\", "'", '"', "*",
    str(2**31), str(2**63), str(-(2**63) - 1), "9" * 5000, "1" * 400, "0x10", "1_000", "+1", "1.5",
    "\0", "a\0b", "\x1b[31m", "\ufeff", "\u202ereversed", "\u2028", "a\r\nBcc: eve@evil.example", "\r\n\r\n<b>",
    b"\xed\xa0\x80", b"\xed\xbf\xbfx", b"\xff\xfe", b"\xc3", b"\xf5\x80\x80\x80", "İ" * 200, "ﷺ" * 200, "😀" * 2000,
    "../../etc/passwd", "..\\..\\windows", "/etc/passwd", "Europe/../../../etc/passwd", "C:\\con", "zone.tab",
    "9999-12-31", "9999-12-31T23:59", "0001-01-01T00:00", "0000-00-00", "10000-01-01", "2026-02-30", "2026-03-29T02:30",
    "24:00", "0001-01-01", "9999-12-31T23:59Z", "0001-01-01T00:00+14:00", "2026-11-26T09:00+99:99", "2026-W48-4T24:00",
    "999999999", "4294967296", "Factory", "localtime", "Etc/GMT+14", "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT",
    "c++", 'a* OR "', "NEAR(a b, 5)", "col:x AND NOT", "'); DROP TABLE client; --", "1 OR 1=1", "{{7*7}}", "${7*7}",
    "<script>alert(1)</script>", "[" * 20_000, "{" * 20_000, '{"a":' * 5_000, "(" * 5_000 + ")" * 5_000, "*a " * 5_000,
    "> " * 5_000, "`" * 9_999, "![" * 5_000, "a" * 1_000_000, " " * 200_000, "\n" * 100_000, "é" * 100_000,
    "a@b@c", "a@" + "b" * 300 + ".example", "@", "a@[127.0.0.1]", "=cmd|' /C calc'!A0", "javascript:alert(1)",
    MISSING, MISSING.lower(), "8" * 26, "Z" * 26, "bob", "-1 or 1", "top", "constructor", "__class__",
]  # fmt: skip


Fields = list[tuple[str, bytes | str]]
CHANGING = re.compile("[0-9A-HJKMNP-TV-Z]{26}|(once|ticket)=[^&]*")


@dataclass(frozen=True)
class Input:
    """One request that no page of ours would send."""

    who: str
    method: str
    path: str
    body: bytes | Fields | None = None
    kind: str = FORM
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> int:
        """The same number in every run, whatever ids and keys the world has this time."""
        if isinstance(self.body, list):
            name, value = self.body[-1]
            body = f"{name}={value[:20]!r} {len(value)}"
        else:
            body = repr(self.body and self.body[:300])
        headers = [(name, value[:20]) for name, value in (self.headers | self.cookies).items()]
        what = repr((self.method, self.path[:300], body, self.kind[:40], headers))
        return zlib.crc32(CHANGING.sub("", what).encode("utf-8", "surrogatepass"))

    @property
    def content(self) -> bytes | None:
        return self.body if self.body is None or isinstance(self.body, bytes) else encoded(self.body)

    def __str__(self) -> str:
        body = (self.content or b"")[-160:]
        return f"{self.who} {self.method} {self.path[:120]!r} {body!r} {self.kind} {self.headers}"[:400]


# Where values go in ---------------------------------------------------------------------------------------------------


def names_asked(people: People, target: "Target") -> list[str]:
    """The names this route looks for in a request, seen by asking it once plainly and once as htmx does."""
    asked: list[str] = []

    class Listening(ImmutableMultiDict):
        def __contains__(self, name: object) -> bool:
            asked.append(str(name))
            return super().__contains__(name)

        def __getitem__(self, name: str) -> str:
            asked.append(name)
            return super().__getitem__(name)

        def getlist(self, name: str, type: object = None) -> list[str]:
            asked.append(name)
            return super().getlist(name, type)

    usual = people.app.request_class.parameter_storage_class
    people.app.request_class.parameter_storage_class = Listening
    try:
        for headers in ({}, {"HX-Request": "true"}):
            with database.atomic() as attempt:
                body = encoded(target.form.fields) if target.method == "POST" else None
                ask(people, Input(target.who, target.method, target.path, body, headers=headers))
                attempt.rollback()
    finally:
        people.app.request_class.parameter_storage_class = usual
    return list(dict.fromkeys(asked))


def by_whom(row: Row) -> tuple[str, str]:
    """The weakest who may, and whose thing they ask for."""
    choices = [("", row.to)] if isinstance(row.to, str) else list(row.to.items())
    for who in ("stranger", *HOLDERS, "vera", "alice", "olive"):
        for whose, allowed in choices:
            if who in allowed.split():
                return who, whose
    return "vera", ""


@dataclass
class Target:
    """A route as somebody reaches it, and what a page of ours would send there."""

    who: str
    method: str
    path: str
    form: PageForm
    is_free: bool
    """Whether the path has a part that anybody may write anything into."""


_found: list[Target] = []


def targets(people: People, world: World) -> list[Target]:
    """Every route; looked for once in a process."""
    if not _found:
        known = forms_on_pages(people, world)
        for method, rule in routes(people.app):
            row = ROUTES[f"{method} {rule.endpoint}"]
            who, whose = by_whom(row)
            path = fill(rule, {name: value_of(world, name, whose) for name in rule.arguments})
            form = known.get((method, rule.endpoint)) or PageForm(path, method)
            given = {name: str(value) for name, value in body_of(world, row).items()}
            fields = [pair for pair in form.fields if pair[0] not in given] + [*given.items()]
            free = bool({"slug", "token", "kind"} & rule.arguments)
            target = Target(who, method, path + row.query, replace(form, fields=fields), free)
            more = [(name, "") for name in names_asked(people, target) if name not in dict(fields)]
            _found.append(replace(target, form=replace(form, fields=fields + more)))
    return _found


def forms_on_pages(people: People, world: World) -> dict[tuple[str, str], PageForm]:
    """The first form of each route that stands on a page; each page is looked at once."""
    adapter = people.app.url_map.bind("localhost")
    found: dict[tuple[str, str], PageForm] = {}
    for method, rule in routes(people.app):
        if method != "GET":
            continue
        who, whose = by_whom(ROUTES[f"GET {rule.endpoint}"])
        path = fill(rule, {name: value_of(world, name, whose) for name in rule.arguments})
        for reader in (who, "olive"):
            answer = people[reader].get(path)
            for form in read(path, answer.text).forms if answer.mimetype == "text/html" else ():
                with suppress(HTTPException):
                    endpoint, _ = adapter.match(urlsplit(form.action).path, method=form.method)
                    found.setdefault((form.method, endpoint), form)
    return found


# What goes in ---------------------------------------------------------------------------------------------------------


def as_bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def encoded(pairs: Iterable[tuple[str, bytes | str]]) -> bytes:
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in pairs).encode()


@lru_cache(maxsize=500)
def quoted(value: bytes | str) -> str:
    return quote_from_bytes(as_bytes(value), "")


FREE = ("inquiry-form", "intake_thanks", MISSING_TOKEN)


def inputs(target: Target) -> Iterator[Input]:
    """Every bad input to one route."""
    plain = Input(target.who, target.method, target.path)
    usual = [(name, value) for name, value in target.form.fields if value]
    for name in target.form.names:
        rest = [pair for pair in usual if pair[0] != name]
        for value in NASTY:
            if target.method == "POST":
                yield replace(plain, body=[*rest, (name, value)])
            elif len(value) < 6_000:
                yield replace(plain, path=f"{target.path.partition('?')[0]}?{encoded([*rest, (name, value)]).decode()}")
    if target.is_free:
        for value in (value for value in NASTY if 0 < len(value) < 10_000):
            parts = target.path.split("/")
            place = next(n for n, part in enumerate(parts) if n > 1 and (part in FREE or len(part) > 26))
            parts[place] = quoted(value)
            yield replace(plain, path="/".join(parts))
    yield from odd_requests(plain, target, usual)


ODD_TAILS = (
    "?" + "a=1&" * 3000, "?%ff=%fe&%00=%00", "?q=a&q=b&page=1&page=2", "?" + "x" * 60_000, "/x//y", "/%ff%fe", "/%00",
    "/..;/", "/%2e%2e/%2e%2e/etc/passwd",
)  # fmt: skip


def odd_requests(plain: Input, target: Target, usual: list[tuple[str, str]]) -> Iterator[Input]:
    """Right fields in wrong shapes."""
    path = target.path
    for tail in ODD_TAILS:
        yield replace(plain, path=f"/{path.strip('/')}{tail}" if path != "/" or tail[0] == "?" else tail)
    for headers in (
        {"Accept-Language": "x" * 20_000}, {"Referer": "http://[" * 100},
        {"HX-Request": "true", "HX-Target": "\xff\xfe"},
        {"HX-Request": "true", "HX-Target": "outbox", "HX-Current-URL": "::::", "HX-Trigger": "{" * 500},
        {"X-Forwarded-For": "1.2.3.4, " * 500, "X-Forwarded-Host": "evil.example"}, {"Range": "bytes=0-0,-1,5-" * 200},
        {"If-None-Match": '"' * 500, "If-Modified-Since": "yesterday"}, {"Accept": "*/*;q=" + "9" * 500},
        {"Content-Length": "-1"}, {"Transfer-Encoding": "chunked"}, {"User-Agent": "\xff" * 3000},
    ):  # fmt: skip
        yield replace(plain, headers=headers)
    for cookie in ("", "\xff", "a" * 3000, "eyJfdXNlcl9pZCI6W119.Zm9v.YmFy", '"\\000\\777"', "{}"):
        yield replace(plain, cookies={"coachbase": cookie, "link_intake": cookie, "link_reset": cookie})
    if target.method == "POST":
        whole = encoded(usual)
        for kind, body in (
            ("application/json", b'{"a":' * 2000), ("application/json", b"[" * 50_000), ("text/plain", whole),
            ("", whole),
            ("multipart/form-data", whole), ("multipart/form-data; boundary=x", b"--x\r\nContent-Disp"),
            ("multipart/form-data; boundary=" + "b" * 5000, whole), (f"{FORM}; charset=utf-7", whole),
            (FORM, b"&" * 5000), (FORM, b"=" * 5000), (FORM, b"%" * 5000), (FORM, b"\xff\xfe\x00"),
            (FORM, whole + b"&" + whole), (FORM, whole * 50),
            ("multipart/form-data; boundary=x", parts(target, b"\xed\xa0\x80")),
            ("multipart/form-data; boundary=x", parts(target, b"a" * 100_000)),
            ("multipart/form-data; boundary=x", b"--x\r\n" * 5000 + b"--x--"),
        ):  # fmt: skip
            yield replace(plain, body=body, kind=kind)
        for name in target.form.names:
            for filename in ("../../etc/passwd", "a\0.pdf", "\r\nX: y.png", "a" * 5000 + ".csv", "ﷺ.docx"):
                body = upload(name, filename, b"Name,Email\n\xff\xfe,\0\n")
                yield replace(plain, body=body, kind="multipart/form-data; boundary=x")


def parts(target: Target, value: bytes) -> bytes:
    """Every field as a part with this value."""
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(part % (name.encode(), value) for name in target.form.names) + b"--x--\r\n"


def upload(name: str, filename: str, content: bytes) -> bytes:
    body = io.BytesIO()
    body.write(f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'.encode())
    body.write(content + b"\r\n--x--\r\n")
    return body.getvalue()


def all_inputs(people: People, world: World) -> list[Input]:
    """Chosen once in a process, the same in each."""
    if not _chosen:
        every = (each for target in targets(people, world) for each in inputs(target))
        _chosen.extend(sorted(every, key=lambda each: each.key)[: WANTED or None])
    return _chosen


_chosen: list[Input] = []


# What comes of it -----------------------------------------------------------------------------------------------------

NEIGHBOURS = (
    "SELECT * FROM client WHERE name LIKE 'Dan %'", "SELECT * FROM organisation WHERE name LIKE '%dan'",
    "SELECT contact.* FROM contact JOIN organisation o ON o.id = organisation_id WHERE o.name LIKE '%dan'",
    "SELECT entry.* FROM entry JOIN client c ON c.id = client_id WHERE c.name LIKE 'Dan %'",
    "SELECT * FROM note WHERE entry_id IN (SELECT entry.id FROM entry JOIN client ON client_id = client.id "
    "WHERE client.name LIKE 'Dan %')",
    "SELECT document.* FROM document JOIN client c ON c.id = client_id WHERE c.name LIKE 'Dan %'",
    "SELECT message.* FROM message JOIN client c ON c.id = client_id WHERE c.name LIKE 'Dan %'",
    "SELECT submission.* FROM submission JOIN client c ON c.id = client_id WHERE c.name LIKE 'Dan %'",
    "SELECT request.* FROM request JOIN client c ON c.id = client_id WHERE c.name LIKE 'Dan %'",
    "SELECT coaching_session.* FROM coaching_session JOIN client c ON c.id = client_id WHERE c.name LIKE 'Dan %'",
    "SELECT stage_id, card.version FROM card JOIN client c ON c.id = client_id WHERE c.name LIKE 'Dan %'",
    "SELECT client_import.* FROM client_import JOIN user ON user.id = by_id WHERE user.name LIKE 'Dora%'",
    "SELECT * FROM user WHERE name LIKE 'Carol%' OR name LIKE 'Dora%' OR name LIKE 'Olive%'",
)  # fmt: skip
"""What is Carol's and Dora's: nothing that Vera, Alice or a stranger sends may change it."""


def neighbours() -> list[object]:
    return [database.execute_sql(query).fetchall() for query in NEIGHBOURS]


def ask(people: People, each: Input) -> tuple[int, float]:
    browser = people[each.who]
    kept = dict(browser._cookies)
    jar = {"HTTP_COOKIE": "; ".join("=".join(pair) for pair in each.cookies.items())} if each.cookies else {}
    try:
        started = time.process_time()
        answer = browser.open(
            each.path, method=each.method, data=each.content, content_type=each.kind if each.body is not None else None,
            headers=each.headers, environ_overrides=jar,
        )  # fmt: skip
        answer.get_data()
        taken = time.process_time() - started
        answer.close()
        return answer.status_code, taken
    finally:
        browser._cookies.clear()
        browser._cookies.update(kept)


def faults(people: People, chunk: list[Input]) -> list[str]:
    """What went wrong, each as a line; all meet the same world: what a POST did is taken back, a GET may do nothing."""
    people.app.testing = False
    before, wrong = neighbours(), []
    for each in chunk:
        with taken_back(each.method):
            written = changes()
            status, taken = ask(people, each)
            if each.method == "GET" and changes() != written:
                wrong.append(f"changed something: {each}")
            if status >= 500:
                wrong.append(f"{status}: {each}")
            if taken > LONGEST:
                wrong.append(f"{taken:.1f} s: {each}")
            if each.method == "POST" and each.who != "olive" and status < 400 and neighbours() != before:
                wrong.append(f"the neighbour's: {each}")
    return wrong


@pytest.mark.parametrize("number", range(CHUNKS))
def test_bad_input_gets_an_answer(people, world, number):
    assert faults(people, all_inputs(people, world)[number::CHUNKS]) == []


def test_there_are_ten_thousand_and_every_route_is_among_them(people, world):
    chosen = all_inputs(people, world)
    assert len(chosen) >= 10_000
    every = {(each.method, each.path) for each in targets(people, world)}
    assert len(every) == len(ROUTES)


# Each finding is one that would be found ------------------------------------------------------------------------------


def test_a_page_that_falls_over_would_be_found(people):
    people.app.view_functions["accounts.account"] = lambda: str(10 ** int("9" * 4000) if 0 else int("²"))
    assert faults(people, [Input("alice", "GET", "/account")])[0].startswith("500")


def test_a_page_that_takes_too_long_would_be_found(people):
    def slow() -> str:
        started = time.process_time()
        while time.process_time() - started < LONGEST + 0.1:
            pass
        return ""

    people.app.view_functions["accounts.account"] = slow
    assert " s: " in faults(people, [Input("alice", "GET", "/account")])[0]


def test_a_page_that_changes_something_would_be_found(people):
    people.app.view_functions["accounts.account"] = lambda: str(database.execute_sql("UPDATE client SET name = name"))
    assert faults(people, [Input("alice", "GET", "/account")])[0].startswith("changed something")


def test_a_change_of_what_is_the_neighbours_would_be_found(people):
    def write() -> str:
        database.execute_sql("UPDATE client SET name = name || '!'")
        return ""

    people.app.view_functions["accounts.sign_out"] = write
    assert faults(people, [Input("alice", "POST", "/sign-out")])[0].startswith("the neighbour's")

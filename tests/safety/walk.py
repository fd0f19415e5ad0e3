"""The URL map and the pages, walked by machine: every route, every address with real ids, every form on a page."""

import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pypdf
from flask import Flask
from werkzeug.routing import Rule

from coachbase.mail.rules import KINDS
from tests.safety.world import MISSING, World

TABLE_OF = {"coach": "user", "sponsor": "organisation", "import": "client_import", "session": "coaching_session"}
"""What an argument of a route is called when not after its table."""


def routes(app: Flask) -> list[tuple[str, Rule]]:
    """(method, rule) for everything that answers; HEAD and OPTIONS follow from GET."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        if rule.endpoint != "static"
    ]


def table_of(argument: str) -> str:
    noun = argument.removesuffix("_id")
    return TABLE_OF.get(noun, noun)


def values_for(world: World, rule: Rule, argument: str) -> list[str]:
    """What fits this argument of the route: everybody's things, or two of what is the firm's."""
    if argument == "slug":
        return [world.slug]
    if argument == "board":
        return ["onboarding", "assessments"]
    if argument == "kind":
        return sorted(KINDS)
    if argument == "token":
        return [world.tokens["expired"], world.tokens["revoked"]]
    there = world.ids.get(table_of(argument), {})
    walled = [there[whose] for whose in there if whose.startswith(("bob", "dan", "ina", "flow", "about", "sent"))]
    return walled or [*there.values()][:2] or [MISSING]


def fill(rule: Rule, values: dict[str, str]) -> str:
    """The address of a route with these values in it."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: values[found[1]], rule.rule)


def addresses(world: World, rule: Rule) -> Iterator[str]:
    """Every address of a route in this world."""
    arguments = sorted(rule.arguments)
    for values in itertools.product(*(values_for(world, rule, argument) for argument in arguments)):
        yield fill(rule, dict(zip(arguments, values, strict=True)))


@dataclass
class PageForm:
    """A form on a page: where it goes and what it would send if nobody touched it."""

    action: str
    method: str
    multipart: bool = False
    fields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self.fields))


class _Reader(HTMLParser):
    def __init__(self, here: str) -> None:
        super().__init__()
        self.here, self.links, self.forms = here, set(), []
        self._form: PageForm | None = None
        self._select = ""
        self._area: list[str] | None = None

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        for name in ("href", "hx-get", "src"):
            if name in given:
                self.links.add(urljoin(self.here, given[name]))
        if tag == "form":
            self._form = PageForm(
                urljoin(self.here, given.get("action", "")), given.get("method", "get").upper(),
                given.get("enctype", "").startswith("multipart"),
            )  # fmt: skip
            self.forms.append(self._form)
        elif self._form and tag in ("input", "select", "textarea", "button") and "name" in given:
            self._take(tag, given)
        elif self._form and tag == "option" and self._select:
            self._choose(given)

    def _take(self, tag: str, given: dict[str, str]) -> None:
        name, kind = given["name"], given.get("type", "text")
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = [name, ""]
        elif tag == "button" or (kind in ("checkbox", "radio") and "checked" not in given):
            if name not in self._form.names:
                self._form.fields.append((name, given.get("value", "on")))
        else:
            self._form.fields.append((name, given.get("value", "")))

    def _choose(self, given: dict[str, str]) -> None:
        there = dict(self._form.fields)
        if self._select not in there:
            self._form.fields.append((self._select, given.get("value", "")))
        elif "selected" in given:
            self._form.fields = [pair for pair in self._form.fields if pair[0] != self._select]
            self._form.fields.append((self._select, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area[1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._area and self._form:
            self._form.fields.append((self._area[0], self._area[1].removeprefix("\n")))
            self._area = None


def read(here: str, html: str) -> _Reader:
    """The links and forms of a page."""
    reader = _Reader(here)
    reader.feed(html)
    return reader


def own_path(link: str) -> str | None:
    """Path and query of a link that stays here and is not a static file; None for others."""
    parts = urlsplit(link)
    if parts.scheme not in ("", "http", "https") or parts.netloc not in ("", "localhost"):
        return None
    if not parts.path.startswith("/") or parts.path.startswith("/static/"):
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def shape(path: str) -> str:
    """A path without its ids and the values of its query, so that a crawl does not follow the same page for ever."""
    return re.sub(r"[0-9A-HJKMNP-TV-Z]{26}", "#", re.sub(r"=[^&]*", "", path))


def crawl(browser, starts: Iterable[str]) -> dict[str, object]:
    """The starts, and what one gets to from there by following links, three of a kind: path -> answer."""
    return dict(crawling(browser, starts))


def said_by(answer) -> str:
    """What an answer says: a page's text, or what stands on the pages of a PDF."""
    if answer.mimetype != "application/pdf" or not answer.data.startswith(b"%PDF-"):
        return answer.get_data().decode("utf-8", "replace")
    try:
        pages = pypdf.PdfReader(io.BytesIO(answer.data)).pages
        return "\n".join(page.extract_text() for page in pages)
    except pypdf.errors.PyPdfError:  # some files of the world are PDFs by name alone
        return answer.data.decode("utf-8", "replace")


def crawling(browser, starts: Iterable[str]) -> Iterator[tuple[str, object]]:
    """`crawl`, page by page: who has seen enough may stop."""
    seen: set[str] = set()
    starts = list(dict.fromkeys(starts))
    waiting, per_shape = list(starts), Counter()
    while waiting:
        path = waiting.pop(0)
        if path in seen or (path not in starts and per_shape[shape(path)] >= 3):
            continue
        per_shape[shape(path)] += 1
        seen.add(path)
        answer = browser.get(path)
        yield path, answer
        if answer.status_code in (301, 302, 303) and (onward := own_path(urljoin(path, answer.headers["Location"]))):
            waiting.append(onward)
        elif answer.mimetype == "text/html":
            page = read(path, answer.text)
            waiting += [onward for link in sorted(page.links) if (onward := own_path(link))]
            waiting += [onward for form in page.forms if form.method == "GET" and (onward := own_path(form.action))]

"""The slow edge: reading what goes into a package, binding the coach's copy and the client's, filing both.

Nothing is read or drawn inside a transaction. The row says what is to be done; a job only says “look now”. The client's
copy is bound of its own parts from the beginning: nothing is ever taken out of the coach's.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from .. import binding, clock, paper
from ..accounts.models import User
from ..agreements.rules import day_in_words
from ..db import transaction
from ..errors import Refused
from ..events import announce
from ..files import actions as files
from ..files.models import Document
from ..files.rules import Audience, Kind
from ..jobs import job
from .models import Package, PackageItem, cover_of, filed_on, goals_of
from .rules import (
    LEASE,
    NOT_PRINTABLE,
    PDF,
    State,
    is_printable,
    moment_in_words,
    pages_in_words,
)

log = logging.getLogger("coachbase")
MOST_ROUNDS = 4
"""How often contents and manifest are drawn until their own numbers of pages hold."""


@dataclass(frozen=True)
class Made:
    """A package is ready, and filed."""

    package: Package
    by: User | None


class Bound(NamedTuple):
    """A part of a package with its pages, or with the reason why it has none."""

    item: PackageItem
    sheaf: binding.Sheaf | None
    left_out: str


class _Overtaken(Exception):
    """Somebody asked for another package meanwhile, or another worker has made it."""


@job
def make(public_id: str) -> None:
    """Make a package, unless that is done, or another worker is at it."""
    package = _take(public_id)
    if package is None:
        return
    try:
        _make(package)
    except _Overtaken:
        log.info("package %s was made or changed by another meanwhile", public_id)
    except Exception as error:  # whatever it was, somebody is told, and can try again
        log.exception("package %s could not be made", public_id)
        _fail(package, error)


def _take(public_id: str) -> Package | None:
    """Take up what waits, and set when another may, should this worker die."""
    now = clock.now()
    with transaction():
        package = Package.with_copies().where(Package.public_id == public_id).first()
        if package is None or not package.is_worked_on:
            return None
        if package.state is State.LEASED and package.leased_until > now:
            return None
        package.state_name, package.leased_until, package.error = State.LEASED, now + LEASE, ""
        package.total = 2 * PackageItem.select().where(PackageItem.package == package).count() + 2
        package.done = 0
        package.save()
        return package


def _still(package: Package) -> bool:
    now = Package.get_by_id(package.id)
    return now.state is State.LEASED and now.fingerprint == package.fingerprint


def _step(package: Package, steps: int) -> None:
    """Say on screen how far it is, and keep the lease. Raises _Overtaken when it is not ours any more."""
    with transaction():
        if not _still(package):
            raise _Overtaken
        package.done, package.leased_until = package.done + steps, clock.now() + LEASE
        package.save()


def _fail(package: Package, error: Exception) -> None:
    sentence = str(error) if isinstance(error, Refused) else "The PDF could not be made. The server’s log says why."
    with transaction():
        if _still(package):
            Package.update(state_name=State.FAILED, error=sentence, leased_until=None).where(
                Package.id == package.id
            ).execute()


def _make(package: Package) -> None:
    parts = []
    for item in PackageItem.of(package):
        parts.append(_read(item))
        _step(package, 2)
    if not any(part.sheaf for part in parts):
        _note_reasons(package, parts)
        raise Refused("None of these could be read: below stands why. Put in others, or file them anew.")
    coach = _copy(package, parts)
    _step(package, 1)
    theirs = [part for part in parts if part.item.is_for_client]
    client = _copy(package, theirs) if any(part.sheaf for part in theirs) else b""
    _finish(package, parts, coach, client)


def _read(item: PackageItem) -> Bound:
    document = item.document
    if document is None or document.removed_at is not None:
        return Bound(item, None, "is not in the library any more")
    if not is_printable(document.media_type):
        return Bound(item, None, NOT_PRINTABLE)
    read = binding.read if document.media_type == PDF else binding.picture
    try:
        return Bound(item, read(document.content), "")
    except binding.Unreadable as why:
        return Bound(item, None, str(why))


def _note_reasons(package: Package, parts: Sequence[Bound]) -> None:
    with transaction():
        if not _still(package):
            raise _Overtaken
        _keep(parts)


def _keep(parts: Sequence[Bound]) -> None:
    for part in parts:
        part.item.pages, part.item.left_out = part.sheaf.pages if part.sheaf else 0, part.left_out
        part.item.save()


def _finish(package: Package, parts: Sequence[Bound], coach: bytes, client: bytes) -> None:
    with transaction():
        if not _still(package):
            raise _Overtaken
        _keep(parts)
        name = f"{package.title} - {package.client.name}"
        package.document = _file(package, coach, f"{name}, for the coach.pdf", package.document)
        package.client_document = _file(package, client, f"{name}.pdf", package.client_document) if client else None
        package.state_name, package.leased_until, package.made_at = State.READY, None, clock.now()
        package.done = package.total
        package.save()
        announce(Made(package, package.by if package.by_id else None))


def _file(package: Package, content: bytes, name: str, before: Document | None) -> Document:
    """For the coach only, both: the client's copy, too, until it is released."""
    return files.store(
        content,
        name,
        client=package.client,
        audience=Audience.COACH,
        kind=Kind.PACKAGE,
        dated_on=clock.now().date(),
        replaces=before,
        by=package.by if package.by_id else None,
    )


# One copy -------------------------------------------------------------------------------------------------------------


def _copy(package: Package, parts: Sequence[Bound]) -> bytes:
    """Cover, contents, goals, the parts, and the manifest: bound of these parts, and knowing of no others."""
    told = _told(package, parts)
    front, back = 2, 1
    for _ in range(MOST_ROUNDS):
        placed = _placed(parts, front)
        pages = front + sum(part.sheaf.pages for part in parts if part.sheaf)
        total = pages + back
        first = binding.own(paper.render("package", _front(told, placed, total)))
        last = binding.own(paper.render("manifest", _back(told, placed, pages + 1, total)))
        if (first.pages, last.pages) == (front, back):
            break
        front, back = first.pages, last.pages
    else:
        raise Refused("The contents could not be numbered. Leave a document out, and try again.")
    inner = [_part(told, part, number, total) for part, number in placed if part.sheaf]
    return binding.bind(
        [binding.Part("", first), *inner, binding.Part("", last)],
        title=f"{told['title']} · {told['client']['name']}",
        author=told["firm"]["name"],
        made_at=f"{datetime.fromisoformat(told['made_at']):D:%Y%m%d%H%M%SZ}",
    )


def _told(package: Package, parts: Sequence[Bound]) -> dict[str, Any]:
    """What both ends of a copy say; its date is that of the newest document in it, so that the same parts give the same
    bytes."""
    cover = cover_of(package)
    newest = max(filed_on(part.item.document) for part in parts if part.sheaf)
    client = {name: paper.drawable(words) for name, words in cover["client"].items()}
    facts = [["Coach", cover["coach"]]] if cover["coach"] else []
    if cover["session"]:
        label, starts_at, zone = cover["session"]
        facts.append(["Session", f"{label}, {moment_in_words(datetime.fromisoformat(starts_at), zone)}"])
    facts.append(["As of", day_in_words(newest.date())])
    return {
        "made_at": newest.isoformat(timespec="seconds"),
        "firm": cover["firm"] | {"name": paper.drawable(cover["firm"]["name"])},
        "title": paper.drawable(cover["title"]),
        "client": client,
        "facts": [[name, paper.drawable(words)] for name, words in facts],
        "goals": [{name: paper.drawable(words) for name, words in goal.items()} for goal in goals_of(package.client)],
    }


def _placed(parts: Sequence[Bound], front: int) -> list[tuple[Bound, int]]:
    """Each with the number of its first page; 0 for what has none."""
    placed, number = [], front + 1
    for part in parts:
        placed.append((part, number if part.sheaf else 0))
        number += part.sheaf.pages if part.sheaf else 0
    return placed


def _front(told: dict[str, Any], placed: Sequence[tuple[Bound, int]], total: int) -> dict[str, Any]:
    """What templates/pdf/package.typ draws."""
    contents = [
        {
            "title": paper.drawable(part.item.title),
            "note": _note(part),
            "page": number,
            "pages": part.sheaf.pages if part.sheaf else 0,
        }
        for part, number in placed
    ]
    return told | {"parts": contents, "total": total}


def _note(part: Bound) -> str:
    if part.left_out or part.item.document is None:
        return f"It {part.left_out}."
    return f"Filed {day_in_words(filed_on(part.item.document).date())}"


def _back(told: dict[str, Any], placed: Sequence[tuple[Bound, int]], first: int, total: int) -> dict[str, Any]:
    """What templates/pdf/manifest.typ draws."""
    rows = [
        {
            "title": paper.drawable(part.item.title),
            "name": paper.drawable(part.item.document.name) if part.item.document else "",
            "sha256": part.item.sha256,
            "pages": str(part.sheaf.pages) if part.sheaf else "0",
            "where": pages_in_words(number, part.sheaf.pages) if part.sheaf else "",
            "left_out": part.left_out,
        }
        for part, number in placed
    ]
    return told | {"rows": rows, "first": first, "total": total}


def _part(told: dict[str, Any], part: Bound, number: int, total: int) -> binding.Part:
    """The pages with a foot that says which of all pages each is."""
    assert part.sheaf is not None
    strips = [{"width": width, "number": f"{number + at} / {total}"} for at, width in enumerate(part.sheaf.widths)]
    left = f"{told['client']['name']} · {paper.drawable(part.item.title)} · Confidential"
    data = {"made_at": told["made_at"], "left": left, "high": binding.STRIP, "strips": strips}
    return binding.Part(part.item.title, part.sheaf, paper.render("strips", data))

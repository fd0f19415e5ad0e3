"""Search: a page, and the palette that lies over every other page. It finds what the reader may see, and no more."""

from dataclasses import dataclass, field

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..accounts.models import User
from ..clients.models import Client, Contact, Organisation
from ..clients.rules import LONGEST_SEARCH, Status, words_of
from ..files.models import Document
from ..files.rules import KIND_ICONS
from ..invoices.models import Invoice
from ..invoices.models import found as invoices_found
from .rules import DEEDS, MOST_OF_A_KIND, Deed, pieces

pages = Blueprint("search", __name__)

LATEST = 5
SHORTEST = 4
"""Letters of “assessments” that say it is meant."""


@dataclass(frozen=True)
class Find:
    """A line of what was found."""

    text: str
    href: str
    icon: str
    small: str = ""


@dataclass(frozen=True)
class Group:
    title: str
    finds: list[Find] = field(default_factory=list)


@pages.get("/search")
def search() -> ResponseReturnValue:
    """The page; to htmx the palette when it opens, then what it finds."""
    q = request.args.get("q", "")[:LONGEST_SEARCH].strip()
    words = words_of(q)
    user = current_user._get_current_object()
    found = (*_starts(user, words), *_assessed(user, words), *_people(user, words), *_places(user, words))
    groups = [group for group in found if group.finds]
    target = request.htmx.target if request.htmx else None
    template = {"palette": "search/_palette.html", None: "search/search.html"}.get(target, "search/_results.html")
    root = "results" if target in (None, "results") else "found"
    return render_template(template, q=q, words=words, groups=groups, root=root, pieces=pieces)


def _people(user: User, words: list[str]) -> tuple[Group, ...]:
    """Five queries, each behind the wall; with nothing typed, the latest clients."""
    if not words:
        return (Group("Latest clients", [_client(client) for client in Client.latest(user).limit(LATEST)]),)
    return (
        Group("Clients", [_client(client) for client in Client.found(user, words).limit(MOST_OF_A_KIND)]),
        Group("Sponsors", [_sponsor(sponsor) for sponsor in Organisation.found(user, words).limit(MOST_OF_A_KIND)]),
        Group("Contacts", [_contact(contact) for contact in Contact.found(user, words).limit(MOST_OF_A_KIND)]),
        Group("Invoices", [_invoice(found) for found in invoices_found(user, words).limit(MOST_OF_A_KIND)]),
        Group("Documents", [_document(found) for found in Document.found(user, words).limit(MOST_OF_A_KIND)]),
    )


def _starts(user: User, words: list[str]) -> tuple[Group, ...]:
    """“start bob”: the page that starts a program with Bob, for whoever may be started with now."""
    if words[:1] != ["start"] or not words[1:]:
        return ()
    found = Client.found(user, words[1:]).where(Client.status_name != Status.FORMER).limit(MOST_OF_A_KIND)
    finds = [Find(client.name, f"/clients/{client.public_id}/programs/new", "play", client.line) for client in found]
    return (Group("Start a program with", finds),)


def _assessed(user: User, words: list[str]) -> tuple[Group, ...]:
    """“assess bob”: where Bob’s assessments stand."""
    if not words[1:] or len(words[0]) < SHORTEST or not "assessments".startswith(words[0]):
        return ()
    found = Client.found(user, words[1:]).limit(MOST_OF_A_KIND)
    finds = [Find(each.name, f"/clients/{each.public_id}/assessments", "clipboard-check", each.line) for each in found]
    return (Group("Assessments of", finds),)


def _client(client: Client) -> Find:
    return Find(client.name, f"/clients/{client.public_id}", "user", client.line)


def _sponsor(sponsor: Organisation) -> Find:
    return Find(sponsor.name, f"/sponsors/{sponsor.public_id}", "building")


def _contact(contact: Contact) -> Find:
    at = contact.organisation
    return Find(contact.name, f"/sponsors/{at.public_id}", "id-card", f"{contact.role_label}, {at.name}")


def _invoice(invoice: Invoice) -> Find:
    return Find(invoice.label, invoice.page, "receipt", invoice.payer.name)


def _document(document: Document) -> Find:
    return Find(document.name, document.page, KIND_ICONS[document.kind], document.client.name)


def _places(user: User, words: list[str]) -> tuple[Group, Group]:
    """Pages of the menu and things to do, for this role; rooms.py lists the pages (see menu.py)."""
    menu = [Deed(item.label, item.href, item.icon, roles=item.roles) for item in current_app.config["PLACES"]]
    return _deeds("Do", DEEDS, user, words), _deeds("Go to", menu, user, words)


def _deeds(title: str, deeds: tuple[Deed, ...] | list[Deed], user: User, words: list[str]) -> Group:
    fit = [deed for deed in deeds if user.role in deed.roles and deed.answers(words)]
    return Group(title, [Find(deed.label, deed.href, deed.icon) for deed in fit[:MOST_OF_A_KIND]])

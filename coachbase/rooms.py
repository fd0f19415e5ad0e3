"""Every room, in the order of the menu: the table of contents."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint
from peewee import ModelSelect, Select, fn

from . import clock
from .accounts import public as accounts_public
from .accounts import views as accounts
from .accounts.models import User
from .agreements import public as agreements_public
from .agreements import views as agreements
from .assessments import views as assessments
from .audit import views as audit
from .availability import views as availability
from .billing import views as billing
from .boards import views as boards
from .boards.models import Card
from .books import views as books
from .calendar import views as calendar
from .clients import views as clients
from .clients.models import Client, Organisation
from .cohorts import views as cohorts
from .credentials import views as credentials
from .db import database
from .development import views as development
from .dunning import views as dunning
from .engagements import views as engagements
from .evidence import public as evidence_public
from .evidence import views as evidence
from .feeds import views as feeds
from .files import views as files
from .firm import views as firm
from .firm.models import day_of
from .home import views as home
from .instruments import views as instruments
from .intake import public as intake_public
from .intake import views as intake
from .invitations import public as invitations_public
from .invitations import views as invitations
from .invoices import public as invoices_public
from .invoices import views as invoices
from .invoices.models import to_review
from .logbook import views as logbook
from .mail import views as mail
from .mail.models import Message
from .numbers import views as numbers
from .packages import views as packages
from .payers import views as payers
from .payments import views as payments
from .planning import views as planning
from .polls import public as polls_public
from .polls import views as polls
from .portal import public as portal_public
from .portal import views as portal
from .programs import views as programs
from .raters import public as raters_public
from .raters import views as raters
from .requests import public as requests_public
from .requests import views as requests
from .scheduling import public as scheduling_public
from .scheduling import views as scheduling
from .search import views as search
from .sessions import views as sessions
from .timeline import views as timeline
from .tracking import views as tracking

BLUEPRINTS: tuple[Blueprint, ...] = (
    home.pages,
    boards.pages,
    boards.cards,
    boards.settings,
    calendar.pages,
    clients.pages,
    cohorts.pages,
    portal.pages,
    portal_public.pages,
    engagements.pages,
    sessions.pages,
    availability.pages,
    programs.pages,
    planning.pages,
    scheduling.pages,
    scheduling_public.pages,
    requests.pages,
    requests_public.pages,
    polls.pages,
    polls_public.pages,
    agreements.pages,
    agreements_public.pages,
    feeds.pages,
    search.pages,
    firm.pages,
    accounts.pages,
    accounts_public.doors,
    accounts_public.pages,
    timeline.pages,
    files.pages,
    evidence.pages,
    evidence_public.pages,
    instruments.pages,
    credentials.pages,
    assessments.pages,
    audit.pages,
    packages.pages,
    development.pages,
    mail.pages,
    invitations.pages,
    invitations_public.pages,
    intake.pages,
    intake_public.pages,
    invoices.pages,
    raters.pages,
    raters_public.pages,
    tracking.pages,
    dunning.pages,
    payers.pages,
    numbers.pages,
    logbook.pages,
    books.pages,
    billing.pages,
    payments.pages,
    invoices_public.pages,
)


@dataclass(frozen=True)
class MenuItem:
    """A noun in the sidebar; `key` follows `g` on the keyboard, `also` are addresses that are found under the noun."""

    label: str
    href: str
    icon: str
    key: str = ""
    group: str = "desk"
    roles: tuple[str, ...] = ("owner", "coach", "assistant")
    also: tuple[str, ...] = ()


MENU: tuple[MenuItem, ...] = (
    MenuItem("Today", "/", "sun", "t"),
    MenuItem("Onboarding", "/boards/onboarding", "kanban", "o", also=("/cards",)),
    MenuItem("Assessments", "/boards/assessments", "clipboard-check", "a", also=("/assessments", "/raters")),
    MenuItem("Calendar", "/calendar", "calendar", "k", also=("/sessions", "/slots", "/planning")),
    MenuItem("Clients", "/clients", "users", "c", also=("/engagements", "/polls")),
    MenuItem("Cohorts", "/cohorts", "cohort", "h"),
    MenuItem("Sponsors", "/sponsors", "building", "s"),
    MenuItem(
        "Invoices",
        "/invoices",
        "receipt",
        "i",
        also=("/billing", "/charges", "/payments", "/reminders", "/books", "/logbook"),
    ),
    MenuItem("Library", "/library", "library", "l", also=("/documents",)),
    MenuItem("Mail", "/mail", "mail", "m", "practice", also=("/replies",)),
    MenuItem("Settings", "/settings", "settings", ",", "practice", also=("/account", "/audit", "/codes")),
)

SETTINGS: tuple[MenuItem, ...] = (
    MenuItem("Firm", "/settings/firm", "building", roles=("owner",)),
    MenuItem("Team", "/settings/team", "users", roles=("owner",)),
    MenuItem("Invoicing", "/settings/invoicing", "receipt", roles=("owner",)),
    MenuItem("Availability", "/settings/availability", "calendar-clock"),
    MenuItem("Other calendars", "/settings/calendars", "calendar-days"),
    MenuItem("Calendar links", "/settings/feeds", "link"),
    MenuItem("Programs", "/settings/programs", "list-checks", roles=("owner", "assistant")),
    MenuItem("Agreements", "/settings/agreements", "signature", roles=("owner", "assistant")),
    MenuItem(
        "Instruments",
        "/settings/instruments",
        "clipboard-list",
        roles=("owner", "assistant"),
        also=("/settings/batteries", "/settings/credits", "/codes"),
    ),
    MenuItem("Forms", "/settings/forms", "clipboard-check", roles=("owner", "assistant")),
    MenuItem("Stages", "/settings/stages", "kanban", roles=("owner", "assistant")),
    MenuItem("Mail texts", "/settings/mail-texts", "sticky-note", roles=("owner", "assistant")),
    MenuItem("Mail server", "/settings/mail", "send", roles=("owner",)),
    MenuItem("Answers by mail", "/settings/replies", "reply", roles=("owner",)),
    MenuItem("Seal", "/settings/seal", "shield-check", roles=("owner",)),
    MenuItem("What was opened", "/audit", "eye", roles=("owner", "coach")),
)

COUNTS: dict[str, Callable[[User], ModelSelect]] = {
    "/boards/onboarding": Card.open_count,
    "/boards/assessments": Card.open_assessments,
    "/clients": Client.current_count,
    "/sponsors": Organisation.count_for,
    "/invoices": lambda user: to_review(user, day_of(clock.now())),
    "/mail": Message.in_trouble,
}
"""The count of open things beside a menu item, for the reader."""


def open_things(user: User) -> tuple[dict[str, int], bool]:
    """The counts, and whether messages wait because nobody set up the mail server: all in one statement."""
    asked = [*(count(user) for count in COUNTS.values()), fn.EXISTS(Message.waiting_for_server())]
    *counts, mail_waits = next(database.execute(Select(columns=asked)))
    return dict(zip(COUNTS, counts, strict=True)), bool(mail_waits)

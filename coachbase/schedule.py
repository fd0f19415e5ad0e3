"""Everything that happens by the clock, in one list."""

from functools import cache

from . import jobs, tidying
from .agreements import actions as agreements
from .availability import actions as availability
from .billing import actions as billing
from .credentials import actions as credentials
from .dunning import actions as dunning
from .engagements import actions as engagements
from .feeds import actions as feeds
from .files import actions as files
from .intake import actions as intake
from .invitations import actions as invitations
from .invoices import actions as invoices
from .mail import actions as mail
from .packages import actions as packages
from .polls import actions as polls
from .portal import actions as portal


@cache
def set_clock() -> None:
    """Tell huey the timetable, once per process."""
    jobs.at(jobs.beat, minute="*")
    jobs.at(mail.sweep, minute="*")
    jobs.at(agreements.sweep, minute="*")
    jobs.at(feeds.sweep, minute="*")
    jobs.at(packages.sweep, minute="*")
    jobs.at(invoices.sweep, minute="*")
    jobs.at(invoices.note_overdue, minute="*/5")
    jobs.at(dunning.sweep, minute="*")
    jobs.at(files.sweep, minute="*")
    jobs.at(polls.sweep, minute="*/5")
    jobs.at(portal.remind_due, minute="*/15")
    jobs.at(portal.chase_raters, minute="*/15")
    jobs.at(dunning.remind_due, minute="*/15")
    jobs.at(invitations.remind_due, minute="*/5")
    jobs.at(invitations.read_mailbox, minute="*/5")
    jobs.at(engagements.look_ahead, minute="5")
    jobs.at(billing.propose_due, minute="20")
    jobs.at(tidying.forget_spent_rows, hour="3", minute="10")
    jobs.at(files.forget, hour="3", minute="15")
    jobs.at(credentials.expire, hour="0", minute="15")
    jobs.at(availability.keep_holidays_ahead, hour="3", minute="30")
    jobs.at(intake.forget_abandoned, hour="3", minute="20")

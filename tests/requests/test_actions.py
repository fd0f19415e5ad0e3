"""Asking a client to book: what is asked, what answers it, and what is asked for again."""

import pytest

from coachbase import clock
from coachbase.availability.rules import SessionKind, minute_of
from coachbase.engagements.models import Engagement
from coachbase.errors import Refused
from coachbase.events import _listeners
from coachbase.requests import actions
from coachbase.requests.models import Request
from coachbase.requests.rules import RequestState
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions.models import CoachingSession
from tests.scheduling.conftest import DAY, HOUR, MONDAY, THURSDAY

COACHING = SessionKind.COACHING


def ask(cast, program, kind=COACHING):
    return actions.ask(cast.bob, cast.alice, kind, minutes=60, engagement=program, by=None)


def fate(request):
    return Request.get_by_id(request.id).state


def test_a_booking_answers_what_was_asked_in_this_program_and_nothing_else(cast, book, program):
    other = Engagement.create(
        client=cast.bob, coach=cast.alice, name="Other", currency="GBP", state_name="active",
        starts_on=program.starts_on, created_at=MONDAY, onboarded_at=MONDAY,
    )  # fmt: skip
    elsewhere, asked, kickoff = ask(cast, other), ask(cast, program), ask(cast, program, SessionKind.KICKOFF)
    session = book()
    assert (fate(asked), fate(elsewhere), fate(kickoff)) == ("booked", "asked", "asked")
    assert Request.get_by_id(asked.id).session == session


def test_asking_twice_is_asking_once(cast, program, heard):
    assert ask(cast, program) == ask(cast, program)
    assert len(heard) == 1


def test_what_was_cancelled_is_asked_for_again(cast, book, program):
    asked = ask(cast, program)
    scheduling.cancel(book(), side=Side.COACH, reason="ill", by=cast.vera)
    assert fate(asked) is RequestState.ASKED


def test_what_is_used_up_is_not_asked_for_again_but_a_kickoff_is(cast, book, program):
    coaching, kickoff = ask(cast, program), ask(cast, program, SessionKind.KICKOFF)
    first, second = book(), book(THURSDAY + 2 * HOUR, kind=SessionKind.KICKOFF)
    with clock.pretend(THURSDAY - HOUR):
        for session in (first, second):
            scheduling.cancel(session, side=Side.CLIENT, reason="cannot come", by=None)
    assert (fate(coaching), fate(kickoff)) == ("booked", "asked")


def test_nothing_is_asked_for_in_a_program_that_is_over(cast, book, program):
    asked = ask(cast, program)
    session = book()
    Engagement.update(state_name="ended").execute()
    scheduling.cancel(session, side=Side.FIRM, reason="the program ended", by=cast.vera)
    assert fate(asked) is RequestState.BOOKED


def test_what_is_withdrawn_is_asked_no_more_and_what_is_booked_stays_booked(cast, book, program):
    first, second = ask(cast, program), ask(cast, program, SessionKind.CLOSING)
    book()
    for request in (first, second):
        actions.withdraw(request, by=cast.vera)
    assert (fate(first), fate(second)) == ("booked", "withdrawn")


def test_what_was_booked_or_withdrawn_meanwhile_is_neither_booked_nor_answered(cast, book, program):
    facts = {"minutes": 60, "engagement": program, "by": cast.vera}
    first = actions.ask(cast.bob, cast.alice, COACHING, **facts)
    book()
    second = actions.ask(cast.bob, cast.alice, COACHING, **facts)
    actions.withdraw(second, by=cast.vera)
    for request in (first, second):
        with pytest.raises(Refused, match="booked already"):
            actions.book_asked(request, minute_of(THURSDAY + DAY), via=Via.CLIENT)
        with pytest.raises(Refused, match="booked already"):
            actions.tell_none_suits(request, "None", side=Side.CLIENT)
    assert CoachingSession.select().count() == 1


def test_a_session_that_takes_place_after_all_is_asked_for_no_more(cast, book, program):
    asked = ask(cast, program)
    session = book()
    scheduling.cancel(session, side=Side.COACH, reason="ill", by=cast.vera)
    assert fate(asked) is RequestState.ASKED
    scheduling.restore(session, reason="a mistake", by=cast.vera)
    assert (fate(asked), Request.get().session) == (RequestState.BOOKED, session)


def test_a_session_that_moves_or_is_elsewhere_answers_nothing(cast, book, program):
    session = book()
    asked = ask(cast, program)
    scheduling.move(session, THURSDAY + HOUR, side=Side.FIRM, via=Via.STAFF, by=cast.vera)
    scheduling.place(session, "room", "2 Mill Lane", by=cast.vera)
    assert fate(asked) is RequestState.ASKED


def test_a_booking_that_fails_in_what_follows_leaves_the_request_as_it_was(cast, book, program, monkeypatch):
    """What becomes of a request is one transaction with the booking."""
    asked = ask(cast, program)

    def fail(event):
        raise RuntimeError("the disk is full")

    monkeypatch.setitem(_listeners, scheduling.Booked, [*_listeners[scheduling.Booked], fail])
    with pytest.raises(RuntimeError, match="the disk is full"):
        book()
    assert (fate(asked), CoachingSession.select().count()) == (RequestState.ASKED, 0)

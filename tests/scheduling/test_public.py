"""Moving and cancelling by link: what is offered, what is done, and what it says of the costs."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client
from coachbase.engagements.models import Engagement
from coachbase.scheduling import actions
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions.models import CoachingSession, LedgerEntry
from coachbase.sessions.rules import State
from coachbase.timeline.models import Entry
from tests.scheduling.by_link import MONDAY, at, booked, times, words


@pytest.fixture(autouse=True)
def monday(time_machine):
    """Eight in the morning in London, noon in Dubai."""
    time_machine.move_to(MONDAY, tick=False)


def test_bob_moves_a_session(holder, session):
    said = words(holder.get("/p/session"))
    assert "Coaching session with Alice Kern" in said
    assert "Monday 30 November, 13:00 Dubai time" in said
    page = holder.get("/p/session/move")
    assert "<h2>Monday 30 November</h2>" in page.text, "the times around the one it has come first"
    assert "<h2>Tuesday 24 November</h2>" in holder.get("/p/session/move?from=2026-11-24").text
    assert at(30, 9) not in [start for start, _ in times(page)]
    question = words(holder.get(f"/p/session/move/confirm?start={at(30, 14)}"))
    assert "moves from Monday 30 November, 13:00, to: When Monday 30 November, 18:00 Dubai time" in question
    typed = {"start": at(30, 14), "version": session.version}
    long = holder.post("/p/session/move", data=typed | {"reason": "why" * 999})
    assert (long.status_code, "At most" in long.text) == (422, True)
    answer = holder.post("/p/session/move", data=typed | {"reason": "A board meeting"})
    assert answer.location == "/p/session?done=moved"
    now = CoachingSession.known_as(session.public_id)
    assert now.reason == "A board meeting"
    assert "by the client (A board meeting)" in Entry.select().order_by(Entry.id.desc()).get().sentence
    assert (now.starts_at.hour, now.moves, now.sequence) == (14, 1, 1)
    assert "It has moved." in words(holder.get("/p/session?done=moved"))
    typed = {"start": at(30, 15), "version": now.version, "zone": "America/New_York"}
    moved = words(holder.get(holder.post("/p/session/move", data=typed).location))
    assert "It has moved." in moved
    assert "10:00 New York time" in moved


def test_a_session_moves_to_no_time_that_is_not_offered(holder, session, cast, engagement):
    booked(cast, engagement, at(30, 11))
    for start in (at(30, 11), at(30, 3), at(30, 14) + 7, "", "x"):
        answer = holder.post("/p/session/move", data={"start": start, "version": session.version})
        assert answer.status_code == 422, start
    assert CoachingSession.known_as(session.public_id).starts_at == session.starts_at


def test_less_than_a_day_before_one_writes_to_us_instead(holder, session, time_machine):
    time_machine.move_to(session.starts_at - timedelta(hours=23), tick=False)
    page = holder.get("/p/session")
    assert "It is less than 24 hours until then. To move it, please write to us" in words(page)
    assert "vera@northbank.example" in page.text
    assert "Move it" not in page.text
    assert holder.get("/p/session/move").location == "/p/session"
    assert holder.post("/p/session/move", data={"start": at(30, 14), "version": 1}).status_code == 422
    assert CoachingSession.known_as(session.public_id).starts_at == session.starts_at


@pytest.mark.parametrize(
    ("hours", "charged", "said", "state"),
    [
        (25, True, "It costs nothing", State.CANCELLED),
        (23, True, "the session counts as used", State.LATE_CANCELLED),
        (23, False, "It costs nothing", State.CANCELLED),
    ],
)
def test_before_cancelling_it_says_what_that_costs(
    holder, session, engagement, time_machine, hours, charged, said, state
):
    Engagement.update(late_is_charged=charged).execute()
    time_machine.move_to(session.starts_at - timedelta(hours=hours), tick=False)
    assert said in words(holder.get("/p/session/cancel"))
    assert holder.post("/p/session/cancel", data={"reason": "", "version": session.version}).status_code == 422
    answer = holder.post("/p/session/cancel", data={"reason": "A board meeting", "version": session.version})
    assert answer.location == "/p/session"
    assert CoachingSession.known_as(session.public_id).state is state
    assert LedgerEntry.balance(engagement).used == (state is State.LATE_CANCELLED)
    assert "This session was cancelled." in words(holder.get("/p/session"))
    assert holder.post("/p/session/cancel", data={"reason": "Again", "version": 1}).location == "/p/session"


def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten(holder, session, cast):
    actions.move(
        session, datetime(2026, 12, 1, 9, tzinfo=UTC), side=Side.FIRM, via=Via.STAFF, reason="A strike", by=cast.vera
    )
    answer = holder.post("/p/session/cancel", data={"reason": "A flight", "version": session.version})
    assert answer.status_code == 409
    assert "This was changed meanwhile, so nothing was done." in words(answer)
    assert "Tuesday 1 December" in words(answer)
    assert holder.post("/p/session/move", data={"start": at(30, 14), "version": session.version}).status_code == 409


def test_a_meeting_with_the_sponsor_is_not_bobs_alone_to_move(come, cast, engagement):
    meeting = actions.book(
        cast.alice, SessionKind.THREE_WAY, datetime(2026, 11, 30, 9, tzinfo=UTC), 60, via=Via.STAFF,
        client=engagement.client, engagement=engagement, contacts=[cast.sam], by=cast.vera,
    )  # fmt: skip
    holder = come("session", meeting)
    assert "Sam Okafor will be there, too. Please write to us" in words(holder.get("/p/session"))
    assert holder.get("/p/session/cancel").location == "/p/session"
    for path, body in (("move", {"start": at(30, 14)}), ("cancel", {"reason": "No"})):
        assert holder.post(f"/p/session/{path}", data=body | {"version": meeting.version}).status_code == 422
    assert CoachingSession.known_as(meeting.public_id).state is State.BOOKED


def test_what_has_begun_stays(holder, session, time_machine):
    time_machine.move_to(session.starts_at + timedelta(minutes=1), tick=False)
    assert "This session has begun, or is over." in words(holder.get("/p/session"))
    assert holder.post("/p/session/cancel", data={"reason": "Late", "version": 1}).status_code == 422


def test_eve_moves_what_is_booked(come, session):
    Client.update(assistant_email="eve@brightwater.example").execute()
    eve = come("session_assistant", session)
    assert eve.post("/p/session/move", data={"start": at(30, 14), "version": 1}).status_code == 303
    assert CoachingSession.known_as(session.public_id).starts_at.hour == 14


def test_what_the_page_does_not_offer_is_not_done_when_it_is_sent_nevertheless(come, holder, session, cast, engagement):
    assert holder.post("/p/session/move", data={"version": session.version}).status_code == 422
    meeting = booked(cast, engagement, at(26, 9), kind=SessionKind.THREE_WAY, contacts=[cast.sam])
    other = come("session", meeting)
    typed = {"start": at(27, 9), "reason": "A train", "version": meeting.version}
    for act in ("move", "cancel"):
        answer = other.post(f"/p/session/{act}", data=typed)
        assert (answer.status_code, "Sam Okafor will be there, too" in answer.text) == (422, True)
    assert {one.sequence for one in CoachingSession.select()} == {0}


def test_a_kickoff_is_not_moved_by_link_before_the_first_day_of_its_program(come, cast, engagement):
    Engagement.update(starts_on=date(2026, 12, 7)).execute()
    session = booked(cast, engagement, at(10, 9, 12), kind=SessionKind.KICKOFF)
    browser = come("session", session)
    assert re.findall(r"<h2>(.*?)</h2>", browser.get("/p/session/move?from=2026-11-24").text)[0] == "Monday 7 December"
    form = {"start": str(at(4, 9, 12)), "version": str(session.version)}
    assert browser.post("/p/session/move", data=form).status_code == 422
    assert CoachingSession.get().starts_at == session.starts_at

"""The one path: what a booking, a move, a cancellation and a hold write, and what each of them refuses."""

from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.availability.models import Availability, SpecialDay
from coachbase.availability.rules import SessionKind, minute_of
from coachbase.clients.models import Client, Contact, Organisation
from coachbase.engagements.models import Engagement
from coachbase.errors import Refused, Stale
from coachbase.feeds.models import Busy, Feed
from coachbase.scheduling import actions
from coachbase.scheduling.actions import Booked, Cancelled, Moved, PeopleChanged
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions import actions as sessions
from coachbase.sessions.models import Attendee, CoachingSession, Hold, LedgerEntry
from coachbase.sessions.rules import State
from coachbase.timeline.models import Entry
from tests.scheduling.conftest import DAY, HOUR, MONDAY, THURSDAY

COACHING, GROUP = SessionKind.COACHING, SessionKind.GROUP


@pytest.fixture
def dana(cast) -> Client:
    """Another client of Alice's."""
    return Client.create(
        name="Dana Whitfield", email="dana@elsewhere.example", coach=cast.alice, zone="Europe/London", created_at=MONDAY
    )


def now(session):
    return CoachingSession.known_as(session.public_id)


def sentences(client):
    return [entry.sentence for entry in Entry.select().where(Entry.client == client).order_by(Entry.id)]


def lines(program):
    return [(line.entry, line.count) for line in LedgerEntry.of(program)][1:]  # the first is what was bought


def refused(sentence, act, *args, **kwargs):
    with pytest.raises(Refused, match=sentence):
        act(*args, **kwargs)


@pytest.mark.parametrize("via", [Via.CLIENT, Via.POLL])
def test_the_ledger_says_whose_act_a_line_was(book, program, via):
    session = book(via=via, by=None)
    actions.cancel(session, side=Side.CLIENT, reason="a train", by=None)
    bought, *hands = [line.hand for line in LedgerEntry.of(program)]
    assert bought == "itself"
    assert set(hands) == {"a personal link"}


# Booking --------------------------------------------------------------------------------------------------------------


def test_a_booking_writes_session_people_ledger_and_timeline_together(cast, book, program, heard):
    session = now(book(contacts=[cast.sam]))
    assert (session.starts_at, session.minutes, session.state) == (THURSDAY, 60, State.BOOKED)
    assert (session.zone, session.via, session.sequence) == ("Europe/London", "staff", 0)
    assert session.uid == f"{session.public_id}@localhost"
    assert (session.before_minutes, session.after_minutes) == (0, 15)
    assert [(each.name, each.role_name, each.zone) for each in Attendee.of(session)] == [
        ("Bob Haddad", "client", "Asia/Dubai"),
        ("Sam Okafor", "sponsor", "Europe/London"),
    ]
    assert lines(program) == [("booked", 1)]
    assert LedgerEntry.balance(program).left == 5
    assert sentences(cast.bob)[-1] == "Coaching session booked for Thursday 26 November, 10:00"
    assert [type(each) for each in heard] == [Booked]


def test_a_booking_that_is_refused_leaves_nothing(cast, book, program, heard):
    before = sentences(cast.bob)
    book()
    count = len(sentences(cast.bob))
    refused("10:00 with Bob", book, THURSDAY + timedelta(minutes=30))
    assert CoachingSession.select().count() == 1
    assert len(sentences(cast.bob)) == count > len(before)
    assert lines(program) == [("booked", 1)]
    assert len(heard) == 1


def test_seconds_are_cut_off(book):
    assert now(book(THURSDAY + timedelta(seconds=59))).starts_at == THURSDAY


def test_whoever_holds_a_link_learns_nothing_of_the_reasons(book, dana):
    book()
    with pytest.raises(Refused) as refusal:
        book(THURSDAY, via=Via.CLIENT, by=None)
    assert str(refusal.value) == "This time has just gone. Please choose another."


@pytest.mark.parametrize("via", [Via.CLIENT, Via.ASSISTANT, Via.POLL, Via.SEAT])
def test_only_staff_book_against_a_rule_even_with_a_reason(book, via):
    refused("just gone", book, THURSDAY + 8 * HOUR, via=via, despite="I would like to")
    assert now(book(THURSDAY + 8 * HOUR, despite="She asked for the evening"))


def test_staff_are_told_the_rule_and_their_reason_is_kept(cast, book, program):
    refused("outside the open hours.*Say why", book, THURSDAY + 8 * HOUR)
    book(THURSDAY + 8 * HOUR, despite="she asked for the evening")
    assert sentences(cast.bob)[-1].endswith("(she asked for the evening)")
    assert [line.reason for line in LedgerEntry.of(program)][-1] == "she asked for the evening"


def test_nobody_books_over_a_session_or_in_the_past_whatever_the_reason(book):
    book()
    refused("cannot be had.*10:00 with Bob", book, THURSDAY, despite="I insist")
    refused("it is past", book, MONDAY - HOUR, despite="I insist")


def test_every_party_is_asked_not_only_the_coach(cast, book, dana, program):
    book(contacts=[cast.sam])
    refused("Bob Haddad: has another session then", book, coach=cast.carol, despite="Alice is away")
    dana.organisation = cast.brightwater
    dana.save()
    hers = {"client": dana, "engagement": None, "coach": cast.carol, "kind": SessionKind.CHEMISTRY}
    refused("Sam Okafor: has another session then", book, contacts=[cast.sam], **hers)


def test_a_client_in_a_group_is_not_free_for_another_session(cast, book, dana):
    book(kind=GROUP, client=None, engagement=None, members=[cast.bob, dana])
    refused("Bob Haddad: has another session then", book, coach=cast.carol, despite="Alice is away")


def test_who_left_a_group_is_free_again(cast, book, dana):
    group = book(kind=GROUP, client=None, engagement=None, members=[cast.bob, dana])
    actions.leave(Attendee.get(Attendee.session == group, Attendee.client == cast.bob), by=cast.vera)
    assert book(coach=cast.carol, despite="Alice is away")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"client": "dana"}, "another client’s"),
        ({"coach": "carol"}, "Somebody else coaches in this program"),
        ({"client": None}, "whom the session is with"),
        ({"kind": GROUP}, "for its group"),
        ({"contacts": ["stranger"]}, "a contact of the client’s organisation"),
        ({"minutes": 9}, "from 10 minutes to 8 hours"),
        ({"minutes": 481}, "from 10 minutes to 8 hours"),
        ({"engagement": None}, "There is no program yet"),
    ],
)
def test_people_and_program_of_a_session_belong_together(cast, book, dana, facts, sentence):
    elsewhere = Organisation.create(name="Elsewhere", created_at=MONDAY)
    known = {
        "dana": dana,
        "carol": cast.carol,
        "stranger": Contact.create(organisation=elsewhere, name="Max", email="max@elsewhere.example"),
    }
    given = {
        name: [known[each] for each in value]
        if isinstance(value, list)
        else known.get(value, value)
        if isinstance(value, str)
        else value
        for name, value in facts.items()
    }
    refused(sentence, book, **given)
    assert not CoachingSession.select().exists()


def test_a_session_without_a_place_is_refused(cast, book):
    Availability.delete().execute()
    refused("Say where it is", book)
    assert now(book(place_kind="phone", place="+44 20 7946 0000")).where == ("phone", "+44 20 7946 0000")


@pytest.mark.parametrize("state", ["draft", "paused", "completed", "ended"])
def test_the_program_is_read_anew_inside_the_transaction(book, program, state):
    """Whoever looked at an active program an hour ago must not book in one that has ended since."""
    known = Engagement.get_by_id(program.id)
    if state == "draft":
        program = Engagement.create(
            client=program.client, coach=program.coach, name="Next", currency="GBP", sessions=6,
            starts_on=program.starts_on, created_at=MONDAY,
        )  # fmt: skip
        known = Engagement.get_by_id(program.id)
        known.state_name = "active"
    else:
        Engagement.update(state_name=state).where(Engagement.id == program.id).execute()
    refused("Say why|Let it go on", book, engagement=known)
    assert book(engagement=known, despite="We agreed on the phone")


def test_a_kickoff_is_booked_before_all_have_signed_and_before_anything_is_bought(cast, book, program):
    draft = Engagement.create(
        client=cast.bob, coach=cast.alice, name="Next", currency="GBP", sessions=1, starts_on=program.starts_on,
        created_at=MONDAY,
    )  # fmt: skip
    refused("not signed by all yet", book, engagement=draft)
    assert book(kind=SessionKind.KICKOFF, engagement=draft)
    refused("no session left", book, THURSDAY + DAY, kind=SessionKind.KICKOFF, engagement=draft)


def test_what_a_program_has_is_what_may_be_booked(book, program):
    for day in range(6):
        book(THURSDAY + 7 * day * DAY)
    refused("no session left", book, THURSDAY + 42 * DAY)
    refused("no session left", book, THURSDAY + 42 * DAY, via=Via.CLIENT, by=None)
    assert book(THURSDAY + 42 * DAY, kind=SessionKind.THREE_WAY), "a three-way comes beside the sessions"
    book(THURSDAY + 49 * DAY, despite="a present")
    assert LedgerEntry.balance(program).left == -1


def test_a_program_without_a_number_of_sessions_has_no_end_of_them(book, program):
    program.sessions = 0
    program.save()
    for day in range(8):
        book(THURSDAY + 7 * day * DAY)


def test_holidays_blackouts_and_other_calendars_are_asked(cast, book):
    SpecialDay.create(coach=cast.alice, first=THURSDAY.date(), last=THURSDAY.date(), why="dentist")
    feed = Feed.create(coach=cast.alice, name="Outlook", address="https://x.example/a.ics", created_at=MONDAY)
    feed.ok_at = MONDAY
    feed.save()
    Busy.create(feed=feed, begins_at=THURSDAY + DAY, ends_at=THURSDAY + DAY + HOUR)
    refused("dentist", book)
    refused("a busy time in Outlook", book, THURSDAY + DAY)
    assert book(THURSDAY + DAY, despite="the meeting was moved")


def test_a_stale_calendar_is_neither_free_nor_busy(cast, book):
    feed = Feed.create(
        coach=cast.alice, name="Outlook", address="https://x.example/a.ics", created_at=MONDAY, ok_at=MONDAY - 7 * HOUR
    )
    Busy.create(feed=feed, begins_at=THURSDAY, ends_at=THURSDAY + HOUR)
    assert book()


# Moving ---------------------------------------------------------------------------------------------------------------


def move(session, to, **facts):
    actions.move(session, to, **{"side": Side.FIRM, "via": Via.STAFF, "by": None} | facts)


def test_a_move_is_a_new_edition_of_the_same_event(cast, book, program, heard):
    session = book()
    move(session, THURSDAY + HOUR, reason="a train", by=cast.vera)
    moved = now(session)
    assert (moved.starts_at, moved.ends_at) == (THURSDAY + HOUR, THURSDAY + 2 * HOUR)
    assert (moved.uid, moved.sequence, moved.version, moved.moves) == (session.uid, 1, 2, 1)
    assert (moved.reason, lines(program)) == ("a train", [("booked", 1)])
    assert sentences(cast.bob)[-1] == "Coaching session moved to Thursday 26 November, 11:00 (a train)"
    assert isinstance(heard[-1], Moved)
    assert heard[-1].was == THURSDAY


def test_a_move_to_where_it_is_changes_nothing(book, heard):
    session = book()
    move(session, THURSDAY)
    assert (now(session).sequence, len(heard)) == (0, 1)


def test_a_session_may_be_resized_and_not_beyond_reason(book):
    session = book()
    move(session, THURSDAY, minutes=90)
    assert now(session).minutes == 90
    refused("from 10 minutes", move, session, THURSDAY, minutes=5)


def test_a_move_asks_every_party(cast, book, dana, program):
    book(THURSDAY + HOUR, coach=cast.carol, despite="Alice is away")
    session = book()
    refused("Bob Haddad: has another session then", move, session, THURSDAY + HOUR)
    refused("just gone", move, session, THURSDAY + HOUR, side=Side.CLIENT, via=Via.CLIENT)
    assert now(session).starts_at == THURSDAY


def test_a_session_may_move_into_its_own_time(book):
    session = book()
    move(session, THURSDAY + timedelta(minutes=30))
    assert now(session).starts_at == THURSDAY + timedelta(minutes=30)


def test_a_stale_move_changes_nothing(book):
    session = book()
    move(session, THURSDAY + HOUR, version=1)
    with pytest.raises(Stale):
        move(session, THURSDAY + 2 * HOUR, version=1)
    assert now(session).starts_at == THURSDAY + HOUR


@pytest.mark.parametrize(
    ("side", "via", "hours", "may"),
    [
        (Side.CLIENT, Via.CLIENT, 25, True),
        (Side.CLIENT, Via.CLIENT, 23, False),
        (Side.ASSISTANT, Via.ASSISTANT, 23, False),
        (Side.CLIENT, Via.STAFF, 23, True),  # she rang, and the desk decides
        (Side.COACH, Via.STAFF, 1, True),
        (Side.FIRM, Via.STAFF, 1, True),
        (Side.FIRM, Via.STAFF, 0, False),
    ],
)
def test_who_may_move_at_which_notice(book, side, via, hours, may):
    session = book()
    with clock.pretend(THURSDAY - hours * HOUR):
        if may:
            move(session, THURSDAY + 4 * DAY, side=side, via=via, despite="we agreed")
        else:
            refused("less than 24 hours|has begun", move, session, THURSDAY + 4 * DAY, side=side, via=via)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("cancelled", "is not booked any more"),
        ("late_cancelled", "is not booked any more"),
        ("held", "is over"),
        ("no_show", "is over"),
    ],
)
def test_what_is_over_is_neither_moved_nor_cancelled_nor_placed(cast, book, state, why):
    session = book()
    CoachingSession.update(state_name=state).execute()
    refused(why, move, session, THURSDAY + HOUR)
    refused(why, actions.cancel, session, side=Side.FIRM, reason="", by=cast.vera)
    refused(why, actions.place, session, "phone", "1", by=cast.vera)


def test_sessions_that_move_together_may_take_each_others_places(cast, book, heard):
    first, second = book(), book(THURSDAY + HOUR + timedelta(minutes=15))
    actions.move_together(
        [(first, second.starts_at), (second, first.starts_at)], reason="swapped", despite="-", by=cast.vera
    )
    assert (now(first).starts_at, now(second).starts_at) == (second.starts_at, first.starts_at)
    assert {now(first).state, now(second).state} == {State.BOOKED}
    assert [type(each) for each in heard[2:]] == [Moved, Moved]


def test_sessions_move_together_or_not_at_all(cast, book, dana, heard):
    first, second, third = book(), book(THURSDAY + 2 * HOUR), book(THURSDAY + 4 * HOUR)
    aims = [(first, THURSDAY + DAY), (second, third.starts_at)]
    said = "Bob Haddad, Thursday 26 November, 14:00: .*14:00 with Bob"
    refused(said, actions.move_together, aims, reason="", by=cast.vera)
    assert [now(each).starts_at for each in (first, second)] == [THURSDAY, THURSDAY + 2 * HOUR]
    assert {now(each).state for each in (first, second)} == {State.BOOKED}
    assert len(heard) == 3


@pytest.mark.parametrize(("state", "begins"), [("cancelled", THURSDAY), ("held", THURSDAY), ("booked", MONDAY - HOUR)])
def test_with_others_too_only_what_is_booked_and_has_not_begun_moves(cast, book, state, begins):
    first, second = book(), book(THURSDAY + 2 * HOUR)
    there = CoachingSession.id == first.id
    CoachingSession.update(state_name=state, starts_at=begins, ends_at=begins + HOUR).where(there).execute()
    aims = [(second, THURSDAY + DAY), (first, THURSDAY + 2 * DAY)]
    refused("not booked any more|is over|has begun", actions.move_together, aims, reason="", despite="-", by=cast.vera)
    assert (now(first).state, now(first).starts_at, now(second).starts_at) == (state, begins, THURSDAY + 2 * HOUR)


def test_what_was_not_cancelled_is_not_restored(cast, book, program):
    session = book()
    refused("is not cancelled", actions.restore, session, reason="a mistake", by=cast.vera)
    assert (now(session).sequence, lines(program)) == (0, [("booked", 1)])


def test_who_stays_among_those_who_move_hears_nothing(cast, book, heard):
    first, second = book(), book(THURSDAY + 2 * HOUR)
    actions.move_together([(first, THURSDAY), (second, THURSDAY + DAY)], reason="", by=cast.vera)
    assert (now(first).sequence, now(second).sequence, len(heard)) == (0, 1, 3)


def test_another_place_is_a_new_edition_and_nowhere_is_refused(cast, book, heard):
    session = book()
    actions.place(session, "room", "2 Mill Lane", version=1, by=cast.vera)
    assert (now(session).where, now(session).sequence) == (("room", "2 Mill Lane"), 1)
    actions.place(session, "room", "2 Mill Lane", by=cast.vera)
    assert now(session).sequence == 1
    Availability.delete().execute()
    refused("Say where it is", actions.place, session, "", "", by=cast.vera)
    assert isinstance(heard[-1], Moved)


# Cancelling -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "hours", "charged", "state", "left"),
    [
        (Side.CLIENT, 25, True, "cancelled", 6),
        (Side.CLIENT, 23, True, "late_cancelled", 5),
        (Side.ASSISTANT, 23, True, "late_cancelled", 5),
        (Side.CLIENT, 23, False, "cancelled", 6),
        (Side.COACH, 1, True, "cancelled", 6),
        (Side.FIRM, 1, True, "cancelled", 6),
    ],
)
def test_what_a_cancellation_costs(cast, book, program, heard, side, hours, charged, state, left):
    Engagement.update(late_is_charged=charged).execute()
    session = book()
    with clock.pretend(THURSDAY - hours * HOUR):
        actions.cancel(session, side=side, reason="ill", by=None)
    after = now(session)
    assert (after.state_name, after.sequence, after.reason) == (state, 1, "ill")
    assert LedgerEntry.balance(program).left == left
    assert sum(count for entry, count in lines(program) if entry == "booked") == 0
    who = {Side.CLIENT: "by the client ", Side.ASSISTANT: "by the client’s assistant ", Side.COACH: "by the coach "}
    assert sentences(cast.bob)[-1].endswith(f" {who.get(side, '')}(ill)")
    assert isinstance(heard[-1], Cancelled)


def test_a_cancelled_time_can_be_had_by_others(cast, book, dana):
    actions.cancel(book(), side=Side.FIRM, reason="", by=cast.vera)
    assert book(client=dana, engagement=None, kind=SessionKind.CHEMISTRY)


def test_a_group_that_is_cancelled_charges_nobody_and_stands_with_each(cast, book, dana):
    group = book(kind=GROUP, client=None, engagement=None, members=[cast.bob, dana], title="Leading change")
    with clock.pretend(THURSDAY - HOUR):
        actions.cancel(group, side=Side.CLIENT, reason="", by=cast.vera)
    assert now(group).state is State.CANCELLED
    for client in (cast.bob, dana):
        assert sentences(client)[-1] == "Leading change on Thursday 26 November, 10:00 cancelled by the client"


def test_a_mark_that_is_corrected_into_another_session_is_refused(cast, book, dana):
    session = book()
    with clock.pretend(THURSDAY - HOUR):
        actions.cancel(session, side=Side.CLIENT, reason="", by=None)
        other = {"client": dana, "engagement": None, "kind": SessionKind.CHEMISTRY}
        book(**other, despite="she waits for it")
    with clock.pretend(THURSDAY + 2 * HOUR):
        refused("Another session", sessions.mark, now(session), State.HELD, by=cast.alice)
    assert now(session).state is State.LATE_CANCELLED


def test_a_mark_is_not_kept_back_by_a_hold_that_has_expired(cast, book):
    session = book()
    with clock.pretend(THURSDAY - HOUR):
        actions.cancel(session, side=Side.CLIENT, reason="", by=None)
    Hold.create(coach=cast.alice, starts_at=THURSDAY, ends_at=THURSDAY + HOUR, expires_at=THURSDAY, about="x")
    with clock.pretend(THURSDAY + 2 * HOUR):
        sessions.mark(now(session), State.HELD, by=cast.alice)
    assert now(session).state is State.HELD


# Groups ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def group(cast, book, dana):
    return book(kind=GROUP, client=None, engagement=None, members=[dana])


def test_who_joins_is_invited_once(cast, group, heard):
    seat = actions.join(group, cast.bob, by=cast.vera)
    assert actions.join(group, cast.bob, by=cast.vera) == seat
    assert [each.name for each in Attendee.of(group)] == ["Dana Whitfield", "Bob Haddad"]
    assert heard[-1] == PeopleChanged(group, (seat,), ())


def test_who_is_somewhere_else_cannot_join(cast, book, group):
    book(coach=cast.carol, despite="Alice is away")
    refused("Bob Haddad: has another session then", actions.join, group, cast.bob, by=cast.vera)
    refused("just gone", actions.join, group, cast.bob, by=None)


def test_the_coachs_own_hours_do_not_matter_to_who_joins(cast, group):
    SpecialDay.create(coach=cast.alice, first=THURSDAY.date(), last=THURSDAY.date(), why="dentist")
    assert actions.join(group, cast.bob, by=cast.vera)


def test_a_member_named_as_the_coach_is_asked_all_the_same(cast, book, group):
    Client.update(name=cast.alice.name).where(Client.id == cast.bob.id).execute()
    book(coach=cast.carol, despite="Alice is away")
    refused("has another session", actions.join, group, Client.get_by_id(cast.bob.id), by=cast.vera)


def test_nobody_joins_what_has_begun(cast, group):
    with clock.pretend(THURSDAY + HOUR):
        refused("has begun", actions.join, group, cast.bob, by=cast.vera)


def test_leaving_twice_is_leaving_once(cast, group, heard):
    seat = actions.join(group, cast.bob, by=cast.vera)
    for _ in range(2):
        actions.leave(Attendee.get_by_id(seat.id), by=cast.vera)
    assert [type(each) for each in heard] == [PeopleChanged, PeopleChanged]


# By link, after the page was read -------------------------------------------------------------------------------------


def by_link(session, start=None):
    """Both acts of who holds its link: the pages ask first, but what they showed may be old."""
    start = minute_of(start or THURSDAY + DAY)
    return (
        lambda: actions.move_by_link(session, start, side=Side.CLIENT, via=Via.CLIENT),
        lambda: actions.cancel_by_link(session, side=Side.CLIENT, reason="ill"),
    )


def test_a_meeting_that_others_attend_is_not_moved_or_cancelled_by_link(cast, book, group):
    meeting = book(THURSDAY + 4 * HOUR, kind=SessionKind.THREE_WAY, contacts=[cast.sam])
    for act in by_link(meeting):
        refused("Sam Okafor will be there, too", act)
    for act in by_link(group):
        refused("a session of a group", act)
    assert {now(each).sequence for each in (meeting, group)} == {0}


def test_by_link_a_session_moves_to_no_time_that_the_page_would_not_offer(cast, book):
    session = book()
    for start in (THURSDAY + 9 * HOUR, THURSDAY - 4 * DAY, MONDAY + HOUR, THURSDAY + DAY + timedelta(minutes=7)):
        refused("has just gone", by_link(session, start)[0])
    assert now(session).starts_at == THURSDAY


# Holds ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hold(cast, place, monday):
    def held(starts_at=THURSDAY, about="poll", minutes=60, lasts=DAY):
        return actions.hold(
            cast.alice, starts_at, minutes, kind=SessionKind.THREE_WAY, about=about, lasts=lasts, words="held for Bob"
        )

    return held


def test_what_is_held_is_busy_for_everybody_else(book, hold):
    hold()
    refused("cannot be had: Alice Kern: 10:00 held for Bob", book, despite="I insist")
    refused("10:00 held for Bob", hold, about="another")


def test_what_is_held_for_somebody_is_booked_by_them_and_the_other_times_are_free(cast, book, hold):
    hold()
    hold(THURSDAY + 2 * HOUR)
    hold(THURSDAY + 4 * HOUR, about="another")
    book(held_for="poll", via=Via.POLL, by=None)
    assert [row.about for row in Hold.select()] == ["another"]


def test_a_hold_that_has_expired_is_free_for_a_session_and_for_another_hold(book, hold):
    hold(lasts=timedelta(minutes=5))
    hold(THURSDAY + 3 * HOUR, lasts=timedelta(minutes=5))
    with clock.pretend(MONDAY + timedelta(minutes=5)):
        assert book()
        assert hold(THURSDAY + 3 * HOUR, about="another")
    assert [row.about for row in Hold.select()] == ["another"]


def test_a_hold_that_lives_stays_while_others_book(book, hold):
    hold(lasts=timedelta(minutes=6))
    with clock.pretend(MONDAY + timedelta(minutes=5)):
        book(THURSDAY + 3 * HOUR)
    assert [row.about for row in Hold.select()] == ["poll"]


def test_a_hold_is_refused_where_a_session_could_not_be(book, hold):
    book()
    refused("10:00 with Bob", hold)
    refused("outside the open hours", hold, THURSDAY + 9 * HOUR)
    refused("from 10 minutes", hold, THURSDAY + 2 * HOUR, minutes=1000)


def test_released_holds_are_gone(hold):
    hold()
    hold(THURSDAY + 2 * HOUR, about="another")
    actions.release("poll")
    assert [row.about for row in Hold.select()] == ["another"]

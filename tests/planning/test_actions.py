"""A cadence books as one, a plan moves as one, and two minutes long nobody has heard of it."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.availability.models import Holiday, SpecialDay
from coachbase.availability.rules import SessionKind
from coachbase.db import transaction
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import Cadence
from coachbase.errors import Refused, RefusedAndNoted, Stale
from coachbase.mail.models import Message
from coachbase.mail.rules import State as MailState
from coachbase.planning import actions
from coachbase.planning.models import (
    Elsewhere,
    Proposal,
    ProposedSession,
    foresee_absence,
    foresee_cadence,
    foresee_slip,
    letters_of,
)
from coachbase.planning.rules import ClosedDays, ProposalKind, ProposalState, Wish, letters_in_words
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions.models import CoachingSession, LedgerEntry
from coachbase.sessions.rules import State
from coachbase.timeline.models import Entry
from tests.planning.conftest import at, client_of, place_of, program_of

THURSDAYS = Wish(date(2026, 12, 10), 3, 9 * 60, Cadence.BIWEEKLY, 12, SessionKind.COACHING, 60)
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def cadence(program, cast):
    """`cadence()` proposes Bob's twelve Thursdays."""

    def proposed(wish=THURSDAYS) -> Proposal:
        lines = foresee_cadence(program, wish)
        return actions.propose(
            ProposalKind.CADENCE, cast.alice, lines, engagement=program, first=wish.first, by=cast.vera
        )

    return proposed


@pytest.fixture
def absence(frozen, cast):
    """`absence(date, date)` proposes the smallest change for Alice's days."""

    def proposed(first: date, last: date, coach=None) -> Proposal:
        lines, _ = foresee_absence(coach or cast.alice, first, last)
        return actions.propose(
            ProposalKind.ILL, coach or cast.alice, lines, first=first, last=last, reason="Alice is away", by=cast.vera
        )

    return proposed


@pytest.fixture
def slip(program, cast):
    def proposed(starts_on: date) -> Proposal:
        lines, _ = foresee_slip(program, starts_on)
        return actions.propose(
            ProposalKind.SLIP, cast.alice, lines, engagement=program, first=program.starts_on, last=starts_on,
            reason="Budget comes late", by=cast.vera,
        )  # fmt: skip

    return proposed


def lines_of(proposal) -> list[ProposedSession]:
    lines = list(ProposedSession.of(proposal))
    for line in lines:
        line.proposal = proposal
    return lines


def apply(proposal, cast) -> None:
    actions.apply(proposal, version=Proposal.get_by_id(proposal.id).version, by=cast.vera)


def booked() -> list[CoachingSession]:
    rows = CoachingSession.select().where(CoachingSession.state_name == State.BOOKED)
    return list(rows.order_by(CoachingSession.starts_at))


def waiting() -> list[Message]:
    return list(Message.select().where(Message.state_name == MailState.QUEUED))


# A cadence ------------------------------------------------------------------------------------------------------------


def test_twelve_thursdays_are_proposed_at_nine_by_the_coachs_clock_over_the_change_in_march(cadence):
    lines = lines_of(cadence())
    assert len(lines) == 12
    assert {line.after.astimezone(LONDON).strftime("%a %H:%M") for line in lines} == {"Thu 09:00"}
    assert {line.after.hour for line in lines} == {9, 8}  # UTC, in winter and in summer
    assert [line.exception for line in lines] == [""] * 12


def test_a_cadence_reaches_beyond_the_horizon_in_which_clients_book(cadence, cast):
    lines = lines_of(cadence())
    assert lines[-1].after > clock.now() + timedelta(days=90)


def test_holidays_and_taken_times_are_marked_with_what_is_proposed_instead(cadence, cast, book):
    Holiday.create(coach=cast.alice, on=date(2026, 12, 24), name="Christmas Eve")
    book(at(1, 7, 9), client=client_of(cast.alice, "Ines Marchetti"))
    lines = lines_of(cadence())
    assert [line.exception for line in lines[:3]] == [
        "", "24 December: Christmas Eve → 23 December, 9:00", "9:00 is taken: 10:30 instead",
    ]  # fmt: skip
    assert lines[1].after == at(12, 23, 9)


def test_closed_days_can_be_left_out_instead(cadence, cast):
    Holiday.create(coach=cast.alice, on=date(2026, 12, 24), name="Christmas Eve")
    lines = lines_of(cadence(Wish(**vars(THURSDAYS) | {"closed_days": ClosedDays.SKIP})))
    assert (lines[1].after, lines[1].chosen) == (lines[1].before, False)
    assert lines[1].exception == "24 December: Christmas Eve"
    assert sum(line.chosen for line in lines) == 12


def test_all_are_booked_by_one_act_each_with_its_own_event_and_the_ledger_knows(cadence, program, cast):
    proposal = cadence()
    apply(proposal, cast)
    sessions = booked()
    assert len({session.uid for session in sessions}) == 12
    assert {session.via for session in sessions} == {Via.CADENCE}
    assert LedgerEntry.balance(program).left == 0
    assert [line.session for line in lines_of(proposal)] == sessions
    assert Proposal.get_by_id(proposal.id).state is ProposalState.APPLIED


def test_the_mails_listed_are_the_mails_that_wait_and_they_wait_two_minutes(cadence, cast):
    proposal = cadence()
    told = letters_in_words(letters_of(proposal, lines_of(proposal)))
    apply(proposal, cast)
    assert letters_in_words(letters_of(proposal, lines_of(proposal))) == told  # also once it is applied
    assert {email: sum(count for _, count in kinds) for _, email, kinds, _ in told} == {
        "bob@brightwater.example": 12, "alice@northbank.example": 12,
    }  # fmt: skip
    assert sorted(mail.to_address for mail in waiting()) == sorted(
        ["alice@northbank.example"] * 12 + ["bob@brightwater.example"] * 12
    )
    assert {mail.try_at for mail in waiting()} == {clock.now() + timedelta(minutes=2)}


def test_who_has_no_mail_address_is_named_among_those_to_be_told(cadence, program, cast):
    cast.bob.email = ""
    cast.bob.save()
    proposal = cadence()
    told = letters_in_words(letters_of(proposal, lines_of(proposal)))
    assert ("Bob Haddad", "", [("Invitation", 12)]) in [reader[:3] for reader in told]


def test_each_mail_is_told_on_its_readers_clock(absence, book, program):
    book(at(12, 15, 10), program)
    proposal = absence(*WEEK)
    told = {reader.name: reader.about for reader in letters_in_words(letters_of(proposal, lines_of(proposal)))}
    assert told == {
        "Bob Haddad": ["Coaching session, Tuesday 22 December, 14:00, instead of Tuesday 15 December, 14:00"],
        "Alice Kern": ["Bob Haddad, Tuesday 22 December, 10:00, instead of Tuesday 15 December, 10:00"],
    }
    actions.cancel_instead(lines_of(proposal)[0], version=1)
    reader = letters_in_words(letters_of(proposal, lines_of(proposal)))[0]
    assert reader.about == ["Coaching session, Tuesday 15 December, 14:00: does not take place"]


def test_if_one_time_has_gone_nothing_is_booked_the_line_is_marked_and_another_time_proposed(cadence, cast, book):
    proposal = cadence()
    gone = lines_of(proposal)[4]
    book(gone.after, client=client_of(cast.alice, "Ines Marchetti"))
    with pytest.raises(RefusedAndNoted, match=r"Nothing was changed\. Thursday 4 February, 9:00"):
        apply(proposal, cast)
    assert len(booked()) == 1
    assert LedgerEntry.select().where(LedgerEntry.session.is_null(False)).count() == 0
    again = lines_of(Proposal.get_by_id(proposal.id))
    marked = [line for line in again if line.exception]
    assert [line.id for line in marked] == [gone.id]
    assert marked[0].exception == "Thursday 4 February, 9:00 has just gone"
    assert marked[0].after == at(2, 4, 10, 30)
    apply(proposal, cast)
    assert len(booked()) == 13


def test_more_than_the_program_has_left_is_not_booked(cadence, program, cast):
    proposal = cadence(Wish(**vars(THURSDAYS) | {"count": 13}))
    with pytest.raises(Refused, match="no session left"):
        apply(proposal, cast)
    assert booked() == []


def test_what_is_left_out_is_not_booked(cadence, cast):
    proposal = cadence()
    actions.leave_out(lines_of(proposal)[3], version=1)
    apply(proposal, cast)
    assert len(booked()) == 11


def test_a_line_gets_another_time_if_that_is_free(cadence, cast, book):
    proposal = cadence()
    line = lines_of(proposal)[0]
    book(at(12, 10, 14), client=client_of(cast.alice, "Ines Marchetti"))
    with pytest.raises(Refused, match="14:00 with Ines Marchetti"):
        actions.pick(line, at(12, 10, 14), version=1)
    actions.pick(line, at(12, 11, 10), version=1)
    assert lines_of(proposal)[0].after == at(12, 11, 10)
    with pytest.raises(Refused, match="another line"):
        actions.pick(lines_of(Proposal.get_by_id(proposal.id))[1], at(12, 11, 10), version=2)


def test_who_looks_at_an_older_version_changes_nothing(cadence, cast):
    proposal = cadence()
    actions.leave_out(lines_of(proposal)[0], version=1)
    for act in (
        lambda: actions.leave_out(lines_of(proposal)[1], version=1),
        lambda: actions.apply(proposal, version=1, by=cast.vera),
        lambda: actions.drop(proposal, version=1),
    ):
        with pytest.raises(Stale):
            act()
    assert booked() == []


def test_a_line_is_taken_in_again_only_if_it_has_a_time_and_that_is_free(cadence, cast, book):
    proposal = cadence()
    line = lines_of(proposal)[0]
    actions.leave_out(line, version=1)
    book(line.after, client=client_of(cast.alice, "Ines Marchetti"))
    with pytest.raises(Refused, match="9:00 with Ines Marchetti"):
        actions.take_in(line, version=2)
    ProposedSession.update(after=None).where(ProposedSession.id == line.id).execute()
    with pytest.raises(Refused, match="no time for it yet"):
        actions.take_in(line, version=2)
    assert not ProposedSession.get_by_id(line.id).chosen


def test_what_is_not_booked_is_not_cancelled_and_nothing_chosen_is_nothing_done(cadence, cast):
    proposal = cadence(Wish(**vars(THURSDAYS) | {"count": 1}))
    line = lines_of(proposal)[0]
    with pytest.raises(Refused, match="Only what is booked"):
        actions.cancel_instead(line, version=1)
    actions.leave_out(line, version=1)
    with pytest.raises(Refused, match="Nothing is chosen"):
        apply(proposal, cast)
    assert Proposal.get_by_id(proposal.id).state is ProposalState.DRAFT


def test_a_cadence_is_undone_and_nobody_hears_of_it(cadence, program, cast):
    proposal = cadence()
    apply(proposal, cast)
    actions.undo(proposal, by=cast.vera)
    assert booked() == []
    assert waiting() == []
    assert LedgerEntry.balance(program).left == 12
    assert Proposal.get_by_id(proposal.id).state is ProposalState.UNDONE


def test_an_applied_proposal_is_not_applied_or_changed_again(cadence, cast):
    proposal = cadence()
    apply(proposal, cast)
    with pytest.raises(Refused, match="applied already"):
        apply(proposal, cast)
    with pytest.raises(Refused, match="applied already"):
        actions.leave_out(lines_of(proposal)[0], version=2)
    assert len(booked()) == 12


def test_a_new_proposal_drops_the_draft_before_it(cadence):
    first, second = cadence(), cadence()
    assert Proposal.get_by_id(first.id).state is ProposalState.DROPPED
    assert Proposal.get_by_id(second.id).state is ProposalState.DRAFT


# A coach is away ------------------------------------------------------------------------------------------------------

WEEK = date(2026, 12, 14), date(2026, 12, 18)


def test_only_the_sessions_of_these_days_move_to_the_same_weekday_and_time(absence, book, program, cast):
    touched = book(at(12, 15, 10), program)
    book(at(12, 31, 10), program)
    (line,) = lines_of(absence(*WEEK))
    assert (line.session, line.before, line.after) == (touched, at(12, 15, 10), at(12, 22, 10))


def test_all_move_with_the_reason_the_days_are_closed_and_the_mails_wait(absence, book, program, cast):
    session = book(at(12, 15, 10), program)
    Message.delete().execute()
    proposal = absence(*WEEK)
    told = letters_in_words(letters_of(proposal, lines_of(proposal)))
    apply(proposal, cast)
    session = CoachingSession.get_by_id(session.id)
    assert (session.starts_at, session.sequence, session.reason) == (at(12, 22, 10), 1, "Alice is away")
    assert SpecialDay.get().first == WEEK[0]
    assert {mail.to_address for mail in waiting()} == {reader.email for reader in told}
    assert {mail.try_at for mail in waiting()} == {clock.now() + timedelta(minutes=2)}
    with pytest.raises(Refused, match="Alice is away"):
        scheduling.book(
            cast.alice, SessionKind.COACHING, at(12, 16, 10), 60, via=Via.STAFF, client=cast.bob, engagement=program,
            by=cast.vera,
        )  # fmt: skip


def test_undone_within_two_minutes_everything_is_as_it_was_and_no_mail_leaves(absence, book, program, cast, frozen):
    moved = book(at(12, 15, 10), program)
    cancelled = book(at(12, 17, 10), client=client_of(cast.alice, "Ines Marchetti"))
    Message.update(state_name=MailState.SENT, sent_at=clock.now()).execute()
    proposal = absence(*WEEK)
    actions.cancel_instead(lines_of(proposal)[1], version=1)
    apply(proposal, cast)
    assert CoachingSession.get_by_id(cancelled.id).state is State.CANCELLED
    assert len(waiting()) == 4
    frozen.shift(119)
    actions.undo(proposal, by=cast.vera)
    now = [CoachingSession.get_by_id(session.id) for session in (moved, cancelled)]
    assert [(each.state, each.starts_at) for each in now] == [
        (State.BOOKED, at(12, 15, 10)),
        (State.BOOKED, at(12, 17, 10)),
    ]
    assert waiting() == []
    assert SpecialDay.select().count() == 0


def test_an_evening_that_was_opened_in_the_days_away_is_closed_with_them_and_opens_again(absence, book, program, cast):
    book(at(12, 15, 10), program)
    evening = {"begins": 17 * 60, "ends": 20 * 60, "why": "An evening for Tokyo"}
    SpecialDay.create(coach=cast.alice, first=date(2026, 12, 16), last=date(2026, 12, 16), **evening)
    proposal = absence(*WEEK)
    apply(proposal, cast)
    with pytest.raises(Refused, match="Alice is away"):
        scheduling.book(
            cast.alice, SessionKind.COACHING, at(12, 16, 18), 60, via=Via.STAFF, client=cast.bob, engagement=program,
            by=cast.vera,
        )  # fmt: skip
    actions.undo(proposal, by=cast.vera)
    assert [special.why for special in SpecialDay.select()] == ["An evening for Tokyo"]


def test_applied_undone_and_applied_again_each_hears_of_it_once(absence, book, program, cast, frozen):
    moved, off = book(at(12, 15, 10), program), book(at(12, 16, 15), client=client_of(cast.alice, "Ines Marchetti"))
    Message.update(state_name=MailState.SENT, sent_at=clock.now()).execute()
    proposal = absence(*WEEK)
    actions.cancel_instead(lines_of(proposal)[1], version=1)
    apply(proposal, cast)
    actions.undo(proposal, by=cast.vera)
    frozen.shift(60)
    apply(proposal, cast)
    assert [session.starts_at for session in booked()] == [at(12, 22, 10)]
    assert CoachingSession.get_by_id(off.id).state is State.CANCELLED
    assert SpecialDay.select().count() == 1
    assert sorted((message.to_address, message.about) for message in waiting()) == sorted(
        (address, session.public_id)
        for session, client in ((moved, "bob@brightwater.example"), (off, "ines.marchetti@client.example"))
        for address in (client, "alice@northbank.example")
    )
    assert {message.try_at for message in waiting()} == {clock.now() + timedelta(minutes=2)}


def test_a_slip_that_was_undone_slips_again(slip, book, program, cast):
    kickoff = book(at(12, 3, 10), program, SessionKind.KICKOFF)
    proposal = slip(date(2026, 12, 15))
    apply(proposal, cast)
    actions.undo(proposal, by=cast.vera)
    apply(proposal, cast)
    assert Engagement.get_by_id(program.id).starts_on == date(2026, 12, 15)
    assert CoachingSession.get_by_id(kickoff.id).starts_at == at(12, 17, 10)


def test_a_new_plan_takes_the_place_of_one_that_was_undone(absence, book, program, cast):
    book(at(12, 15, 10), program)
    first = absence(*WEEK)
    apply(first, cast)
    actions.undo(first, by=cast.vera)
    absence(*WEEK)
    assert Proposal.get_by_id(first.id).state is ProposalState.DROPPED


def test_after_two_minutes_nothing_is_undone(absence, book, program, cast, frozen):
    book(at(12, 15, 10), program)
    proposal = absence(*WEEK)
    apply(proposal, cast)
    frozen.shift(120)
    with pytest.raises(Refused, match="mails have left"):
        actions.undo(proposal, by=cast.vera)
    assert [session.starts_at for session in booked()] == [at(12, 22, 10)]


def test_what_was_changed_since_is_not_undone_over(absence, book, program, cast):
    session = book(at(12, 15, 10), program)
    proposal = absence(*WEEK)
    apply(proposal, cast)
    scheduling.move(session, at(12, 9, 10), side=Side.FIRM, via=Via.STAFF, by=cast.vera)
    with pytest.raises(Refused, match="changed since"):
        actions.undo(proposal, by=cast.vera)
    assert [session.starts_at for session in booked()] == [at(12, 9, 10)]


def test_a_session_that_was_moved_meanwhile_stops_the_plan_and_is_marked(absence, book, program, cast):
    session = book(at(12, 15, 10), program)
    proposal = absence(*WEEK)
    scheduling.move(session, at(12, 9, 10), side=Side.FIRM, via=Via.STAFF, by=cast.vera)
    with pytest.raises(RefusedAndNoted, match="changed meanwhile"):
        apply(proposal, cast)
    (line,) = lines_of(Proposal.get_by_id(proposal.id))
    assert (line.chosen, line.exception) == (False, "was moved meanwhile")
    assert SpecialDay.select().count() == 0


def test_one_that_stays_is_not_moved_and_one_that_is_cancelled_costs_nothing(absence, book, program, cast):
    kept, off = book(at(12, 14, 10), program), book(at(12, 18, 10), program)
    proposal = absence(*WEEK)
    actions.leave_out(lines_of(proposal)[0], version=1)
    actions.cancel_instead(lines_of(proposal)[1], version=2)
    apply(proposal, cast)
    assert CoachingSession.get_by_id(kept.id).starts_at == at(12, 14, 10)
    assert CoachingSession.get_by_id(off.id).state is State.CANCELLED
    assert LedgerEntry.balance(program).late_cancelled == 0


def test_a_clients_sessions_keep_their_distance(absence, book, program, cast):
    book(at(12, 8, 10), program)
    book(at(12, 15, 10), program)
    book(at(12, 22, 10), program)
    (line,) = lines_of(absence(*WEEK))
    apart = min(abs(line.after - other) for other in (at(12, 8, 10), at(12, 22, 10)))
    assert apart >= timedelta(days=4)


def test_a_three_way_meeting_stays_before_its_day(absence, book, program, cast):
    meeting = book(at(12, 14, 10), program, SessionKind.THREE_WAY, contacts=[cast.sam])
    book(at(12, 7, 10), client=client_of(cast.alice, "Ines Marchetti"))
    (line,) = lines_of(absence(*WEEK))
    assert line.session == meeting
    assert line.after.date() <= date(2026, 12, 15)  # a fortnight after the start
    assert line.exception == "stays before 16 December"


def test_a_three_way_meeting_without_a_time_before_its_day_is_said_to_have_none(absence, book, program, cast):
    book(at(12, 14, 10), program, SessionKind.THREE_WAY, contacts=[cast.sam])
    SpecialDay.create(coach=cast.alice, first=date(2026, 12, 1), last=date(2026, 12, 13), why="Training")
    (line,) = lines_of(absence(*WEEK))
    assert (line.after, line.chosen, line.exception) == (None, False, "no free time until 15 December")


def test_a_session_of_another_day_makes_room_only_when_there_is_none_otherwise(absence, book, program, cast):
    """Everything but the days around is closed, and the one place there was is taken by somebody who could move."""
    SpecialDay.create(coach=cast.alice, first=date(2026, 12, 19), last=date(2027, 3, 1), why="Sabbatical")
    SpecialDay.create(coach=cast.alice, first=date(2026, 12, 1), last=date(2026, 12, 10), why="Training")
    SpecialDay.create(
        coach=cast.alice, first=date(2026, 12, 11), last=date(2026, 12, 11), begins=9 * 60, ends=12 * 60, why=""
    )
    touched = book(at(12, 15, 10), program)
    other = book(at(12, 11, 10), client=client_of(cast.alice, "Ines Marchetti"))
    lines = lines_of(absence(*WEEK))
    assert {line.session for line in lines} == {touched, other}
    assert all(line.moves for line in lines)
    apply(lines[0].proposal, cast)
    assert [session.starts_at for session in booked()] == [at(12, 11, 9, 30), at(12, 11, 11)]


def test_the_most_sessions_of_a_day_are_kept(absence, book, program, cast):
    terms = place_of(cast.carol, daily_most=2)
    names = ("Ada", "Ben", "Cleo", "Dev")
    people = [client_of(cast.carol, name) for name in names]
    for number, person in enumerate(people):
        book(at(12, 15, 9 + 2 * number), client=person, coach=cast.carol)
    lines = lines_of(absence(*WEEK, coach=cast.carol))
    days = [line.after.date() for line in lines]
    assert len(days) == 4
    assert max(days.count(day) for day in days) <= terms.daily_most
    apply(lines[0].proposal, cast)
    assert len(booked()) == 4


def test_nobody_hears_that_a_session_of_next_week_is_tomorrow(absence, book, program, cast):
    """A week earlier would be the same weekday, and nearer; but that is the day after this one."""
    book(at(12, 9, 10), program)
    SpecialDay.create(coach=cast.alice, first=date(2026, 12, 16), last=date(2026, 12, 16), why="Training")
    (line,) = lines_of(absence(date(2026, 12, 7), date(2026, 12, 11)))
    assert line.after == at(12, 14, 10)


def test_days_without_sessions_make_no_proposal(absence):
    with pytest.raises(Refused, match="Nothing is booked"):
        absence(*WEEK)
    assert Proposal.select().count() == 0


def test_elsewhere_offers_nothing_in_the_days_the_coach_is_away(absence, book, program):
    book(at(12, 15, 10), program)
    lines = lines_of(absence(*WEEK))
    free = Elsewhere(lines[0], lines).free(500)
    assert free
    assert not [moment for moment in free if WEEK[0] <= moment.date() <= WEEK[1]]


# The start slips ------------------------------------------------------------------------------------------------------


def test_everything_booked_moves_by_as_many_days_and_takes_each_others_places(slip, book, program, cast):
    kickoff = book(at(12, 3, 10), program, SessionKind.KICKOFF)
    others = [book(at(12, 17, 10), program), book(at(1, 7, 10), program)]
    proposal = slip(date(2026, 12, 15))
    apply(proposal, cast)
    moved = [CoachingSession.get_by_id(session.id).starts_at for session in (kickoff, *others)]
    assert moved == [at(12, 17, 10), at(12, 31, 10), at(1, 21, 10)]
    engagement = Engagement.get_by_id(program.id)
    assert (engagement.starts_on, engagement.ends_on) == (date(2026, 12, 15), date(2027, 6, 15))
    assert engagement.kickoff_on == date(2026, 12, 17)


def test_wall_time_is_kept_when_a_slip_crosses_the_change_of_clocks(slip, book, program, cast):
    session = book(at(3, 25, 10), program)
    apply(slip(date(2026, 12, 8)), cast)
    assert CoachingSession.get_by_id(session.id).starts_at == at(4, 1, 9)


def test_a_day_that_is_taken_by_another_client_is_marked(slip, book, program, cast):
    book(at(12, 3, 10), program)
    book(at(12, 10, 10), client=client_of(cast.alice, "Ines Marchetti"))
    (line,) = lines_of(slip(date(2026, 12, 8)))
    assert line.exception == "10:00 is taken: 11:30 instead"
    assert line.after == at(12, 10, 11, 30)


def test_a_three_way_meeting_is_said_to_stay_before_the_day_it_is_owed_by_after_the_slip(slip, book, program, cast):
    book(at(12, 14, 10), program, SessionKind.THREE_WAY, contacts=[cast.sam])
    (line,) = lines_of(slip(date(2026, 12, 15)))
    assert line.after == at(12, 28, 10)
    assert line.exception == "stays before 30 December"


def test_a_slip_is_undone_with_its_days(slip, book, program, cast):
    kickoff = book(at(12, 3, 10), program, SessionKind.KICKOFF)
    Message.update(state_name=MailState.SENT, sent_at=clock.now()).execute()
    proposal = slip(date(2026, 12, 15))
    apply(proposal, cast)
    assert len(waiting()) == 2
    actions.undo(proposal, by=cast.vera)
    engagement = Engagement.get_by_id(program.id)
    assert (engagement.starts_on, engagement.ends_on) == (date(2026, 12, 1), date(2027, 6, 1))
    assert engagement.kickoff_on == date(2026, 12, 3)
    assert CoachingSession.get_by_id(kickoff.id).starts_at == at(12, 3, 10)
    assert waiting() == []


def test_a_program_without_sessions_slips_in_its_days_alone(slip, program, cast):
    apply(slip(date(2026, 12, 15)), cast)
    assert Engagement.get_by_id(program.id).starts_on == date(2026, 12, 15)


def test_a_program_whose_days_were_changed_meanwhile_does_not_slip(slip, program, cast):
    proposal = slip(date(2026, 12, 15))
    Engagement.update(starts_on=date(2026, 12, 2)).execute()
    with pytest.raises(Refused, match="changed meanwhile"):
        apply(proposal, cast)


def test_each_move_stands_on_the_timeline_with_its_reason(slip, book, program, cast):
    book(at(12, 3, 10), program)
    apply(slip(date(2026, 12, 8)), cast)
    said = [entry.sentence for entry in Entry.select().where(Entry.client == cast.bob)]
    assert "Coaching session moved to Thursday 10 December, 10:00 (Budget comes late)" in said


def test_plans_are_behind_the_wall_of_their_coach(absence, cadence, book, program, cast):
    book(at(12, 15, 10), program)
    plans = [absence(*WEEK), cadence()]
    for who, seen in (("olive", plans), ("alice", plans), ("vera", plans), ("carol", [])):
        user = User.get_by_id(getattr(cast, who).id)
        assert list(Proposal.visible_to(user).order_by(Proposal.id)) == seen


def test_two_programs_do_not_drop_each_others_drafts(cadence, cast):
    with transaction():
        other = program_of(client_of(cast.alice, "Ines Marchetti"), cast.alice)
    first = cadence()
    lines = foresee_cadence(other, THURSDAYS)
    actions.propose(ProposalKind.CADENCE, cast.alice, lines, engagement=other, first=THURSDAYS.first, by=cast.vera)
    assert Proposal.get_by_id(first.id).state is ProposalState.DRAFT

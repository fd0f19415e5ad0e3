"""The pages behind links: the four doors, what stands there, what does not, and where the buttons lead."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from coachbase import clock, jobs
from coachbase.agreements import actions as agreements
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client, Contact, Organisation
from coachbase.cohorts import actions as cohorts
from coachbase.cohorts.models import Cohort, Material, Meeting, Seat
from coachbase.db import transaction
from coachbase.engagements.models import Engagement, Participant
from coachbase.engagements.rules import State
from coachbase.files import actions as files
from coachbase.files.rules import Audience, Upload
from coachbase.intake.models import Submission
from coachbase.intake.rules import SubmissionState
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.portal.models import ASSISTANT, CLIENT, SPONSOR
from coachbase.requests import actions as requests
from coachbase.scheduling import actions as scheduling
from coachbase.sessions.models import Attendee, CoachingSession
from tests.agreements import signing
from tests.portal.conftest import LOGISTICS, asked, booked, token_for
from tests.safety.digest import digest


def words(html: str) -> str:
    """What a reader reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style).*?</\1>", "", html)).split())


def buttons(page) -> list[str]:
    """Where the forms of a page lead, but for “Not you?”."""
    return [action for action in re.findall(r'action="([^"]+)"', page.text) if not action.endswith("/leave")]


# The four doors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [CLIENT, ASSISTANT, SPONSOR])
@pytest.mark.parametrize("state", ["expired", "revoked", "unknown", "of another kind"])
def test_a_link_that_is_no_good_finds_nothing(agreement, cast, stranger, kind, state):
    subject = (cast.sam if kind == SPONSOR else cast.bob).public_id
    token = "nosuchtoken"
    if state == "of another kind":
        token = links.issue("sign", subject, lasts=timedelta(days=1))[1]
    elif state != "unknown":
        link, token = links.issue(kind, subject, lasts=timedelta(days=1))
        change = {"expires_at": clock.now()} if state == "expired" else {"revoked_at": clock.now()}
        Link.update(**change).where(Link.id == link.id).execute()
    assert stranger.get(f"/p/{kind}/open/{token}").status_code == 404
    assert stranger.get(f"/p/{kind}").status_code == 404


def test_opening_the_pages_three_times_changes_nothing(bob, come, cast, questionnaire):
    eve, sam = come(ASSISTANT, cast.bob), come(SPONSOR, cast.sam)
    before = digest()
    for _ in range(3):
        for browser, page in ((bob, "/p/client"), (eve, "/p/assistant"), (sam, "/p/sponsor"), (bob, "/p/left")):
            assert browser.get(page).status_code == 200
            browser.head(page)
    assert digest() == before


def test_the_same_link_works_on_every_device(app, stranger, cast, agreement):
    token = token_for(CLIENT, cast.bob)
    for _device in range(2):
        browser = app.test_client()
        browser.get(f"/p/client/open/{token}")
        assert "Hello Bobby" in browser.get("/p/client").text


# The client's page ----------------------------------------------------------------------------------------------------


def test_bob_sees_what_is_asked_in_order_and_who_his_coach_is(bob, questionnaire, agreement):
    page = bob.get("/p/client")
    said = words(page.text)
    assert "0 of 2 done Hello Bobby" in said
    assert said.index("Coaching agreement") < said.index("About your work")
    signer = signing.signer_of(agreement, "client")
    assert buttons(page) == [f"/p/client/sign/{signer.public_id}", f"/p/client/intake/{questionnaire.public_id}"]
    assert "Your coach Alice Kern" in said
    assert "Starts Tue 1 Dec" in said
    assert "Kickoff to be agreed" in said
    assert "Vera Moreau, who keeps the desk for Alice Kern: vera@northbank.example" in said
    assert "Not Bob Haddad?" in said


def test_bob_always_sees_what_his_sponsor_may_be_told(bob, agreement):
    said = words(bob.get("/p/client").text)
    assert (
        "Brightwater may be told: sessions held and planned, and the goals agreed together. Never: what is said" in said
    )
    assert "unless you release them" in said


def test_when_nothing_is_shared_it_says_so(come, cast):
    signing.sent(cast, shares="")
    assert "Brightwater is told nothing about the coaching." in words(come(CLIENT, cast.bob).get("/p/client").text)


def test_without_a_sponsor_nothing_is_shared_with_anybody(bob, agreement):
    Participant.delete().execute()
    assert "There is no sponsor in this program." in words(bob.get("/p/client").text)


def test_read_and_sign_leads_to_the_signing_page(bob, agreement):
    signer = signing.signer_of(agreement, "client")
    assert bob.get("/p/sign").status_code == 404
    assert bob.post(f"/p/client/sign/{signer.public_id}").location == "/p/sign"
    assert "Your coaching agreement" in bob.get("/p/sign").text


def test_behind_tls_no_cookie_of_these_pages_travels_readable(bob, app, config, agreement, monkeypatch):
    monkeypatch.setitem(app.config, "COACHBASE", replace(config, base_url="https://localhost"))
    signer = signing.signer_of(agreement, "client")
    cookies = bob.post(f"/p/client/sign/{signer.public_id}").headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    assert all("Secure; HttpOnly" in cookie for cookie in cookies)


def test_answer_leads_to_the_questionnaire(bob, questionnaire):
    assert bob.post(f"/p/client/intake/{questionnaire.public_id}").location == "/p/intake"
    assert "What matters now?" in bob.get("/p/intake", follow_redirects=True).text


def test_what_is_done_is_ticked_with_its_day_and_the_way_back_leads_here(bob, agreement, questionnaire):
    signer = signing.signer_of(agreement, "client")
    signing.sign_as(agreement, "client")
    page = bob.get("/p/client")
    assert "1 of 2 done" in words(page.text)
    assert "Coaching agreement Done today" in words(page.text)
    assert bob.post(f"/p/client/sign/{signer.public_id}").location == "/p/client"
    Submission.update(state_name=SubmissionState.SUBMITTED, submitted_at=clock.now()).execute()
    page = words(bob.get("/p/client").text)
    assert "2 of 2 done" in page
    assert "Nothing is asked of you right now." in page


def test_the_signing_page_leads_back(bob, agreement):
    bob.post(f"/p/client/sign/{signing.signer_of(agreement, 'client').public_id}")
    signing.sign_as(agreement, "client")
    assert 'href="/p/client"' in bob.get("/p/sign").text


def test_logistics_stand_there_once_all_have_signed(bob, agreement):
    assert "video" not in bob.get("/p/client").text
    for role in ("client", "sponsor", "coach"):
        signing.sign_as(agreement, role)
    jobs.run_jobs()
    page = bob.get("/p/client").text
    assert "We meet by <strong>video</strong>." in page
    assert "<script>alert" not in page


def test_bob_takes_the_sealed_agreement_from_his_page(bob, agreement):
    for role in ("client", "sponsor", "coach"):
        signing.sign_as(agreement, role)
    jobs.run_jobs()
    path = re.search(r'href="(/p/client/documents/[^"]+)"', bob.get("/p/client").text)[1]
    answer = bob.get(path)
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_documents_for_the_team_or_of_others_are_not_there(bob, cast):
    dan = Client.create(name="Dan Ito", coach=cast.carol, created_at=clock.now())
    for client, audience in ((cast.bob, Audience.TEAM), (cast.bob, Audience.COACH), (dan, Audience.CLIENT)):
        document = files.store(b"words", "secret.txt", client=client, audience=audience)
        assert bob.get(f"/p/client/documents/{document.public_id}").status_code == 404
    assert "secret.txt" not in bob.get("/p/client").text


def test_a_groups_materials_are_for_its_members_alone(bob, come, cast):
    """Bob has a seat; Dan came once and left; Ina never belonged to it. Whoever keeps Bob's dates sees none of it."""
    dan, ina = (Client.create(name=name, coach=cast.alice, created_at=clock.now()) for name in ("Dan", "Ina"))
    facts = {"kind_name": "group", "zone": "UTC", "via": "seat", "coach": cast.alice, "created_at": clock.now()}
    with transaction():
        cohort = Cohort.create(name="Circle", coach=cast.alice, created_at=clock.now())
        Seat.create(cohort=cohort, client=cast.bob, number=1, since=clock.now())
        for number in (1, 2):
            day = clock.now() + timedelta(days=number)
            session = CoachingSession.create(uid=f"{number}", starts_at=day, ends_at=day + timedelta(hours=1), **facts)
            meeting = Meeting.create(cohort=cohort, session=session, number=number, topic="Trust")
            if number == 1:
                Attendee.create(session=session, role_name="client", client=dan, name="Dan", email="", zone="UTC")
            cohorts.hand_out(meeting, [Upload(f"slides{number}.txt", b"Trust")], by=cast.vera)
    links = {each.document.name: f"/p/client/documents/{each.document.public_id}" for each in Material.select()}
    members = {"bob": bob, "dan": come("client", dan), "ina": come("client", ina)}
    sees = {
        who: [name for name, link in links.items() if name in browser.get("/p/client").text and browser.get(link).data]
        for who, browser in members.items()
    }
    assert sees == {"bob": ["slides1.txt", "slides2.txt"], "dan": ["slides1.txt"], "ina": []}
    assert members["dan"].get(links["slides2.txt"]).status_code == 404
    assert {members["ina"].get(link).status_code for link in links.values()} == {404}
    assert "Circle, session 1: Trust" in words(bob.get("/p/client").text)
    assert "slides" not in come("assistant", cast.bob).get("/p/assistant").text


def test_older_programs_are_folded_and_the_newest_is_shown(bob, cast, agreement):
    Engagement.create(
        client=cast.bob, coach=cast.carol, name="Transition 3", currency="GBP", state_name=State.COMPLETED,
        starts_on=date(2024, 1, 8), ends_on=date(2024, 4, 8), created_at=clock.now(), onboarded_at=clock.now(),
    )  # fmt: skip
    page = bob.get("/p/client").text
    folded = re.search(r"(?s)<details class=\"about\">(.*?)</details>", page)[1]
    assert "Transition 3, with Carol Voss Mon 8 Jan 2024 to Mon 8 Apr 2024" in words(folded)
    assert "Program Leadership 6" in words(page)


def test_after_the_end_the_page_stays_to_look_things_up(bob, cast, agreement):
    Engagement.update(state_name=State.ENDED).execute()
    files.store(b"words", "Letter.txt", client=cast.bob, audience=Audience.CLIENT)
    page = words(bob.get("/p/client").text)
    assert "Nothing is asked of you right now. What we did together stays here" in page
    assert "Letter.txt" in page
    assert buttons(bob.get("/p/client")) == []


def test_a_client_without_a_program_finds_a_kind_sentence(come, cast):
    assert "Nothing is asked of you right now." in come(CLIENT, cast.bob).get("/p/client").text


def test_a_withdrawn_agreement_is_not_asked_any_more(bob, cast, agreement):
    signer = signing.signer_of(agreement, "client")
    agreements.withdraw(agreement, reason="The price was wrong.", by=cast.vera)
    assert buttons(bob.get("/p/client")) == []
    assert bob.post(f"/p/client/sign/{signer.public_id}").status_code == 404


def test_bob_cannot_go_on_to_what_is_asked_of_others(bob, cast, agreement, questionnaire):
    sams = signing.signer_of(agreement, "sponsor")
    before = digest()
    assert bob.post(f"/p/client/sign/{sams.public_id}").status_code == 404
    assert bob.post(f"/p/client/intake/{sams.public_id}").status_code == 404
    assert bob.post(f"/p/client/sign/{questionnaire.public_id}").status_code == 404
    assert digest() == before


def test_a_device_forgets_the_page(bob):
    assert bob.post("/p/client/leave").location == "/p/left"
    assert "This device has forgotten the page" in bob.get("/p/left").text
    assert bob.get("/p/client").status_code == 404


def test_no_page_asks_more_than_fifteen_times(bob, come, cast, agreement, queries):
    for _ in range(12):
        files.store(b"words", "Letter.txt", client=cast.bob, audience=Audience.CLIENT)
        Engagement.create(
            client=cast.bob, coach=cast.alice, name="Old", currency="GBP", state_name=State.COMPLETED,
            starts_on=date(2024, 1, 8), created_at=clock.now(), onboarded_at=clock.now(),
        )  # fmt: skip
    asked(agreement)
    signing.sign_as(agreement, "client")
    browsers = {"/p/client": bob, "/p/assistant": come(ASSISTANT, cast.bob), "/p/sponsor": come(SPONSOR, cast.sam)}
    for page, browser in browsers.items():
        with queries() as statements:
            browser.get(page)
        assert len(statements) <= 15, page


# The assistant's and the sponsor's page -------------------------------------------------------------------------------


def test_eve_sees_dates_and_nothing_else(come, cast, agreement, questionnaire):
    Engagement.update(kickoff_on=date(2026, 12, 3)).execute()
    files.store(b"words", "Letter.txt", client=cast.bob, audience=Audience.CLIENT)
    page = come(ASSISTANT, cast.bob).get("/p/assistant")
    said = words(page.text)
    assert "Start Tue 1 Dec Kickoff Thu 3 Dec End Mon 31 May 2027" in said
    assert buttons(page) == []
    for secret in ("Leadership 6", "Coaching agreement", "About your work", "Letter.txt", "Brightwater", "Sam Okafor"):
        assert secret not in said
    assert LOGISTICS[:10] not in page.text


def test_eves_link_opens_nothing_of_bobs(come, cast, agreement):
    eve = come(ASSISTANT, cast.bob)
    assert eve.get("/p/client").status_code == 404
    document = files.store(b"words", "Letter.txt", client=cast.bob, audience=Audience.CLIENT)
    assert eve.get(f"/p/client/documents/{document.public_id}").status_code == 404
    assert eve.post(f"/p/client/sign/{signing.signer_of(agreement, 'client').public_id}").status_code == 404


def test_sam_is_asked_only_when_it_is_his_turn(come, cast, agreement):
    sam = come(SPONSOR, cast.sam)
    page = words(sam.get("/p/sponsor").text)
    assert "Nothing is asked of you right now." in page
    assert "Bob Haddad" not in page
    signing.sign_as(agreement, "client")
    page = sam.get("/p/sponsor")
    signer = signing.signer_of(agreement, "sponsor")
    assert buttons(page) == [f"/p/sponsor/sign/{signer.public_id}"]
    assert "What you will be told Bob Haddad Sessions held and planned, and the goals agreed together" in words(
        page.text
    )
    assert sam.post(f"/p/sponsor/sign/{signer.public_id}").location == "/p/sign"
    assert "The agreement for Bob Haddad" in sam.get("/p/sign").text


def test_sam_sees_neither_documents_nor_questions_nor_the_program(come, cast, agreement, questionnaire):
    signing.sign_as(agreement, "client")
    files.store(b"words", "Letter.txt", client=cast.bob, audience=Audience.CLIENT)
    page = come(SPONSOR, cast.sam).get("/p/sponsor").text
    for secret in ("Letter.txt", "About your work", "video", "Tue 1 Dec"):
        assert secret not in page


def test_one_sponsor_meets_nothing_of_another(come, cast, agreement):
    signing.sign_as(agreement, "client")
    tarn = Organisation.create(name="Tarn Labs", created_at=clock.now())
    tove = Contact.create(organisation=tarn, name="Tove Lie", email="tove@tarn.example")
    other = come(SPONSOR, tove)
    page = other.get("/p/sponsor").text
    assert "Bob" not in page
    assert "Brightwater" not in page
    assert other.post(f"/p/sponsor/sign/{signing.signer_of(agreement, 'sponsor').public_id}").status_code == 404


def test_a_contact_who_was_removed_has_no_page(come, cast, agreement):
    sam = come(SPONSOR, cast.sam)
    cast.sam.removed_at = clock.now()
    cast.sam.save()
    assert sam.get("/p/sponsor").status_code == 404


def test_an_assistant_who_was_taken_off_has_no_page(come, cast, agreement):
    eve = come(ASSISTANT, cast.bob)
    cast.bob.assistant_email = ""
    cast.bob.save()
    assert eve.get("/p/assistant").status_code == 404


# Booking and sessions -------------------------------------------------------------------------------------------------


def test_bob_is_asked_to_book_his_kickoff_and_led_on(bob, request_to_book):
    page = bob.get("/p/client")
    assert f"/p/client/book/{request_to_book.public_id}" in buttons(page)
    assert "Book your kickoff 60 minutes with Alice Kern, at a time that suits you." in words(page.text)
    assert bob.get("/p/book").status_code == 404
    assert bob.post(f"/p/client/book/{request_to_book.public_id}").location == "/p/book"
    page = bob.get("/p/book").text
    assert "Kickoff with Alice Kern" in words(page)
    assert 'href="/p/client"' in page


def test_what_is_booked_is_done_and_stands_among_the_sessions(bob, active, request_to_book, cast):
    booked(active, cast, kind=SessionKind.KICKOFF)
    said = words(bob.get("/p/client").text)
    assert "Book your kickoff Done today" in said
    assert "My sessions Mon" in said
    assert (
        "14:00 Dubai · 10:00 London Kickoff with Alice Kern, 60 minutes Video call: https://meet.example/alice" in said
    )


def test_sessions_lead_on_to_moving_and_cancelling_them(bob, session):
    page = bob.get("/p/client")
    assert f"/p/client/session/{session.public_id}" in buttons(page)
    assert bob.post(f"/p/client/session/{session.public_id}").location == "/p/session"
    assert "Coaching session with Alice Kern" in words(bob.get("/p/session").text)


def test_the_next_session_comes_first_and_those_before_are_folded(bob, active, cast):
    later, sooner = booked(active, cast, days=35), booked(active, cast, days=14)
    with clock.pretend(clock.now() - timedelta(days=60)):
        before = booked(active, cast, days=21)
    page = bob.get("/p/client")
    assert [action.rpartition("/")[2] for action in buttons(page) if "/session/" in action] == [
        sooner.public_id, later.public_id,
    ]  # fmt: skip
    folded = words(re.search(r"(?s)<details>(.*?)</details>", page.text)[1])
    assert folded.startswith("1 earlier")
    assert f"{before.starts_at.day} " in folded


def test_a_link_that_is_typed_as_a_place_is_no_link(bob, session, cast):
    CoachingSession.update(place_kind_name="video", place="javascript:alert(1)").execute()
    page = bob.get("/p/client").text
    assert 'href="javascript' not in page
    assert "javascript:alert(1)" in page


def test_bob_goes_on_to_no_session_and_no_request_of_others(bob, come, active, cast, request_to_book):
    dan = Client.create(name="Dan Ito", assistant_email="e@x.example", coach=cast.carol, created_at=clock.now())
    Availability.create(coach=cast.carol, place="https://meet.example/carol", version=0)
    theirs = requests.ask(dan, cast.carol, SessionKind.CHEMISTRY, minutes=30, engagement=None, by=cast.olive)
    mine = booked(active, cast)
    CoachingSession.update(client=dan).execute()
    browsers = {"client": bob, "assistant": come(ASSISTANT, cast.bob)}
    before = digest()
    for page, browser in browsers.items():
        for path in (f"book/{theirs.public_id}", f"session/{mine.public_id}", f"session/{theirs.public_id}"):
            assert browser.post(f"/p/{page}/{path}").status_code == 404, (page, path)
    assert digest() == before


@pytest.mark.parametrize("state", [State.PAUSED, State.ENDED, State.COMPLETED])
def test_in_a_program_that_rests_or_is_over_nothing_is_to_be_booked(bob, come, cast, request_to_book, state):
    Engagement.update(state_name=state).execute()
    eve = come(ASSISTANT, cast.bob)
    for page, browser in (("client", bob), ("assistant", eve)):
        assert not [action for action in buttons(browser.get(f"/p/{page}")) if "/book/" in action]
        assert browser.post(f"/p/{page}/book/{request_to_book.public_id}").status_code == 404


def test_eve_books_and_moves_by_a_link_of_her_own(come, cast, request_to_book, session):
    eve = come(ASSISTANT, cast.bob)
    page = eve.get("/p/assistant")
    assert buttons(page) == [
        f"/p/assistant/book/{request_to_book.public_id}", f"/p/assistant/session/{session.public_id}",
    ]  # fmt: skip
    said = words(page.text)
    assert "Book the kickoff 60 minutes with Alice Kern." in said
    assert "14:00 Dubai · 10:00 London" in said
    assert eve.post(f"/p/assistant/book/{request_to_book.public_id}").location == "/p/book"
    assert "for Bob Haddad" in words(eve.get("/p/book").text)
    assert 'href="/p/assistant"' in eve.get("/p/book").text
    assert eve.post(f"/p/assistant/session/{session.public_id}").location == "/p/session"
    assert eve.get("/p/session").status_code == 200


def test_on_one_device_the_last_who_came_holds_the_booking(bob, come, cast, request_to_book):
    """Bob's link would otherwise let Eve book in his name."""
    token = token_for(ASSISTANT, cast.bob)
    bob.get(f"/p/assistant/open/{token}")
    bob.post(f"/p/client/book/{request_to_book.public_id}")
    assert "by video, for Bob Haddad." not in words(bob.get("/p/book").text)
    bob.post(f"/p/assistant/book/{request_to_book.public_id}")
    assert "by video, for Bob Haddad." in words(bob.get("/p/book").text)


def test_a_sponsor_sees_the_meetings_that_are_attended_and_no_others(come, cast, active):
    meeting = booked(active, cast, days=28, kind=SessionKind.THREE_WAY, contacts=[cast.sam])
    booked(active, cast)
    said = words(come(SPONSOR, cast.sam).get("/p/sponsor").text)
    assert f"Meetings you attend Mon {meeting.starts_at.day}" in said
    assert "Three-way meeting with Alice Kern and Bob Haddad, 60 minutes Video call: https://meet.example/alice" in said
    assert "Coaching session" not in said


def test_who_was_taken_out_of_a_meeting_sees_it_no_more(come, cast, active):
    meeting = booked(active, cast, kind=SessionKind.THREE_WAY, contacts=[cast.sam])
    scheduling.leave(Attendee.get(Attendee.session == meeting, Attendee.contact == cast.sam), by=cast.vera)
    assert "Meetings you attend" not in come(SPONSOR, cast.sam).get("/p/sponsor").text


def test_no_page_asks_more_often_however_many_sessions_there_are(bob, come, cast, active, request_to_book, queries):
    for week in range(2, 12):
        booked(active, cast, days=7 * week)
    browsers = {"/p/client": bob, "/p/assistant": come(ASSISTANT, cast.bob), "/p/sponsor": come(SPONSOR, cast.sam)}
    for page, browser in browsers.items():
        with queries() as statements:
            browser.get(page)
        assert len(statements) <= 15, page

"""The page of a program as each of the cast sees it: steps, dates, terms, people; and what is refused on it."""

import re
from datetime import date, timedelta

import pytest

from coachbase import clock
from coachbase.clients.models import Client, Contact
from coachbase.db import database
from coachbase.engagements import actions
from coachbase.engagements.models import Engagement, Participant, Step
from coachbase.engagements.rules import State, StepKind, StepState
from coachbase.timeline.models import Entry

HTMX = {"HX-Request": "true"}


@pytest.fixture
def engagement(start, cast):
    return start(participants=[{"contact": cast.sam, "signs": True}], payer="sponsor", po_number="PO 4711")


@pytest.fixture
def here(cast):
    return f"/clients/{cast.bob.public_id}/program"


@pytest.fixture
def acts(engagement):
    return f"/engagements/{engagement.public_id}"


def now(engagement):
    return Engagement.get_by_id(engagement.id)


def row_of(page, label):
    """The text of one step on the page."""
    found = next(row for row in page.split('<li id="step-')[1:] if f"<strong>{label}</strong>" in row)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found.partition("</summary>")[0])).strip()


def test_without_a_program_the_page_teaches_to_start_one(vera, here, cast):
    page = vera.get(here).text
    assert "No program yet" in page
    assert f'href="/clients/{cast.bob.public_id}/programs/new"' in page


def test_each_step_says_its_state_whom_it_waits_on_and_what_it_needs(vera, here, engagement, step, cast):
    actions.tick(step(engagement, "sent"), reason="sent on paper", by=cast.vera)
    page = vera.get(here).text
    assert "by hand, Vera Moreau: sent on paper" in row_of(page, "Agreement sent")
    assert row_of(page, "Agreement sent").endswith("done")
    assert "target 4 days client · 0 m" in row_of(page, "Agreement signed")
    assert "after “Questionnaire sent” · then client, 5 days not yet" in row_of(page, "Questionnaire answered")
    assert "ticks itself after “Agreement signed” and “Questionnaire answered”" in row_of(page, "Program file set up")


def test_a_late_step_says_so_in_a_word(vera, here, start):
    with clock.pretend(clock.now() - timedelta(days=3)):
        start()
    page = vera.get(here).text
    assert row_of(page, "Agreement sent").endswith("us · 3 d · late")
    assert "· late</span>" in page.partition('id="program"')[0]  # beside the client's ball, too


def test_the_page_tells_terms_dates_people_and_what_may_be_told(vera, here, engagement):
    page = vera.get(here).text
    for said in (
        "Leadership 6", "12 of 60 minutes, every other week", "£9,600.00, half at the start, half in the middle",
        "paid by the sponsor", "PO 4711", "EQ-i 2.0", "Sam Okafor", "Signs", "What Brightwater may be told",
        "Three-way meeting at the start", "Renewal notice", "Tue 1 Jun 2027", "Never: what is said in a session",
    ):  # fmt: skip
        assert said in page, said
    shared = page.partition('class="panel shared"')[2]
    assert re.search(r'class="told">.{0,200}Sessions held and planned', shared, re.DOTALL)
    assert re.search(r'class="untold">.{0,200}Recommendations', shared, re.DOTALL)


def test_every_page_of_the_client_names_the_program_and_its_steps(vera, cast, engagement):
    for tab in ("", "/documents", "/mail", "/answers"):
        page = vera.get(f"/clients/{cast.bob.public_id}{tab}").text
        assert "0/6 steps · kickoff ~ " in page, tab
        assert "Leadership 6</a>" in page


def test_a_program_is_started_from_any_page_of_the_client_while_none_is_being_walked(vera, cast, start):
    button, page = f'href="/clients/{cast.bob.public_id}/programs/new"', f"/clients/{cast.bob.public_id}"
    assert button in vera.get(page).text
    engagement = start()
    assert button not in vera.get(page).text
    actions.end_early(engagement, reason="changed jobs", by=cast.vera)
    assert button in vera.get(page).text


def test_earlier_programs_stay_to_be_read(vera, cast, here, start):
    first = start()
    actions.end_early(first, reason="changed jobs", by=cast.vera)
    second = start()
    page = vera.get(here).text
    assert "All programs" in page
    assert f"{here}/{first.public_id}" in page
    old = vera.get(f"{here}/{first.public_id}").text
    assert "Ended early: changed jobs" in old
    assert f"/engagements/{first.public_id}/change" not in old
    assert f"/engagements/{second.public_id}/change" in page


def test_a_step_is_ticked_without_javascript_and_can_be_undone_from_the_toast(vera, here, engagement, step):
    address = f"/steps/{step(engagement, 'sent').public_id}"
    answer = vera.post(f"{address}/tick", data={"reason": "sent on paper"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{here}#steps")
    page = vera.get(here).text
    assert "Agreement sent: done." in page
    assert f'action="{address}/reopen"' in page
    assert vera.post(f"{address}/reopen").status_code == 303
    assert step(engagement, "sent").state is StepState.OPEN


def test_with_htmx_the_steps_the_facts_and_the_ball_come_anew(vera, engagement, step, cast):
    answer = vera.post(f"/steps/{step(engagement, 'sent').public_id}/tick", data={"reason": "on paper"}, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'id="program"' in answer.text
    for part in ("facts", "ball"):
        assert re.search(rf'id="{part}" hx-swap-oob="true"', answer.text), part
    version = Client.get_by_id(cast.bob.id).version
    assert f'name="version" value="{version}"' in answer.text
    assert "Send the questionnaire" in answer.text
    assert 'hx-swap-oob="beforeend:#toasts"' in answer.text


def test_the_focus_stays_with_the_step_and_goes_to_what_is_wrong(vera, engagement, step):
    there = step(engagement, "sent").public_id
    wrong = vera.post(f"/steps/{there}/tick", headers=HTMX).text
    assert re.search(rf'<input id="reason-{there}"[^>]* autofocus', wrong)
    fine = vera.post(f"/steps/{there}/tick", data={"reason": "on paper"}, headers=HTMX).text
    row = fine.partition(f'id="step-{there}"')[2].partition("</summary>")[0]
    assert '<summary class="row" autofocus>' in row
    assert fine.count("autofocus") == 1


def test_a_step_is_skipped_with_a_reason(vera, engagement, step):
    vera.post(f"/steps/{step(engagement, 'asked').public_id}/skip", data={"reason": "answered last year"})
    assert step(engagement, "asked").state is StepState.SKIPPED


@pytest.mark.parametrize(
    ("act", "key", "typed", "sentence"),
    [
        ("tick", "sent", {}, "Say how you know."),
        ("tick", "sent", {"reason": "x" * 301}, "At most 300 characters."),
        ("tick", "sent", {"reason": "a\0b"}, "cannot be stored"),
        ("tick", "kickoff", {"reason": "phoned"}, "Say on which day the kickoff is."),
        ("tick", "kickoff", {"reason": "phoned", "kickoff_on": "soon"}, "Not a valid date"),
        ("tick", "kickoff", {"reason": "phoned", "kickoff_on": "9999-12-31"}, "between 2000 and 2099"),
        ("skip", "sent", {}, "Say why the program goes on without it."),
        ("skip", "sent", {"reason": "x" * 301}, "At most 300 characters."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_is_refused_says_why_beside_the_step_and_keeps_what_was_typed(
    vera, engagement, step, act, key, typed, sentence, headers
):
    there = step(engagement, key)
    answer = vera.post(f"/steps/{there.public_id}/{act}", data=typed, headers=headers)
    assert answer.status_code == 422
    assert sentence in answer.text.partition(f'id="step-{there.public_id}"')[2].partition("</li>")[0]
    if "\0" not in typed.get("reason", ""):
        assert typed.get("reason", "") in answer.text
    assert not step(engagement, key).is_gone


def test_a_step_that_is_gone_is_not_ticked_again(vera, engagement, step):
    address = f"/steps/{step(engagement, 'sent').public_id}/tick"
    vera.post(address, data={"reason": "first"})
    answer = vera.post(address, data={"reason": "second"}, headers=HTMX)
    assert (answer.status_code, answer.text) == (422, "“Agreement sent” is done already.")
    assert step(engagement, "sent").reason == "first"


def test_a_step_of_ones_own_is_added_once_however_often_it_is_sent(vera, acts, engagement, here):
    key = re.search(r'name="once" value="([^"]+)"', vera.get(here).text)[1]
    typed = {"label": "Ask for a room", "waiting_on": "sponsor", "target_days": "2", "after": "", "once": key}
    for _ in range(2):
        assert vera.post(f"{acts}/steps", data=typed).status_code == 303
    assert [step.label for step in Step.of(engagement)].count("Ask for a room") == 1


@pytest.mark.parametrize(
    "typed",
    [
        {"label": "", "waiting_on": "us"},
        {"label": "x" * 81, "waiting_on": "us"},
        {"label": "Room", "waiting_on": "nobody"},
        {"label": "Room", "waiting_on": "us", "target_days": "9" * 400},
        {"label": "Room", "waiting_on": "us", "target_days": "-1"},
        {"label": "Room", "waiting_on": "us", "after": "no such step"},
    ],
)
def test_a_wrong_step_of_ones_own_is_refused_and_stays_on_screen(vera, acts, engagement, typed):
    answer = vera.post(f"{acts}/steps", data=typed)
    assert answer.status_code == 422
    assert '<details class="more-steps" open>' in answer.text
    assert typed["label"] in answer.text
    assert Step.select().count() == 6


# States ---------------------------------------------------------------------------------------------------------------


def test_a_program_is_paused_and_goes_on(vera, acts, here, engagement):
    actions.happened(engagement, StepKind.AGREEMENT_SIGNED)
    assert vera.post(f"{acts}/pause").headers["Location"] == here
    assert "Paused" in vera.get(here).text
    assert vera.post(f"{acts}/resume").status_code == 303
    assert now(engagement).state is State.ACTIVE


def test_a_draft_is_refused_what_only_an_active_program_may(vera, acts, engagement):
    for act in ("pause", "resume", "complete"):
        assert vera.post(f"{acts}/{act}").status_code == 422
    page = vera.get(f"/clients/{engagement.client.public_id}/program").text
    assert f"{acts}/pause" not in page
    assert f"{acts}/complete" not in page


def test_ending_early_asks_why_on_a_page_of_its_own(vera, acts, engagement, here):
    assert f'href="{acts}/end"' in vera.get(here).text
    assert "does not come back" in vera.get(f"{acts}/end").text
    assert vera.post(f"{acts}/end", data={"reason": " "}).status_code == 422
    answer = vera.post(f"{acts}/end", data={"reason": "changed jobs"})
    assert answer.headers["Location"] == f"{here}/{engagement.public_id}"
    assert now(engagement).state is State.ENDED


# Terms and people -----------------------------------------------------------------------------------------------------


def typed_of(engagement, **changes):
    row = now(engagement)
    typed = {
        "starts_on": row.starts_on.isoformat(), "ends_on": row.ends_on.isoformat(), "move_end": "y",
        "payer": row.payer_name, "price": "9600", "po_number": row.po_number, "shares": row.shares.split(),
        "logistics": row.logistics, "version": row.version, "cancel_hours": row.cancel_hours,
    } | ({"late_is_charged": "y"} if row.late_is_charged else {})  # fmt: skip
    return typed | changes


def test_a_slipped_kickoff_shows_before_and_after_and_changes_nothing_yet(vera, acts, engagement):
    answer = vera.post(f"{acts}/change", data=typed_of(engagement, starts_on="2026-12-15"))
    assert answer.status_code == 200
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))
    assert "Kickoff Tue 1 Dec Tue 15 Dec" in text
    assert "The program ends Tue 1 Jun 2027 Tue 15 Jun 2027" in text
    assert 'name="apply"' in answer.text
    assert now(engagement).starts_on == date(2026, 12, 1)


def test_applied_it_is_changed_and_the_end_moves_along(vera, acts, engagement, here):
    answer = vera.post(f"{acts}/change", data=typed_of(engagement, starts_on="2026-12-15", apply="1"))
    assert answer.headers["Location"] == here
    assert (now(engagement).starts_on, now(engagement).ends_on) == (date(2026, 12, 15), date(2027, 6, 15))


def test_a_booked_kickoff_stands_among_the_dates_and_offers_to_move_the_rest(vera, acts, here, engagement, step):
    sent = {"reason": "phoned", "kickoff_on": "2026-12-15"}
    vera.post(f"/steps/{step(engagement, 'kickoff').public_id}/tick", data=sent)
    page = vera.get(here).text
    assert "The kickoff is on Tue 15 Dec; it was planned for Tue 1 Dec." in page
    assert re.search(r'Kickoff</div>\s*<time datetime="2026-12-15">', page)
    vera.post(f"{acts}/change", data=typed_of(engagement, starts_on="2026-12-15", kickoff_on="2026-12-15", apply="1"))
    assert "it was planned for" not in vera.get(here).text


@pytest.mark.parametrize(
    ("changes", "ends_on"),
    [
        ({"starts_on": "2026-12-15", "move_end": ""}, date(2027, 6, 1)),
        ({"starts_on": "2026-12-15", "ends_on": "2027-07-01"}, date(2027, 7, 1)),
        ({"ends_on": "2027-07-01"}, date(2027, 7, 1)),
        ({"ends_on": ""}, None),
    ],
)
def test_the_end_moves_along_only_when_it_was_left_alone(vera, acts, engagement, changes, ends_on):
    assert vera.post(f"{acts}/change", data=typed_of(engagement, apply="1", **changes)).status_code == 303
    assert now(engagement).ends_on == ends_on


def test_what_may_be_told_is_ticked_in_a_draft(vera, acts, engagement):
    assert vera.post(f"{acts}/change", data=typed_of(engagement, shares=["phase"], apply="1")).status_code == 303
    assert now(engagement).shares == "phase"


def test_a_signed_program_offers_no_shares_and_takes_none(vera, acts, engagement):
    actions.happened(engagement, StepKind.AGREEMENT_SIGNED)
    assert 'name="shares"' not in vera.get(f"{acts}/change").text
    typed = typed_of(engagement, shares=["sessions", "phase", "goals", "progress"], po_number="B", apply="1")
    assert vera.post(f"{acts}/change", data=typed).status_code == 303
    assert (now(engagement).shares, now(engagement).po_number) == ("sessions goals", "B")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"starts_on": ""}, "Choose a day."),
        ({"starts_on": "1066-10-14"}, "between 2000 and 2099"),
        ({"ends_on": "2026-11-01", "move_end": "", "apply": "1"}, "The last day comes after the first one."),
        ({"price": "a lot"}, "Type an amount"),
        ({"price": "9" * 15}, "Type an amount"),
        ({"payer": "nobody"}, "Not a valid choice"),
        ({"shares": ["everything"]}, "Choose among these."),
        ({"logistics": "x" * 5001}, "At most 5000 characters."),
    ],
)
def test_wrong_terms_are_refused_with_a_sentence(vera, acts, engagement, changes, sentence):
    answer = vera.post(f"{acts}/change", data=typed_of(engagement, **changes))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert now(engagement).version == 1


@pytest.mark.parametrize("version", ["", "one", "-1", str(2**63)])
def test_a_form_without_the_version_it_was_opened_with_changes_nothing(vera, acts, engagement, version):
    for page in ("change", "contacts"):
        typed = typed_of(engagement, po_number="B", apply="1", version=version)
        assert vera.post(f"{acts}/{page}", data=typed).status_code == 422
    assert now(engagement).po_number == "PO 4711"


def test_two_who_change_the_terms_see_both_texts(vera, olive, acts, engagement):
    typed = typed_of(engagement, po_number="Mine", apply="1")
    olive.post(f"{acts}/change", data=typed_of(engagement, po_number="Hers", apply="1"))
    answer = vera.post(f"{acts}/change", data=typed)
    assert answer.status_code == 409
    assert "Hers" in answer.text
    assert "Mine" in answer.text
    assert now(engagement).po_number == "Hers"


def test_keeping_what_was_typed_after_a_conflict_shows_what_moves_and_then_saves(vera, olive, acts, engagement):
    olive.post(f"{acts}/change", data=typed_of(engagement, po_number="Hers", apply="1"))
    page = vera.post(f"{acts}/change", data=typed_of(engagement, po_number="Mine", version=1, apply="1")).text
    resent = dict(re.findall(r'<textarea name="([^"]+)"[^>]*>([^<]*)</textarea>', page))
    assert vera.post(f"{acts}/change", data=resent).status_code == 200
    assert vera.post(f"{acts}/change", data=resent | {"apply": "1"}).status_code == 303
    assert (now(engagement).po_number, now(engagement).shares) == ("Mine", "sessions goals")


def test_who_takes_part_is_ticked_in_a_table(vera, acts, engagement, cast):
    page = vera.get(f"{acts}/contacts").text
    assert re.search(rf'name="signs" value="{cast.sam.public_id}"[^>]* checked', page)
    sent = {"reads": [cast.sam.public_id], "pays": [cast.sam.public_id], "version": 1}
    assert vera.post(f"{acts}/contacts", data=sent).status_code == 303
    part = Participant.get(Participant.engagement == engagement)
    assert (part.signs, part.meets, part.reads, part.pays) == (False, False, True, True)


def test_a_contact_of_another_sponsor_cannot_be_ticked(vera, acts, engagement, cast):
    other = Contact.create(organisation=cast.brightwater, name="Gone", removed_at=clock.now())
    answer = vera.post(f"{acts}/contacts", data={"signs": [other.public_id], "version": 1})
    assert answer.status_code == 422
    assert [part.contact for part in Participant.of(engagement)] == [cast.sam]


def test_stale_contacts_are_refused_and_what_was_ticked_stays(vera, olive, acts, engagement, cast):
    olive.post(f"{acts}/change", data=typed_of(engagement, po_number="Hers", apply="1"))
    answer = vera.post(f"{acts}/contacts", data={"pays": [cast.sam.public_id], "version": 1})
    assert answer.status_code == 409
    assert "Somebody else changed this program" in answer.text
    assert re.search(rf'name="pays" value="{cast.sam.public_id}"[^>]* checked', answer.text)
    assert re.search(r'name="version"[^>]* value="2"', answer.text)


# Who may see it -------------------------------------------------------------------------------------------------------


def test_carol_finds_nothing_of_it(carol, here, acts, engagement, step):
    there = step(engagement, "sent").public_id
    missing = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    pairs = [
        (carol.get(here), carol.get(f"/clients/{missing}/program")),
        (carol.get(f"{here}/{engagement.public_id}"), carol.get(f"/clients/{missing}/program/{missing}")),
    ]
    pairs += [
        (carol.post(f"/steps/{there}/{act}", data={"reason": "x"}), carol.post(f"/steps/{missing}/{act}"))
        for act in ("tick", "skip", "reopen")
    ]
    for act in ("change", "contacts", "end"):
        pairs.append((carol.get(f"{acts}/{act}"), carol.get(f"/engagements/{missing}/{act}")))
    for act in ("pause", "resume", "complete", "end", "change", "contacts", "steps"):
        pairs.append((carol.post(f"{acts}/{act}", data={"reason": "x"}), carol.post(f"/engagements/{missing}/{act}")))
    for foreign, nothing in pairs:
        assert foreign.status_code == nothing.status_code == 404
        assert foreign.text == nothing.text
    assert step(engagement, "sent").state is StepState.OPEN


def test_anothers_program_is_not_shown_under_ones_own_client(olive, here, start, cast):
    dan = Client.create(name="Dan", coach=cast.carol, created_at=clock.now())
    foreign = start(dan)
    assert olive.get(f"{here}/{foreign.public_id}").status_code == 404


def test_without_the_wall_carol_would_find_it(carol, here, engagement, monkeypatch):
    monkeypatch.setattr(Client, "visible_to", classmethod(lambda cls, user, *columns: cls.select(*columns)))
    assert carol.get(here).status_code == 200


def test_looking_changes_nothing(vera, here, acts, engagement):
    def counted():
        return database.execute_sql("SELECT total_changes()").fetchone()[0]

    before = counted()
    for path in (here, f"{here}/{engagement.public_id}", f"{acts}/change", f"{acts}/contacts", f"{acts}/end"):
        assert vera.get(path).status_code == 200
    assert counted() == before


def test_the_page_asks_the_database_as_often_whatever_it_holds(vera, here, engagement, queries, cast):
    for number in range(12):
        Contact.create(organisation=cast.brightwater, name=f"Contact {number}")
        actions.add_step(engagement, label=f"Step {number}", waiting_on="us", target_days=2, by=cast.vera)
    for number in range(1, 9):
        actions.skip(Step.get(Step.key == f"own-{number}"), reason="x", by=cast.olive)
    with queries() as asked:
        assert vera.get(here).status_code == 200
    assert len(asked) <= 15, asked


def test_markup_in_a_step_a_reason_and_the_terms_is_text(vera, here, acts, engagement, step):
    vera.post(f"{acts}/steps", data={"label": "<b>Room</b>", "waiting_on": "us", "target_days": "", "after": ""})
    vera.post(f"/steps/{step(engagement, 'sent').public_id}/tick", data={"reason": "<i>because</i>"})
    typed = typed_of(engagement, po_number="<u>4711</u>", logistics="<script>alert(1)</script>", apply="1")
    typed = {name: value for name, value in typed.items() if name not in ("price", "payer", "shares")}
    vera.post(f"{acts}/change", data=typed)
    page = vera.get(here).text
    assert "&lt;b&gt;Room" in page
    assert "&lt;i&gt;because" in page
    for markup in ("<b>Room", "<i>because", "<u>4711", "<script>alert"):
        assert markup not in page
    assert Entry.select().where(Entry.sentence.contains("<i>because</i>")).exists()


def test_terms_of_cancelling_are_changed_with_the_program(vera, acts, engagement):
    sent = typed_of(engagement, cancel_hours="48", apply="1")
    sent.pop("late_is_charged")
    assert vera.post(f"{acts}/change", data=sent).status_code == 303
    row = now(engagement)
    assert (row.cancel_hours, row.late_is_charged) == (48, False)
    answer = vera.post(f"{acts}/change", data=typed_of(engagement, cancel_hours="337", apply="1"))
    assert answer.status_code == 422
    assert "A number of hours from 0 to 336." in answer.text


def test_an_agreement_that_is_out_fixes_the_terms_of_cancelling(vera, acts, engagement, step):
    vera.post(f"/steps/{step(engagement, 'sent').public_id}/tick", data={"reason": "Handed over on paper"})
    page = vera.get(f"{acts}/change").text
    assert 'name="cancel_hours"' not in page
    assert "terms of cancelling" in page
    vera.post(f"{acts}/change", data=typed_of(engagement, cancel_hours="48", apply="1"))
    assert now(engagement).cancel_hours == 24

"""What the staff sees and does: templates, a client's agreements, who signs, the trail. Carol gets nothing of it."""

import pytest

from coachbase.agreements import actions
from coachbase.agreements.models import Agreement, AgreementTemplate, Signer
from coachbase.agreements.rules import State
from coachbase.clients.models import Client
from coachbase.db import database
from coachbase.evidence.models import TrailEvent
from coachbase.jobs import run_jobs
from coachbase.links.models import Link
from coachbase.web.filters import document
from tests.agreements import signing

SETTINGS = "/settings/agreements"


@pytest.fixture
def template(cast):
    return actions.keep_template("Short agreement", "# Terms\n\nFor **{{client_name}}**.")


@pytest.fixture
def out(cast):
    return signing.sent(cast)


def home(agreement: Agreement) -> str:
    return f"/clients/{agreement.client.public_id}/agreements"


def page(agreement: Agreement) -> str:
    return f"{home(agreement)}/{agreement.public_id}"


# Templates ------------------------------------------------------------------------------------------------------------


def test_a_template_is_written_and_listed(vera):
    answer = vera.post(f"{SETTINGS}/new", data={"name": "Short agreement", "body": "For {{ client_name }}."})
    template = AgreementTemplate.get(AgreementTemplate.name == "Short agreement")
    assert answer.location == f"{SETTINGS}/{template.public_id}"
    assert "Short agreement" in vera.get(SETTINGS).text
    assert "For {{client_name}}." in vera.get(answer.location).text


def test_a_misspelt_field_is_said_beside_the_text_which_stays(vera):
    answer = vera.post(f"{SETTINGS}/new", data={"name": "Short agreement", "body": "For {{clientname}}, as typed."})
    assert answer.status_code == 422
    assert "Did you mean {{client_name}}?" in answer.text
    assert "For {{clientname}}, as typed." in answer.text
    assert not AgreementTemplate.select().where(AgreementTemplate.name == "Short agreement").exists()


def test_a_preview_shows_examples_and_saves_nothing(vera, template):
    typed = {"name": "Other", "body": "For **{{client_name}}**.", "version": "1", "act": "preview"}
    answer = vera.post(f"{SETTINGS}/{template.public_id}", data=typed)
    assert "For <strong>Robert Haddad</strong>." in answer.text
    assert AgreementTemplate.get_by_id(template.id).name == "Short agreement"
    new = vera.post(f"{SETTINGS}/new", data={"name": "New", "body": "# Hello", "act": "preview"})
    assert '<article class="panel text paper">' in new.text
    assert not AgreementTemplate.select().where(AgreementTemplate.name == "New").exists()


def test_two_who_change_a_template_both_see_both_texts(vera, template):
    address = f"{SETTINGS}/{template.public_id}"
    assert vera.post(address, data={"name": "Vera’s", "body": "One.", "version": "1"}).status_code == 303
    answer = vera.post(address, data={"name": "Olive’s", "body": "Two.", "version": "1"})
    assert answer.status_code == 409
    assert all(words in answer.text for words in ("Vera’s", "Olive’s", "One.", "Two."))
    assert AgreementTemplate.get_by_id(template.id).body == "One."


def test_a_removed_template_is_offered_no_more_until_it_is_brought_back(vera, template):
    address = f"{SETTINGS}/{template.public_id}"
    answer = vera.post(f"{address}/remove", follow_redirects=True)
    assert f'action="{address}/restore"' in answer.text
    assert vera.get(address).status_code == 404
    vera.post(f"{address}/restore")
    assert vera.get(address).status_code == 200


def test_markup_in_a_template_is_shown_not_run(vera):
    typed = {"name": "<b>x</b>", "body": "<script>alert(1)</script> [a](javascript:alert(1))", "act": "preview"}
    shown = vera.post(f"{SETTINGS}/new", data=typed).text
    assert "<script>alert" not in shown
    assert 'href="javascript:' not in shown
    assert "<b>x</b>" not in shown


def test_coaches_do_not_arrange_templates(alice, template):
    assert alice.get(SETTINGS).status_code == 404
    assert alice.get(f"{SETTINGS}/{template.public_id}").status_code == 404


def test_a_long_agreement_is_shown_to_its_end():
    assert "the very end" in document("Words of forty pages. " * 7000 + "\n\nthe very end")


# A client's agreements ------------------------------------------------------------------------------------------------


def test_a_client_without_a_program_is_led_to_start_one(vera, cast):
    shown = vera.get(f"/clients/{cast.bob.public_id}/agreements").text
    assert "An agreement belongs to a program" in shown
    answer = vera.post(f"/clients/{cast.bob.public_id}/agreements", data={})
    assert answer.status_code == 422


def test_an_agreement_is_drafted_for_a_running_program(vera, cast, template):
    signing.engaged(cast)
    address = f"/clients/{cast.bob.public_id}/agreements"
    assert "Short agreement" in vera.get(address).text
    assert vera.post(address, data={"template": "nonsense"}).status_code == 422
    vera.post(address, data={"template": template.public_id})
    assert Agreement.get().title == "Short agreement"
    assert "Draft it" not in vera.get(address).text


def test_a_draft_names_what_is_missing_and_where_it_is_filled_in(vera, cast):
    agreement = signing.drafted(cast, body="{{client_address}} {{sponsor_address}} {{po_number}}")
    shown = vera.get(home(agreement)).text
    client = f"/clients/{cast.bob.public_id}"
    for href, label in (
        (f"{client}/edit", "the client’s postal address"),
        (f"/sponsors/{cast.brightwater.public_id}/edit", "the sponsor’s postal address"),
        (f"{client}/program", "the purchase order"),
    ):
        assert f'<a class="link" href="{href}">{label}</a>' in shown
    assert "Send to be signed" not in shown
    assert vera.post(f"{page(agreement)}/send").status_code == 422


def test_a_draft_is_read_changed_and_sent(vera, cast):
    agreement = signing.drafted(cast)
    assert "Between Bob Haddad and Alice Kern of Northbank" in vera.get(page(agreement)).text
    typed = {"title": "Contract", "body": "For {{client_name}}.", "version": "1"}
    assert "For Bob Haddad." in vera.post(f"{page(agreement)}/edit", data=typed | {"act": "preview"}).text
    assert signing.latest(agreement).title == "Coaching agreement"
    assert vera.post(f"{page(agreement)}/edit", data=typed).status_code == 303
    stale = vera.post(f"{page(agreement)}/edit", data=typed | {"title": "Mine"})
    assert stale.status_code == 409
    assert vera.post(f"{page(agreement)}/send").location == home(agreement)
    assert 'hx-trigger="every 2s"' in vera.get(home(agreement)).text
    run_jobs()
    shown = vera.get(home(agreement)).text
    assert "asked to sign" in shown
    assert 'hx-trigger="every 2s"' not in shown


def test_the_draft_as_pdf_leaves_as_an_attachment_and_writes_nothing(vera, cast):
    agreement = signing.drafted(cast)
    answer = vera.get(f"{page(agreement)}/preview.pdf")
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert signing.latest(agreement).document is None


def test_a_draft_that_cannot_be_drawn_says_so_instead_of_breaking(vera, cast):
    Client.update(legal_name="王小明").where(Client.id == cast.bob.id).execute()
    agreement = signing.drafted(cast)
    assert "cannot draw" in vera.get(f"{page(agreement)}/preview.pdf").text
    assert "cannot draw" in vera.post(f"{page(agreement)}/send").text


def test_what_is_out_is_not_edited_any_more(vera, out):
    assert vera.get(f"{page(out)}/edit").status_code == 422
    assert vera.post(f"{page(out)}/edit", data={"title": "x", "body": "y", "version": "2"}).status_code == 422
    assert vera.get(f"{page(out)}/preview.pdf").status_code == 422


def test_the_frozen_and_the_sealed_file_are_taken_out(vera, cast, out):
    assert vera.get(f"{page(out)}/document").data == out.document.content
    assert vera.get(f"{page(out)}/sealed").status_code == 422
    for signer in list(Signer.of(out)):
        signing.sign_as(out, signer.role_name)
    run_jobs()
    sealed = vera.get(f"{page(out)}/sealed")
    assert sealed.data == signing.latest(out).sealed.content
    assert sealed.headers["Content-Disposition"].startswith("attachment")
    assert "signed by all" in vera.get(home(out)).text


def test_a_withdrawal_without_a_reason_is_asked_again_in_its_place(vera, out):
    answer = vera.post(f"{page(out)}/withdraw", data={"reason": " "})
    assert answer.status_code == 422
    assert '<details class="withdraw" open>' in answer.text
    assert "Say why, in a few words." in answer.text
    vera.post(f"{page(out)}/withdraw", data={"reason": "The price was wrong."})
    shown = vera.get(home(out)).text
    assert "The price was wrong." in shown
    new = vera.post(f"{page(out)}/renew")
    assert new.location.endswith("/edit")
    assert "Version 2" in vera.get(home(out)).text


def test_a_draft_is_discarded_without_a_question(vera, cast):
    agreement = signing.drafted(cast)
    assert vera.post(f"{page(agreement)}/withdraw").status_code == 303
    assert signing.latest(agreement).state is State.VOID


def test_what_the_worker_gave_up_is_shown_and_tried_again(vera, cast):
    agreement = signing.drafted(cast)
    actions.send(agreement, by=cast.vera)
    Agreement.update(problem="The PDF could not be made.", attempts=4).where(Agreement.id == agreement.id).execute()
    shown = vera.get(home(agreement)).text
    assert "The PDF could not be made." in shown
    assert "needs a look" in shown
    vera.post(f"{page(agreement)}/try-again")
    run_jobs()
    assert signing.latest(agreement).state is State.OUT


def test_the_trail_is_told_without_addresses_and_says_that_it_is_whole(vera, out):
    signing.sign_as(out, "client")
    shown = vera.get(page(out)).text
    assert "The chain is whole" in shown
    for words in ("Frozen as a PDF", "Opened · Bob Haddad", "Signed · Bob Haddad", "Asked to sign · Sam Okafor"):
        assert words in shown
    assert "203.0.113.7" not in shown
    assert "Firefox" not in shown


def test_a_broken_trail_names_the_event(vera, out):
    signing.sign_as(out, "client")
    database.execute_sql("DROP TRIGGER trail_event_is_never_changed")
    TrailEvent.update(kind="opened").where(TrailEvent.number == 4).execute()
    shown = vera.get(page(out)).text
    assert "The chain is broken at event 4" in shown
    assert "The chain is whole" not in shown


# The coach signs ------------------------------------------------------------------------------------------------------


def test_the_coach_signs_from_here_when_it_is_the_turn(alice, vera, out):
    assert "Read and sign" not in alice.get(home(out)).text
    assert alice.post(f"{page(out)}/sign").status_code == 422
    signing.sign_as(out, "client")
    signing.sign_as(out, "sponsor")
    assert "Read and sign" in alice.get(home(out)).text
    assert "Read and sign" not in vera.get(home(out)).text
    answer = alice.post(f"{page(out)}/sign")
    assert answer.location == "/p/sign"
    assert "link_sign=" in answer.headers["Set-Cookie"]
    assert "Path=/p/sign" in answer.headers["Set-Cookie"]


def test_nobody_else_gets_the_coachs_link(vera, olive, out):
    signing.sign_as(out, "client")
    signing.sign_as(out, "sponsor")
    before = Link.select().count()
    for somebody in (vera, olive):
        answer = somebody.post(f"{page(out)}/sign")
        assert answer.status_code == 422
        assert "Set-Cookie" not in answer.headers or "link_sign" not in answer.headers["Set-Cookie"]
    assert Link.select().count() == before


# The wall -------------------------------------------------------------------------------------------------------------


def test_carol_sees_nothing_of_it(carol, out):
    for path in ("", "/edit", "/preview.pdf", "/document", "/sealed"):
        assert carol.get(f"{page(out)}{path}").status_code == 404
    assert carol.get(home(out)).status_code == 404
    assert carol.get(f"{home(out)}/of/{out.engagement.public_id}").status_code == 404
    for act in ("/edit", "/send", "/withdraw", "/renew", "/try-again", "/sign"):
        assert carol.post(f"{page(out)}{act}", data={"reason": "Mine."}).status_code == 404
    assert signing.latest(out).state is State.OUT


def test_an_agreement_is_found_only_under_its_own_client(vera, cast, out):
    other = Client.create(name="Ina", coach=cast.alice, created_at=cast.bob.created_at)
    assert vera.get(f"/clients/{other.public_id}/agreements/{out.public_id}").status_code == 404
    assert vera.get(f"/clients/{other.public_id}/agreements/of/{out.engagement.public_id}").status_code == 404


def test_a_programs_agreements_stand_on_its_page(vera, out):
    shown = vera.get(f"{home(out)}/of/{out.engagement.public_id}").text
    assert f'id="agreements-of-{out.engagement.public_id}"' in shown
    assert "Bob Haddad is asked" in shown


def test_many_agreements_take_no_more_queries(vera, cast, out, queries):
    actions.withdraw(out, reason="Again.", by=cast.vera)
    for _ in range(12):
        actions.withdraw(actions.renew(signing.latest(out), by=cast.vera), reason="", by=cast.vera)
    actions.renew(signing.latest(out), by=cast.vera)
    vera.get(home(out))
    with queries() as asked:
        shown = vera.get(home(out)).text
    assert shown.count('<article class="panel agreement"') == 14
    assert len(asked) <= 15


def test_the_way_to_a_first_agreement_leads_to_starting_a_program(vera, cast):
    way = f"/clients/{cast.bob.public_id}/programs/new"
    assert f'href="{way}"' in vera.get(f"/clients/{cast.bob.public_id}/agreements").text
    assert vera.get(way).status_code == 200

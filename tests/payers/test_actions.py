"""What the firm and its payers said is kept once, and nothing is overwritten in silence."""

from datetime import date, timedelta

import pytest

from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import Payer as PaidBy
from coachbase.errors import Refused, Stale
from coachbase.invoices.actions import LINKS
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.payers import actions
from coachbase.payers.models import Payer, Seller, TaxRate
from coachbase.payers.rules import Category
from coachbase.timeline.models import Entry


def program(cast, **values):
    given = {"name": "Leadership", "currency": "GBP", "starts_on": date(2026, 9, 1), "created_at": cast.bob.created_at}
    return Engagement.create(client=cast.bob, coach=cast.alice, **given | values)


def test_the_firm_bills_as_it_said_last(cast):
    actions.keep_seller({"legal_name": "Northbank Ltd"}, version=0)
    actions.keep_seller({"legal_name": "Northbank Limited"}, version=1)
    assert (Seller.select().count(), Seller.get().legal_name, Seller.get().version) == (1, "Northbank Limited", 2)


@pytest.mark.parametrize("version", [0, 2])
def test_who_saw_another_version_of_the_firm_overwrites_nothing(cast, version):
    actions.keep_seller({"legal_name": "Northbank Ltd"}, version=0)
    with pytest.raises(Stale):
        actions.keep_seller({"legal_name": "Mine"}, version=version)
    assert Seller.get().legal_name == "Northbank Ltd"


def test_the_first_rate_is_the_usual_one_and_the_next_is_not(cast):
    actions.keep_seller({"legal_name": "Northbank Ltd"}, version=0)
    first = actions.add_rate("VAT", Category.STANDARD, 2000, "")
    actions.add_rate("VAT", Category.STANDARD, 500, "")
    assert Seller.current().rate == first


def test_a_rate_is_there_once(cast):
    actions.add_rate("VAT", Category.STANDARD, 2000, "")
    with pytest.raises(Refused, match="“VAT, 20 %” already"):
        actions.add_rate("VAT", Category.STANDARD, 2000, "")
    actions.add_rate("VAT", Category.STANDARD, 2100, "")
    actions.remove_rate(TaxRate.get(TaxRate.rate_bps == 2000))
    actions.add_rate("VAT", Category.STANDARD, 2000, "")


def test_of_a_rate_only_name_and_note_change(cast):
    rate = actions.add_rate("Reverse charge", Category.REVERSE, 0, "Art. 196")
    actions.change_rate(rate, name="Abroad", note="Art. 44", version=1)
    kept = TaxRate.get_by_id(rate.id)
    assert (kept.name, kept.note, kept.category, kept.rate_bps) == ("Abroad", "Art. 44", Category.REVERSE, 0)
    with pytest.raises(Refused, match="Say why"):
        actions.change_rate(rate, name="Abroad", note="", version=2)
    with pytest.raises(Stale):
        actions.change_rate(rate, name="Mine", note="x", version=1)


def test_a_removed_rate_is_offered_no_more_but_to_who_has_it(cast):
    rate = actions.add_rate("VAT", Category.STANDARD, 2000, "")
    actions.remove_rate(rate)
    rate = TaxRate.get_by_id(rate.id)
    assert list(TaxRate.kept()) == TaxRate.offered(None) == []
    assert TaxRate.offered(rate) == [rate]
    actions.restore_rate(rate)
    assert TaxRate.offered(rate) == [rate]


def test_the_usual_rate_is_not_removed(cast):
    actions.keep_seller({"rate": actions.add_rate("VAT", Category.STANDARD, 2000, "")}, version=0)
    with pytest.raises(Refused, match="usual rate"):
        actions.remove_rate(TaxRate.get())
    assert TaxRate.kept().count() == 1


def test_a_program_is_billed_to_who_pays_it_and_only_once_made(cast):
    own, sponsored = program(cast), program(cast, payer_name=PaidBy.SPONSOR, onboarded_at=cast.bob.created_at)
    assert Payer.of(own) is None
    assert actions.payer_of(own) == actions.payer_of(own) == Payer.of(own)
    assert actions.payer_of(sponsored).organisation == cast.brightwater
    assert Payer.select().count() == 2


def test_a_sponsor_who_is_nobody_pays_for_nothing(cast):
    """Nor does another client, whose row has no organisation either."""
    actions.payer_for(cast.bob)
    cast.bob.organisation = None
    cast.bob.save()
    lost = Engagement.with_client().where(Engagement.id == program(cast, payer_name=PaidBy.SPONSOR).id).get()
    assert Payer.of(lost) is None
    with pytest.raises(Refused, match="has none"):
        actions.payer_of(lost)


def test_a_payer_is_kept_as_it_was_said_whatever_the_client_is_called_later(cast):
    actions.keep_payer(cast.bob, {"legal_name": "Robert Haddad"}, version=0, by=cast.vera)
    cast.bob.name = cast.bob.legal_name = "Bobby"
    cast.bob.save()
    assert actions.payer_for(cast.bob).legal_name == "Robert Haddad"
    assert Entry.get().sentence == "Who gets the invoices was changed"


def test_a_payer_that_the_clock_made_meanwhile_is_not_overwritten(cast):
    actions.payer_for(cast.brightwater)
    with pytest.raises(Stale):
        actions.keep_payer(cast.brightwater, {"legal_name": "Mine"}, version=0, by=cast.vera)
    assert Payer.get().legal_name == "Brightwater"


def test_a_payer_knows_its_programs_that_run_behind_the_readers_wall(cast):
    program(cast, onboarded_at=cast.bob.created_at)
    program(cast, payer_name=PaidBy.SPONSOR, state_name="ended", onboarded_at=cast.bob.created_at)
    mine = program(cast, payer_name=PaidBy.SPONSOR)
    payer = actions.payer_for(cast.brightwater)
    assert list(payer.programs(cast.vera)) == [mine]
    assert list(payer.programs(cast.carol)) == []


@pytest.mark.parametrize(
    ("values", "is_open"),
    [({"city": "Leeds"}, True), ({"email": "ap@b.example"}, False), ({"copy_to": "c@b.example"}, False)],
)
def test_another_mailbox_shuts_the_links_that_went_to_the_old_one(cast, values, is_open):
    payer = actions.payer_for(cast.brightwater)
    link, _ = links.issue(LINKS, payer.public_id, lasts=timedelta(days=1))
    actions.keep_payer(cast.brightwater, values, version=1, by=cast.vera)
    assert (Link.get_by_id(link.id).revoked_at is None) is is_open

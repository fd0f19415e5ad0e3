"""What ships, what is kept while it is used, and what two people cannot overwrite."""

import pytest

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.errors import Refused, Stale
from coachbase.instruments import actions
from coachbase.instruments.models import Battery, BatteryItem, Instrument, InstrumentGroup, Vendor, not_there
from coachbase.instruments.rules import MOST_ITEMS, Anchor, Group, Item, Unit, Way, refusal_of_rhythm
from coachbase.raters.models import Rater

LATER = Item(Anchor.START, 9, Unit.MONTHS)


def values(instrument, **changes):
    """The columns of an instrument as its form would send them."""
    names = ("name", "way_name", "answer_days", "report_days", "rhythm", "currency", "how_to", "file_words")
    return {name: getattr(instrument, name) for name in names} | changes


# What ships ----------------------------------------------------------------------------------------------------------


def test_a_firm_begins_with_the_usual_instruments(cast):
    names = {row.name for row in Instrument.kept()}
    assert names == {
        "Hogan HPI", "Hogan HDS", "Hogan MVPI", "Hogan 360", "EQ-i 2.0", "EQ 360", "Everything DiSC",
        "Everything DiSC 363", "Korn Ferry KFLA", "Korn Ferry 360", "MBTI", "CliftonStrengths", "Custom 360",
    }  # fmt: skip
    assert not_there() == []


def test_each_says_what_the_desk_needs_to_know(cast):
    groups = InstrumentGroup.of_all()
    for row in Instrument.kept():
        assert row.how_to, row.name
        assert row.file_phrases, row.name
        assert row.parts, row.name
        assert refusal_of_rhythm(row.rhythm) is None, row.name
        assert row.currency == "GBP"
        assert row.needs_raters == bool(groups.get(row.id)) == ("36" in row.name), row.name
        assert row.vendor.portal.startswith("https://") or row.vendor.name == "Other"


def test_the_battery_of_a_new_firm_is_due_two_weeks_before_the_kickoff(battery, names):
    assert names() == ["Hogan HPI", "Hogan HDS", "EQ-i 2.0"]
    assert {item.when for item in BatteryItem.of(battery)} == {"2 weeks before the kickoff"}


def test_an_older_firm_gets_those_it_does_not_have_and_keeps_its_own(cast, hpi):
    Instrument.update(answer_days=99).where(Instrument.id == hpi.id).execute()
    Instrument.update(name="Myers-Briggs").where(Instrument.name == "MBTI").execute()
    Vendor.update(portal="https://ours.example").where(Vendor.name == "The Myers-Briggs Company").execute()
    assert actions.ship("EUR") == 1
    assert Instrument.get(Instrument.name == "MBTI").currency == "EUR"
    assert Instrument.get_by_id(hpi.id).answer_days == 99
    assert Vendor.get(Vendor.name == "The Myers-Briggs Company").portal == "https://ours.example"
    assert actions.ship("EUR") == 0
    assert Battery.select().count() == 1


def test_what_was_removed_is_not_brought_back_by_shipping(cast, eq360):
    actions.remove(eq360)
    assert actions.ship("GBP") == 0
    assert eq360.name not in {row.name for row in Instrument.kept()}


# Instruments ---------------------------------------------------------------------------------------------------------


def test_a_new_name_makes_a_new_vendor_and_a_known_one_does_not(cast, hpi):
    own = actions.add("  Own house ".strip(), values(hpi, name="Our 360"), [Group("Peers", 3, 6)])
    assert own.vendor.name == "Own house"
    assert own.needs_raters
    again = actions.add("OWN HOUSE", values(hpi, name="Our values"), [])
    assert again.vendor == own.vendor


def test_a_vendor_has_each_instrument_once(cast, hpi):
    with pytest.raises(Refused, match="Hogan has an instrument called Hogan HPI already"):
        actions.add("hogan", values(hpi, name="hogan hpi"), [])


def test_a_change_of_an_instrument_that_somebody_else_changed_is_refused(cast, hpi):
    actions.change(hpi, "Hogan", values(hpi, answer_days=5), [], version=1)
    with pytest.raises(Stale):
        actions.change(hpi, "Hogan", values(hpi, answer_days=6), [], version=1)
    assert Instrument.get_by_id(hpi.id).answer_days == 5


def rater_in(group, cast):
    assessment = assessments.set_up(cast.bob, group.instrument, by=cast.vera)
    return Rater.create(assessment=assessment, group=group, name="Ann", email="a@b.example", created_at=clock.now())


def test_a_group_that_keeps_its_name_keeps_its_raters(cast, eq360):
    peers = InstrumentGroup.get(InstrumentGroup.instrument == eq360, InstrumentGroup.name == "Peers")
    ann = rater_in(peers, cast)
    actions.change(eq360, "MHS", values(eq360), [Group("Boss", 1, 1), Group("peers", 2, 9)], version=1)
    assert [(row.name, row.least, row.most) for row in InstrumentGroup.of(eq360)] == [("Boss", 1, 1), ("peers", 2, 9)]
    assert Rater.get_by_id(ann.id).group_id == peers.id


def test_a_group_with_raters_is_not_taken_out(cast, eq360):
    rater_in(InstrumentGroup.get(InstrumentGroup.instrument == eq360, InstrumentGroup.name == "Peers"), cast)
    with pytest.raises(Refused, match="Raters stand in the group “Peers”"):
        actions.change(eq360, "MHS", values(eq360), [Group("Manager", 1, 1)], version=1)
    assert len(InstrumentGroup.of_all()[eq360.id]) == 5


def test_an_instrument_stays_while_a_battery_holds_it(cast, hpi, battery):
    with pytest.raises(Refused, match="stands in the battery “Leadership battery”"):
        actions.remove(hpi)
    actions.take_out(BatteryItem.of(battery).first())
    actions.remove(hpi)
    assert hpi not in list(Instrument.kept())


def test_what_is_set_up_with_a_removed_instrument_goes_on(cast, eq360):
    assessment = assessments.set_up(cast.bob, eq360, by=cast.vera)
    actions.remove(eq360)
    assert type(assessment).with_people().where(type(assessment).id == assessment.id).get().instrument == eq360
    actions.restore(eq360)
    assert eq360 in list(Instrument.kept())


def test_two_vendors_are_not_called_the_same(cast, hpi):
    with pytest.raises(Refused, match="There is a vendor called MHS already"):
        actions.change_vendor(hpi.vendor, name="MHS", portal="", version=1)
    actions.change_vendor(hpi.vendor, name="HOGAN", portal="https://h.example", version=1)
    with pytest.raises(Stale):
        actions.change_vendor(hpi.vendor, name="Hogan", portal="", version=1)


# Batteries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "to", "order"),
    [
        (0, 2, "Hogan HDS, Hogan HPI, EQ-i 2.0"),
        (0, 3, "Hogan HDS, EQ-i 2.0, Hogan HPI"),
        (2, 1, "EQ-i 2.0, Hogan HPI, Hogan HDS"),
        (2, 0, "EQ-i 2.0, Hogan HPI, Hogan HDS"),
        (0, 999, "Hogan HDS, EQ-i 2.0, Hogan HPI"),
        (1, 2, "Hogan HPI, Hogan HDS, EQ-i 2.0"),
    ],
)
def test_an_item_goes_to_the_place_it_is_put(battery, names, which, to, order):
    item = list(BatteryItem.of(battery))[which]
    place = actions.move_item(item, to)
    assert ", ".join(names()) == order
    assert names()[place - 1] == item.instrument.name
    assert [row.position for row in BatteryItem.of(battery)] == [1, 2, 3]


def test_an_item_taken_out_can_be_put_back_where_it_stood(battery, names):
    middle = list(BatteryItem.of(battery))[1]
    place = actions.take_out(middle)
    assert names() == ["Hogan HPI", "EQ-i 2.0"]
    assert actions.take_out(middle) == place
    actions.put_back(middle, place)
    assert names() == ["Hogan HPI", "Hogan HDS", "EQ-i 2.0"]
    actions.put_back(middle, 1)
    assert names() == ["Hogan HPI", "Hogan HDS", "EQ-i 2.0"]


def test_an_item_whose_instrument_was_removed_is_not_put_back(battery, hpi):
    item = BatteryItem.of(battery).first()
    place = actions.take_out(item)
    actions.remove(hpi)
    with pytest.raises(Refused, match="was removed since"):
        actions.put_back(item, place)


def test_an_instrument_may_come_again_later(battery, names, hpi):
    actions.add_item(battery, hpi, LATER)
    assert names()[-1] == "Hogan HPI"
    assert list(BatteryItem.of(battery))[-1].when == "9 months after the start"


def test_a_battery_has_an_end(battery, hpi):
    for _ in range(MOST_ITEMS - 3):
        actions.add_item(battery, hpi, LATER)
    with pytest.raises(Refused, match="up to 30"):
        actions.add_item(battery, hpi, LATER)


def test_a_change_of_an_item_that_somebody_else_changed_is_refused(battery, hpi):
    item = BatteryItem.of(battery).first()
    actions.change_item(item, hpi, LATER, version=1)
    with pytest.raises(Stale):
        actions.change_item(item, hpi, Item(Anchor.END, -1, Unit.WEEKS), version=1)
    assert BatteryItem.get_by_id(item.id).item == LATER


def test_a_battery_that_is_put_back_brings_its_instruments_with_it(battery, hpi):
    actions.remove_battery(battery)
    actions.remove(hpi)
    actions.restore_battery(battery)
    assert hpi in list(Instrument.kept())


def test_how_people_get_in_is_one_of_three(cast):
    assert {row.way for row in Instrument.kept()} == set(Way)

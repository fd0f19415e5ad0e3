"""The catalogue in the settings, as the cast sees it: instruments, vendors, batteries."""

import pytest

from coachbase.instruments.models import Battery, BatteryItem, Instrument, InstrumentGroup, Vendor
from tests.safety.digest import digest
from tests.safety.walk import read

SETTINGS, BATTERIES = "/settings/instruments", "/settings/batteries"
HTMX = {"HX-Request": "true"}


def sent_by(browser, path):
    """What the form of a page would send if nobody touched it."""
    page = browser.get(path).text
    return dict(next(form for form in read(path, page).forms if form.action == path and form.method == "POST").fields)


@pytest.fixture
def typed(vera, hpi):
    """Hogan HPI as its own form would send it."""
    return sent_by(vera, f"{SETTINGS}/{hpi.public_id}")


@pytest.mark.parametrize("who", ["olive", "vera"])
def test_owner_and_assistant_read_the_catalogue(sign_in, hpi, who):
    page = sign_in(who).get(SETTINGS).text
    for shown in (
        "Hogan HPI",
        "www.gotohogan.com",
        "EQ 360",
        "Family and friends: 0 to 6",
        "personal link for 90 days",
    ):
        assert shown in page
    assert "Add those we ship" not in page


@pytest.mark.parametrize("who", ["alice", "carol"])
def test_coaches_find_no_catalogue(sign_in, hpi, battery, who):
    browser, before = sign_in(who), digest()
    for path in (SETTINGS, f"{SETTINGS}/{hpi.public_id}", BATTERIES, f"{BATTERIES}/{battery.public_id}"):
        assert browser.get(path).status_code == 404
    assert browser.post(f"{SETTINGS}/{hpi.public_id}/remove").status_code == 404
    assert browser.post(f"{SETTINGS}/ship").status_code == 404
    assert digest() == before


def test_an_older_firm_is_offered_what_it_lacks(vera, cast):
    Instrument.update(name="Myers-Briggs").where(Instrument.name == "MBTI").execute()
    assert "not in your catalogue: MBTI." in vera.get(SETTINGS).text
    assert vera.post(f"{SETTINGS}/ship").status_code == 303
    page = vera.get(SETTINGS).text
    assert "1 instrument is added." in page
    assert "Add those we ship" not in page


def test_a_form_sent_as_it_is_changes_nothing_but_the_version(vera, hpi, typed):
    before = Instrument.get_by_id(hpi.id)
    assert vera.post(f"{SETTINGS}/{hpi.public_id}", data=typed).status_code == 303
    after = Instrument.get_by_id(hpi.id)
    assert after.version == 2
    assert {**after.__data__, "version": 1} == before.__data__


def test_an_instrument_is_made_with_all_it_says(vera, typed):
    typed.pop("version")
    typed |= {
        "name": "Our 360", "vendor": "Own house", "way_name": "code", "groups": "Peers: 3 to 6\nBoss 1",
        "price": "1,200", "credits": "15", "rhythm": "2, 5", "invitation_days": "30", "code_days": "",
        "file_words": "Our 360, ours",
    }  # fmt: skip
    typed.pop("has_coach_part")
    assert vera.post(f"{SETTINGS}/new", data=typed).status_code == 303
    made = Instrument.with_vendor().where(Instrument.name == "Our 360").get()
    assert (made.vendor.name, made.way, made.needs_raters, made.cost_cents) == ("Own house", "code", True, 120_000)
    assert (made.credits, made.rhythm, made.invitation_days, made.code_days) == (15, "2 5", 30, None)
    assert made.parts == ("client",)
    assert [row.name for row in InstrumentGroup.of(made)] == ["Peers", "Boss"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"groups": "Peers"}, "“Peers” is not understood"),
        ({"rhythm": "1 2 3 4 5"}, "Nobody is reminded more than 4 times"),
        ({"price": "cheap"}, "Type an amount"),
        ({"answer_days": "99999"}, "from 0 to 3650"),
        ({"name": ""}, "What is the instrument called?"),
        ({"way_name": "magic"}, "Not a valid choice"),
        ({"name": "Hogan HDS"}, "Hogan has an instrument called Hogan HDS already"),
        ({"has_coach_part": None, "has_client_part": None}, "A report has at least one part."),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(vera, hpi, typed, change, sentence):
    sent = {name: value for name, value in (typed | {"how_to": "kept as typed"} | change).items() if value is not None}
    answer = vera.post(f"{SETTINGS}/{hpi.public_id}", data=sent)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "kept as typed" in answer.text
    assert Instrument.get_by_id(hpi.id).version == 1


def test_two_tabs_see_both_texts(vera, olive, hpi, typed):
    assert olive.post(f"{SETTINGS}/{hpi.public_id}", data=typed | {"how_to": "Olive’s words"}).status_code == 303
    answer = vera.post(f"{SETTINGS}/{hpi.public_id}", data=typed | {"how_to": "Vera’s words", "answer_days": "12"})
    assert answer.status_code == 409
    assert "Olive’s words" in answer.text
    assert "Vera’s words" in answer.text
    path = f"{SETTINGS}/{hpi.public_id}"
    again = dict(next(form for form in read(path, answer.text).forms if form.action == path).fields)
    assert vera.post(path, data=again).status_code == 303
    assert Instrument.get_by_id(hpi.id).how_to == "Vera’s words"
    assert Instrument.get_by_id(hpi.id).answer_days == 12


def test_a_removed_instrument_can_be_offered_again(vera, eq360):
    assert vera.post(f"{SETTINGS}/{eq360.public_id}/remove").status_code == 303
    page = vera.get(SETTINGS).text
    assert f"{SETTINGS}/{eq360.public_id}/restore" in page
    assert vera.get(f"{SETTINGS}/{eq360.public_id}").status_code == 404
    assert vera.post(f"{SETTINGS}/{eq360.public_id}/restore").status_code == 303
    assert vera.get(f"{SETTINGS}/{eq360.public_id}").status_code == 200


def test_an_instrument_in_a_battery_is_not_removed(vera, hpi):
    answer = vera.post(f"{SETTINGS}/{hpi.public_id}/remove")
    assert answer.status_code == 422
    assert "Take it out there first." in answer.text


@pytest.mark.parametrize(
    ("portal", "kept"),
    [
        ("https://h.example/in", "https://h.example/in"), ("h.example", "https://h.example"), ("", ""),
        ("http://h.example", None), ("javascript:alert(1)", None), ("https://u:p@h.example", None),
    ],
)  # fmt: skip
def test_where_people_answer_is_a_safe_address_or_none(vera, hpi, portal, kept):
    path = f"{SETTINGS}/vendors/{hpi.vendor.public_id}"
    answer = vera.post(path, data=sent_by(vera, path) | {"portal": portal})
    assert answer.status_code == (422 if kept is None else 303)
    assert Vendor.get_by_id(hpi.vendor_id).portal == ("https://www.gotohogan.com" if kept is None else kept)


def test_a_vendor_changed_in_two_tabs_shows_both(vera, hpi):
    path = f"{SETTINGS}/vendors/{hpi.vendor.public_id}"
    form = sent_by(vera, path)
    assert vera.post(path, data=form | {"name": "Hogan Inc"}).status_code == 303
    answer = vera.post(path, data=form | {"name": "Hogan Ltd"})
    assert answer.status_code == 409
    assert "Hogan Inc" in answer.text


# Batteries -----------------------------------------------------------------------------------------------------------


def test_a_battery_says_what_it_holds_and_when(vera, battery):
    page = vera.get(BATTERIES).text
    assert "Leadership battery" in page
    assert "EQ-i 2.0 2 weeks before the kickoff" in page


def test_a_battery_is_made_and_filled(vera, hpi):
    assert vera.post(f"{BATTERIES}/new", data={"name": "Mid-year"}).status_code == 303
    made = Battery.get(Battery.name == "Mid-year")
    path = f"{BATTERIES}/{made.public_id}"
    when = {
        "instrument": hpi.public_id,
        "amount": "9",
        "unit_name": "months",
        "direction": "after",
        "anchor_name": "start",
    }
    assert vera.post(f"{path}/items", data=when).status_code == 303
    assert "9 months after the start" in vera.get(path).text
    [item] = BatteryItem.of(made)
    assert (item.amount, item.unit_name, item.anchor_name) == (9, "months", "start")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"amount": "61", "unit_name": "months"}, "At most 60 months."),
        ({"amount": "-1"}, "A number, 0 for the day itself."),
        ({"instrument": "nothing"}, "Not a valid choice"),
        ({"anchor_name": "lunch"}, "Not a valid choice"),
    ],
)
def test_an_item_that_cannot_be_is_said_in_its_place(vera, battery, hpi, change, sentence):
    when = {
        "instrument": hpi.public_id,
        "amount": "2",
        "unit_name": "weeks",
        "direction": "before",
        "anchor_name": "kickoff",
    }
    answer = vera.post(f"{BATTERIES}/{battery.public_id}/items", data=when | change)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert BatteryItem.select().count() == 3


def test_an_item_is_changed_and_two_tabs_see_both(vera, battery):
    item = BatteryItem.of(battery).first()
    path = f"{BATTERIES}/{battery.public_id}/items/{item.public_id}"
    form = sent_by(vera, path)
    assert (form["amount"], form["unit_name"], form["direction"], form["anchor_name"]) == (
        "2",
        "weeks",
        "before",
        "kickoff",
    )
    assert vera.post(path, data=form | {"amount": "3"}).status_code == 303
    assert BatteryItem.get_by_id(item.id).when == "3 weeks before the kickoff"
    assert vera.post(path, data=form | {"amount": "4"}).status_code == 409
    assert BatteryItem.get_by_id(item.id).amount == -3


def test_items_move_by_buttons_with_and_without_javascript(vera, battery, names):
    item = BatteryItem.of(battery).first()
    path = f"{BATTERIES}/{battery.public_id}/items/{item.public_id}/move"
    assert vera.post(path, data={"to": "2"}).status_code == 303
    assert names() == ["Hogan HDS", "Hogan HPI", "EQ-i 2.0"]
    answer = vera.post(path, data={"to": "3"}, headers=HTMX)
    assert "Hogan HPI is now 3 of 3." in answer.text
    assert answer.text.lstrip().startswith('<div class="stack" id="items"')
    for nonsense in ("", "-1", "9" * 400, "²"):
        assert vera.post(path, data={"to": nonsense}).status_code == 303


def test_an_item_taken_out_comes_back_by_undo(vera, battery, names):
    item = list(BatteryItem.of(battery))[1]
    path = f"{BATTERIES}/{battery.public_id}"
    assert vera.post(f"{path}/items/{item.public_id}/take-out").status_code == 303
    page = vera.get(path).text
    assert f"{path}/items/{item.public_id}/put-back?place=2" in page
    assert vera.post(f"{path}/items/{item.public_id}/put-back?place=2").status_code == 303
    assert names() == ["Hogan HPI", "Hogan HDS", "EQ-i 2.0"]


def test_an_item_of_another_battery_is_not_there(vera, battery):
    other = Battery.create(name="Other", created_at=battery.created_at)
    item = BatteryItem.of(battery).first()
    assert vera.get(f"{BATTERIES}/{other.public_id}/items/{item.public_id}").status_code == 404
    assert vera.post(f"{BATTERIES}/{other.public_id}/items/{item.public_id}/take-out").status_code == 404


def test_a_battery_is_renamed_by_one_at_a_time_and_removed_with_undo(vera, battery):
    path = f"{BATTERIES}/{battery.public_id}"
    assert vera.post(path, data={"name": "Usual", "version": "1"}).status_code == 303
    assert vera.post(path, data={"name": "Other", "version": "1"}).status_code == 409
    assert vera.post(f"{path}/remove").status_code == 303
    assert f"{path}/restore" in vera.get(BATTERIES).text
    assert vera.get(path).status_code == 404
    assert vera.post(f"{path}/restore").status_code == 303
    assert vera.get(path).status_code == 200

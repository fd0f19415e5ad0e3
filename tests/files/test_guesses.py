"""What a dropped file seems to be: guessed from its name and first page, and asked about."""

from datetime import date

import pytest

from coachbase.files.rules import Audience as A
from coachbase.files.rules import Kind as K
from coachbase.files.rules import (
    Place,
    Wanted,
    guess_client,
    guess_day,
    guess_instrument,
    guess_part,
    guess_place,
    is_narrower,
    place_of,
    words_in_names,
)
from coachbase.instruments.rules import Part

TODAY = date(2026, 11, 23)
CLIENTS = [
    ("bob", "Bob Haddad"),
    ("ann", "Ann Lee"),
    ("park", "Ann Lee Park"),
    ("soren", "Søren Ørsted"),
    ("b2", "Bo Lind"),
]
INSTRUMENTS = [
    ("hpi", ("hogan personality inventory", "hpi")),
    ("h360", ("hogan 360",)),
    ("eqi", ("eq-i 2.0", "eqi 2.0", "emotional quotient inventory")),
    ("eq360", ("eq 360", "eq360")),
    ("disc", ("everything disc",)),
]


@pytest.mark.parametrize(
    ("name", "page", "client", "where"),
    [
        ("HPI Bob Haddad.pdf", "", "bob", "in the file’s name"),
        ("haddad_bob_hpi.pdf", "", "bob", "in the file’s name"),
        ("HPI_BobHaddad_2026.pdf", "", "bob", "in the file’s name"),
        ("Haddad.pdf", "", "bob", "in the file’s name"),
        ("orsted soren.pdf", "", "soren", "in the file’s name"),
        ("ann-lee-park.pdf", "", "park", "in the file’s name"),
        ("report.pdf", "Prepared for: Haddad, Bob", "bob", "on the first page"),
        ("report.pdf", "Report for BOB HADDAD", "bob", "on the first page"),
        ("report.pdf", "Bob met Mr Haddad", "", ""),
        ("report.pdf", "Bob Haddad and Ann Lee", "", ""),
        ("bobhaddad.pdf", "", "", ""),
        ("bo.pdf", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_the_client_is_whose_name_stands_there_alone(name, page, client, where):
    assert guess_client(words_in_names(CLIENTS), name, page) == (client, where)


@pytest.mark.parametrize(
    ("name", "page", "instrument"),
    [
        ("HPI_Bob.pdf", "", "hpi"),
        ("EQi2.0_Bob.pdf", "", "eqi"),
        ("EQ-i 2.0 Client Report.pdf", "", "eqi"),
        ("EQ360.pdf", "Emotional Quotient Inventory", "eq360"),
        ("report.pdf", "The Hogan Personality Inventory", "hpi"),
        ("EverythingDiSC.pdf", "", "disc"),
        ("philippines.pdf", "", ""),
        ("report.pdf", "shpie", ""),
    ],
)
def test_the_instrument_is_the_longest_of_its_phrases(name, page, instrument):
    assert guess_instrument(INSTRUMENTS, name, page).value == instrument


@pytest.mark.parametrize(
    ("name", "page", "part"),
    [
        ("EQ-i client report.pdf", "", Part.CLIENT),
        ("EQ-i Coach.pdf", "", Part.COACH),
        ("a.pdf", "Coach’s report", Part.COACH),
        ("a.pdf", "EQ-i 2.0 Client Report", Part.CLIENT),
        ("coach and client.pdf", "", None),
        ("a.pdf", "the client said to the coach", None),
    ],
)
def test_a_part_is_what_it_calls_itself(name, page, part):
    assert guess_part(name, page) is part


@pytest.mark.parametrize(
    ("name", "page", "day"),
    [
        ("2026-11-03.pdf", "", date(2026, 11, 3)),
        ("20261103 HPI.pdf", "", date(2026, 11, 3)),
        ("HPI 3 Nov 2026", "", date(2026, 11, 3)),
        ("HPI 3rd November 2026", "", date(2026, 11, 3)),
        ("November 3, 2026", "", date(2026, 11, 3)),
        ("13.11.2026", "", date(2026, 11, 13)),
        ("11/13/2026", "", date(2026, 11, 13)),
        ("03.03.2026", "", date(2026, 3, 3)),
        ("03.11.2026", "", None),
        ("2026-11-24.pdf", "", None),
        ("2026-02-30.pdf", "", None),
        ("a.pdf", "Printed 1 Oct 2026, taken 3 Oct 2026", date(2026, 10, 1)),
        ("2026-11-03.pdf", "1 Oct 2026", date(2026, 11, 3)),
        ("99999999999999999999.pdf", "", None),
    ],
)
def test_a_day_is_read_only_where_it_means_one_thing(name, page, day):
    assert guess_day(name, page, TODAY)[0] == day


def wanted(part, *, instrument=1, filed=(), is_open=True, assessment="A"):
    return Wanted(1, instrument, assessment, "EQ-i 2.0", part, is_open, tuple(filed))


COACH, CLIENT = wanted(Part.COACH), wanted(Part.CLIENT)


@pytest.mark.parametrize(
    ("name", "instrument", "there", "same", "place"),
    [
        ("eqi client.pdf", ("eqi", 1), [COACH, CLIENT], "", "of:A:client"),
        ("eqi.pdf", ("eqi", 1), [COACH, CLIENT], "", "of:A:coach"),
        ("eqi.pdf", ("eqi", 1), [wanted(Part.COACH, filed=["D"]), CLIENT], "", "of:A:client"),
        ("eqi.pdf", ("eqi", 1), [wanted(Part.COACH, assessment="OLD", is_open=False), COACH], "", "of:A:coach"),
        ("eqi coach.pdf", ("eqi", 1), [wanted(Part.COACH, filed=["D"]), CLIENT], "D", "again:D"),
        ("eqi coach.pdf", ("eqi", 1), [wanted(Part.COACH, filed=["D"]), CLIENT], "", "of:A:coach"),
        ("eqi.pdf", ("eqi", 1), [wanted(Part.COACH, instrument=2)], "", "report:eqi"),
        ("brief.pdf", ("", None), [COACH], "", "upload"),
        ("brief.pdf", ("", None), [COACH], "D", "again:D"),
        ("Coaching agreement.pdf", ("", None), [], "", "agreement"),
        ("Development plan.pdf", ("", None), [], "", "plan"),
    ],
)
def test_what_an_assessment_still_lacks_comes_first(name, instrument, there, same, place):
    assert guess_place(name, "", instrument, there, same) == place


def test_a_place_is_read_back_from_its_value():
    assert place_of("upload") == Place(K.UPLOAD)
    assert place_of("report:I") == Place(K.REPORT, instrument="I")
    assert place_of("of:A:client") == Place(K.REPORT, assessment="A", part=Part.CLIENT)
    assert place_of("again:D") == Place(replaces="D")


def test_the_coach_alone_is_narrower_than_the_team_and_the_team_than_the_client():
    assert is_narrower(A.COACH, A.TEAM)
    assert is_narrower(A.TEAM, A.CLIENT)
    assert not is_narrower(A.TEAM, A.TEAM)


def test_guessing_takes_no_time_whatever_stands_there():
    page = ("2026-" * 2000 + "3 nov " * 2000 + "a" * 5000)[:20_000]
    clients = [(str(at), f"Client {at} Number") for at in range(10_000)]
    assert guess_day(page[:100], page, TODAY) == (None, "")
    assert guess_client(words_in_names(clients), "client 17 number.pdf", page).value == "17"

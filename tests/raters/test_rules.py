"""Who may be a rater, whether they are enough, and how a pasted list is read."""

import pytest

from coachbase.assessments.rules import Progress
from coachbase.errors import Refused
from coachbase.instruments.rules import Group
from coachbase.raters.rules import (
    LEADS_TO,
    Person,
    State,
    group_named,
    is_enough,
    missing_in_words,
    read_people,
    refusal_of_person,
    refusal_of_shortage,
    refusal_of_size,
    refusal_to_become,
    sort_people,
    told_to_coachee,
    wanted_in_words,
)

GROUPS = ("Manager", "Peers", "Direct reports")
ADA = Person("Ada Hill", "ada@firm.example", "Peers")


@pytest.mark.parametrize(
    ("person", "said"),
    [
        (ADA, None),
        (ADA._replace(name=""), "The name is missing."),
        (ADA._replace(email=""), "The mail address is missing."),
        (ADA._replace(email="ada at firm"), "This is no email address."),
        (ADA._replace(email="BOB@Firm.example"), "who is coached"),
        (ADA._replace(email="alice@NORTHBANK.example"), "the coach"),
        (ADA._replace(group="Friends"), "in which group"),
        (ADA._replace(zone="Mars/Olympus"), "no time zone"),
        (ADA._replace(name="A\x00da"), "cannot be stored"),
        (ADA._replace(name="A" * 121), "up to 120"),
        (ADA._replace(name="Ada\ud800"), "cannot be stored"),
    ],
)
def test_who_may_be_asked(person, said):
    refusal = refusal_of_person(person, own="bob@firm.example", coach="alice@northbank.example", groups=GROUPS)
    assert (refusal is None) if said is None else said in refusal
    assert refusal is None or "@" not in refusal


@pytest.mark.parametrize(
    ("typed", "group"), [("peer", "Peers"), ("DIRECT REPORT", "Direct reports"), ("Boss", ""), ("", ""), ("s", "")]
)
def test_a_group_is_known_in_the_singular_too_and_never_guessed(typed, group):
    assert group_named(typed, GROUPS) == group


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Ada Hill, ada@firm.example, Peers", [ADA]),
        ("Peers; ada@firm.example; Ada Hill", [ADA]),
        ("Ada Hill <ada@firm.example>\tpeer", [ADA]),
        ("Ada Hill, ada@firm.example, Peers, Asia/Dubai", [ADA._replace(zone="Asia/Dubai")]),
        ("Ada, Hill, ada@firm.example, Peers", [ADA]),
        ("Ada Hill, ada@firm.example", [ADA._replace(group="Manager")]),
        ("Ada Hill, ada@firm.example, Friends", [ADA._replace(name="Ada Hill Friends", group="")]),
        ("Name,Email,Relationship\nAda Hill,ada@firm.example,Peer", [ADA]),
        ("First name;Last name;E-Mail;Group\nAda;Hill;ada@firm.example;Peers", [ADA]),
        ("Email,Name,Group\nada@firm.example,Ada Hill,", [ADA._replace(group="Manager")]),
        ("Email,Name,Group\nada@firm.example,Ada Hill,Friends", [ADA._replace(group="")]),
    ],
)
def test_a_list_is_read_with_or_without_headings(text, people):
    assert [person for _, person in read_people(text, groups=GROUPS, usual="Manager")] == people


@pytest.mark.parametrize("text", ["", " \n ", "Name,Email,Group"])
def test_a_list_that_cannot_be_read_says_so(text):
    with pytest.raises(Refused):
        read_people(text, groups=GROUPS, usual="")


def test_lines_that_are_not_taken_are_named_by_their_number():
    wanted = [Group("Manager", 1, 1), Group("Peers", 1, 2)]
    lines = [
        (1, ADA),
        (2, ADA._replace(name="Ada again", email="ADA@firm.example")),
        (3, Person("Known", "known@firm.example", "Peers")),
        (4, Person("Second", "second@firm.example", "Peers")),
        (5, Person("Third", "third@firm.example", "Peers")),
        (6, Person("Self", "bob@firm.example", "Peers")),
    ]
    reading = sort_people(
        lines,
        groups=wanted,
        there={},
        taken={"known@firm.example": "Manager"},
        own="bob@firm.example",
        coach="",
    )
    assert [person.name for person in reading.people] == ["Ada Hill", "Second"]
    assert [number for number, _ in reading.troubles] == [2, 3, 5, 6]
    assert reading.troubles[0].why == "Line 1 has this address too."
    assert "among Manager" in reading.troubles[1].why
    assert reading.troubles[2].why == "Peers: there are 2 already, and at most 2 can be asked. Leave 1 out."


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [(1, 1, "one person"), (0, 1, "one person, or nobody"), (3, 6, "3 to 6 people"), (3, 3, "3 people")],
)
def test_the_size_of_a_group_in_words(least, most, words):
    assert wanted_in_words(Group("Peers", least, most)) == words


def test_too_many_and_too_few_are_refused_with_words():
    peers = Group("Peers", 3, 6)
    assert refusal_of_size(peers, 5, 1) is None
    assert refusal_of_size(peers, 5, 3) == "Peers: there are 5 already, and at most 6 can be asked. Leave 2 out."
    assert refusal_of_shortage(peers, 3) is None
    assert refusal_of_shortage(peers, 1) == "Peers: 1 of at least 3; name 2 more, or save and go on later."


@pytest.mark.parametrize(
    ("done", "enough", "missing"),
    [((1, 3, 0), True, ""), ((1, 2, 0), False, "Peers 1 more"), ((0, 0, 0), False, "Manager 1 more, Peers 3 more")],
)
def test_it_is_enough_once_the_least_of_each_group_have_answered(done, enough, missing):
    names = (("Manager", 1), ("Peers", 3), ("Others", 0))
    progress = [Progress(name, count, 4, least) for (name, least), count in zip(names, done, strict=True)]
    assert is_enough(progress) is enough
    assert missing_in_words(progress) == missing


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ((1, 3, 4), ["Peers", "Others"]),
        ((1, 2, 4), ["Others", "Manager, Peers"]),
        ((1, 1, 4), ["Others"]),
        ((1, 1, 0), []),
        ((0, 0, 0), []),
    ],
)
def test_the_coachee_is_told_no_number_that_tells_who(asked, told):
    progress = [Progress(name, 1, count, 1) for name, count in zip(("Manager", "Peers", "Others"), asked, strict=True)]
    assert [label for label, _, _ in told_to_coachee(progress)] == told


def test_nobody_at_all_is_never_enough():
    assert not is_enough([])
    assert not is_enough([Progress("Others", 0, 2, 0)])


@pytest.mark.parametrize("now", State)
@pytest.mark.parametrize("to", State)
def test_a_rater_goes_only_where_the_table_says(now, to):
    assert (refusal_to_become(now, to) is None) is (to is now or to in LEADS_TO[now])

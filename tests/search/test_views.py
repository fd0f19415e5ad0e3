"""The palette finds what its reader may see, and no sign that is typed does harm."""

import re

import pytest

from coachbase.clients import actions
from coachbase.clients.rules import Status

PALETTE = {"HX-Request": "true", "HX-Target": "palette"}
RESULTS = {"HX-Request": "true", "HX-Target": "found"}


def find(reader, q, headers=RESULTS):
    return reader.get("/search", query_string={"q": q}, headers=headers)


def found(reader, q):
    """The groups with what stands in them, marks taken off."""
    page = re.sub(r"</?mark>", "", find(reader, q).text)
    groups = {}
    for part in page.split("<h3>")[1:]:
        title, rest = part.split("</h3>", 1)
        groups[title] = re.findall(r"</svg><span>([^<]*)</span>", rest)
    return groups


def test_it_finds_clients_sponsors_and_contacts(vera, cast):
    assert found(vera, "bri") == {
        "Clients": ["Bob Haddad"],
        "Sponsors": ["Brightwater"],
        "Contacts": ["Sam Okafor"],
    }
    assert found(vera, "okafor sam") == {"Contacts": ["Sam Okafor"]}


def test_it_finds_pages_and_deeds_of_the_role(vera, olive, alice, cast):
    assert found(olive, "team")["Go to"] == ["Team"]
    assert found(olive, "invite") == {"Do": ["Invite somebody"]}
    assert found(vera, "import") == {"Do": ["Import clients"]}
    assert found(vera, "ill") == {"Do": ["Plan around an absence"]}
    for reader in (vera, alice):
        assert found(reader, "invite") == {}
    assert found(alice, "import") == {}
    assert "Team" not in found(vera, "team").get("Go to", [])


def test_each_place_it_offers_opens(olive, vera, alice, cast):
    for reader in (olive, vera, alice):
        for href in re.findall(r'href="([^"]+)"', find(reader, "").text):
            if not href.startswith("/static"):
                assert reader.get(href, follow_redirects=True).status_code == 200, href


def test_nothing_typed_shows_the_latest_and_what_can_be_done(vera, cast):
    actions.add({"name": "Ines", "coach": cast.alice}, how="by hand")
    actions.add({"name": "Old Tom", "coach": cast.alice}, how="by hand", status=Status.FORMER)
    groups = found(vera, "")
    assert groups["Latest clients"] == ["Ines", "Bob Haddad"]
    assert "New client" in groups["Do"]
    assert "Today" in groups["Go to"]


def test_names_that_begin_so_come_first_and_eight_are_enough(vera, cast):
    for name in ("Anna Omar", "Komar", "Omar Haddad"):
        actions.add({"name": name, "coach": cast.alice}, how="by hand")
    actions.add({"name": "Omar Former", "coach": cast.alice}, how="by hand", status=Status.FORMER)
    assert found(vera, "omar")["Clients"] == ["Omar Haddad", "Anna Omar", "Komar", "Omar Former"]
    for number in range(12):
        actions.add({"name": f"Omar {number}", "coach": cast.alice}, how="by hand")
    assert len(found(vera, "omar")["Clients"]) == 8


def test_accents_and_case_do_not_matter(vera, cast):
    actions.add({"name": "Zoë Sørensen", "coach": cast.alice}, how="by hand")
    for q in ("sorensen", "SØRENSEN", "zoe sor"):
        assert found(vera, q)["Clients"] == ["Zoë Sørensen"]
    assert "<mark>Sør</mark>ensen" in find(vera, "sor").text


@pytest.mark.parametrize("q", ["bob", "haddad", "brightwater", "sam", "okafor", "bob@", "svp", "", "a"])
def test_carol_finds_nothing_of_alices(carol, cast, q):
    for headers in (RESULTS, PALETTE, {}):
        page = find(carol, q, headers).text
        for secret in ("Haddad", "Brightwater", "Okafor"):
            assert secret not in page


@pytest.mark.parametrize(
    "q",
    [
        *('"', "'", "%", "_", "\\", "*", "(", "c++", "-bob", "bob*", "NEAR(a b)", "a OR b", "bob AND NOT", "';--"),
        *("\x00", "\ud800".encode("utf-8", "surrogatepass"), "a" * 5000, "x " * 900, "ＢＯＢ％", "<script>x</script>"),
    ],
)
def test_no_sign_does_harm(vera, cast, q):
    for headers in (RESULTS, PALETTE, {}):
        answer = find(vera, q, headers)
        assert answer.status_code == 200
        assert "<script>x" not in answer.text


def test_a_percent_sign_is_a_percent_sign(vera, cast):
    actions.add({"name": "100% Ines", "coach": cast.alice}, how="by hand")
    assert found(vera, "%")["Clients"] == ["100% Ines"]
    assert found(vera, "_") == {}


def test_names_are_escaped_and_marked(vera, cast):
    actions.add({"name": "<b>Ines</b>", "coach": cast.alice}, how="by hand")
    page = find(vera, "ines").text
    assert "&lt;b&gt;<mark>Ines</mark>&lt;/b&gt;" in page


def test_three_answers_for_three_askers(vera, cast):
    palette, results, page = (find(vera, "bob", headers).text for headers in (PALETTE, RESULTS, {}))
    assert palette.lstrip().startswith('<div class="palette"')
    assert 'id="found"' in palette
    assert "<input" in palette
    assert results.lstrip().startswith('<div class="found" id="found">')
    assert "<html" in page
    assert 'id="results"' in page
    on_page = find(vera, "bob", {"HX-Request": "true", "HX-Target": "results"}).text
    assert on_page.lstrip().startswith('<div class="found" id="results">')


def test_nothing_found_says_what_to_try(vera, cast):
    assert "Nothing of yours is called “zzz”" in find(vera, "zzz").text


@pytest.mark.parametrize("q", ["", "bri"])
def test_it_asks_the_database_seven_times_at_most(vera, cast, queries, q):
    with queries() as asked:
        find(vera, q)
    assert len(asked) <= 7, asked


def test_start_and_a_name_lead_to_the_page_that_starts_a_program(vera, carol, cast):
    assert found(vera, "start bob")["Start a program with"] == ["Bob Haddad"]
    assert f"/clients/{cast.bob.public_id}/programs/new" in find(vera, "start bob").text
    assert "Start a program with" not in found(vera, "start")
    assert found(carol, "start bob") == {}


def test_assess_and_a_name_lead_to_the_page_of_assessments(vera, carol, cast):
    assert found(vera, "assessments bob")["Assessments of"] == ["Bob Haddad"]
    assert f"/clients/{cast.bob.public_id}/assessments" in find(vera, "asse bob").text
    assert not {"Assessments of"} & (set(found(vera, "assessments")) | set(found(vera, "as bob")))
    assert found(carol, "assess bob") == {}

"""What is folded, which cells are made harmless, how a file's lines become clients."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachbase.clients.rules import (
    COLUMNS,
    CURRENT,
    FIELD_LABELS,
    MOST_ROWS,
    ClientFilter,
    Columns,
    Status,
    called,
    csv_text,
    decoded,
    fold,
    guess_columns,
    in_words,
    neutral,
    plain,
    plan_clients,
    read_sheet,
    refusal_of_columns,
    web_address,
    words_of,
)
from coachbase.errors import Refused


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Sørensen", "sorensen"),
        ("STRAẞE", "strasse"),
        ("Łukasz Żak", "lukasz zak"),
        ("Æsir", "aesir"),
        ("Zoë", "zoe"),
        ("İlkay ığdır", "ilkay igdir"),
        ("Ｆｕｌｌ", "full"),
        ("𝓐nna", "anna"),
        ("Ǽ", "ae"),
        ("Ινες", "ινεσ"),
    ],
)
def test_case_and_accents_do_not_count(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Bob Haddad", "Bob"),
        ("Anne-Marie de Vries", "Anne-Marie"),
        ("Dr. Ada Hill", "Dr. Ada Hill"),
        ("Prof Ada Hill", "Prof Ada Hill"),
        ("J. P. Morel", "J. P. Morel"),
        ("Cher", "Cher"),
        ("", ""),
    ],
)
def test_a_mail_greets_by_the_first_name_and_whoever_has_a_title_by_the_whole(name, greeted):
    assert called(name) == greeted


def test_folding_joins_what_is_there():
    assert fold("Bob", None, "", "COO") == "bob coo"


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


def test_a_search_is_a_few_folded_words():
    assert words_of("  Zoë\t“OR” 100%_ \x00x ") == ["zoe", "“or”", "100%_", "x"]
    assert len(words_of("a " * 500)) == 6


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_looks_like_a_formula_is_made_harmless(start):
    assert neutral(f"{start}cmd|'/c calc'!A0").startswith("'")


def test_other_cells_stay_as_they_are():
    for cell in ("", "Bob", "1+1", "'quoted'", " =1", "a@b"):
        assert neutral(cell) == cell


@given(st.text(max_size=20))
def test_reading_undoes_what_writing_did(cell):
    written = neutral(cell)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert written == cell or plain(written) == cell


def test_a_csv_begins_with_the_mark_spreadsheets_look_for():
    text = csv_text(["Name", "Phone"], [["Ines, Ltd", "+44 1"], ['"x"', "a\nb"]])
    assert text == '\ufeffName,Phone\r\n"Ines, Ltd",\'+44 1\r\n"""x""","a\nb"\r\n'


def test_an_amount_below_zero_is_a_number_and_the_same_as_text_is_none():
    assert csv_text(["Amount"], [[Decimal("-12.50")], ["-12.50"]]).split("\r\n")[1:3] == ["-12.50", "'-12.50"]


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        ("brightwater.example", "https://brightwater.example"),
        ("http://brightwater.example/a?b=c", "http://brightwater.example/a?b=c"),
        ("HTTPS://Brightwater.example", "HTTPS://Brightwater.example"),
        ("javascript:alert(1)", None),
        ("JavaScript://brightwater.example/%0aalert(1)", None),
        ("data:text/html,x", None),
        ("ftp://brightwater.example", None),
        ("https://", None),
        ("https://[", None),
        ("https://user:pass@brightwater.example", None),
        ('https://a"onclick="x', None),
        ("https://a b", None),
        ("//evil.example", None),
    ],
)
def test_a_website_is_http_or_https_and_nothing_else(typed, link):
    assert web_address(typed) == link


def test_the_address_of_a_list_says_only_what_differs():
    assert ClientFilter().address() == "/clients"
    assert ClientFilter(q="a b", page=3).address(page=4) == "/clients?q=a+b&page=4"
    assert ClientFilter(page=3).address(status="all") == "/clients?status=all"
    assert ClientFilter(status="former").address(status=CURRENT) == "/clients"


def test_a_heading_sorts_and_then_turns_round():
    assert ClientFilter().sorted_by("coach") == "/clients?sort=coach"
    assert ClientFilter(sort="coach").sorted_by("coach") == "/clients?sort=-coach"
    assert ClientFilter(sort="coach", descending=True).sorted_by("coach") == "/clients?sort=coach"
    assert ClientFilter().sorted_by("name") == "/clients?sort=-name"
    assert ClientFilter(descending=True).sorted_by("name") == "/clients"


def test_changed_fields_are_named_in_words():
    assert in_words(["zone"]) == "time zone"
    assert in_words(["coach", "email", "zone"]) == "coach, email and time zone"


# Files


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Name\nZoë".encode(), "Name\nZoë"),
        ("\ufeffName\nZoë".encode(), "Name\nZoë"),
        ("Name\nZoë".encode("cp1252"), "Name\nZoë"),
        ("Name\nZoë".encode("utf-16"), "Name\nZoë"),
    ],
)
def test_text_is_read_as_spreadsheets_write_it(content, text):
    assert decoded(content) == text


@pytest.mark.parametrize("content", [b"PK\x03\x04xlsx", b"\x00\x01\x02", b"Name\n\x81\x8d\x00", b"\xff\xfe\x00"])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(Refused, match="CSV"):
        decoded(content)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_any_of_three_marks_parts_the_cells(mark):
    sheet = read_sheet(f'Name{mark}Email{mark}"a,b;c"\n"Bob{mark} H"{mark}b@x.example{mark}\n')
    assert sheet.header == ("Name", "Email", "a,b;c")
    assert sheet.rows == ((2, (f"Bob{mark} H" if mark != "\t" else "Bob H", "b@x.example", "")),)


def test_a_row_knows_the_line_it_starts_on():
    sheet = read_sheet('Name,Note\nBob,"two\nlines"\n\n,\nInes,x\n')
    assert [line for line, _ in sheet.rows] == [2, 6]


@pytest.mark.parametrize("text", ["", "\n\n", "Name,Email\n", "Name\n\n,,\n"])
def test_a_file_without_clients_is_refused(text):
    with pytest.raises(Refused, match="headings"):
        read_sheet(text)


def test_too_many_rows_are_refused():
    assert len(read_sheet("Name\n" + "Bob\n" * MOST_ROWS).rows) == MOST_ROWS
    with pytest.raises(Refused, match="1,000"):
        read_sheet("Name\n" + "Bob\n" * (MOST_ROWS + 1))


def test_too_many_columns_are_refused():
    with pytest.raises(Refused, match="60"):
        read_sheet("a," * 61 + "\n1\n")


def test_a_cell_without_end_is_refused_with_its_line():
    with pytest.raises(Refused, match="line 2"):
        read_sheet('Name\n"' + "x" * 200_000)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Name", "name"),
        ("FULL NAME", "name"),
        ("First name", "first_name"),
        ("Surname", "last_name"),
        ("E-mail", "email"),
        ("e-mail address", "email"),
        ("Time Zone", "zone"),
        ("Company", "organisation"),
        ("Organization", "organisation"),
        ("Job title", "position"),
        ("Assistant's email", "assistant_email"),
        ("Assistant’s email", "assistant_email"),
        ("Legal name", "legal_name"),
        ("Postal address", "address"),
        ("Billing address", "address"),
        ("Remarks", ""),
        ("", ""),
        ("名前", ""),
    ],
)
def test_a_column_is_guessed_by_its_heading(heading, field):
    assert guess_columns([heading]) == (field,)


def test_a_thing_is_guessed_once():
    assert guess_columns(["Email", "Mail", "Name"]) == ("email", "", "name")


def test_our_own_headings_are_all_known():
    assert guess_columns([label for label, _ in COLUMNS.values()]) == tuple(COLUMNS)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (("email",), "Say which column holds the name."),
        (("name", "email", "email"), "Two columns fill “Email”. Choose one of them."),
        (("name", "", ""), None),
        (("first_name",), None),
        (("last_name", "email"), None),
    ],
)
def test_columns_need_a_name_and_no_doubles(fields, says):
    assert refusal_of_columns(fields) == says


def planned(line, fields=("name", "email", "coach", "zone", "status"), coaches=None, known=None, **columns):
    sheet = read_sheet("h\n" + line)
    return plan_clients(sheet, Columns(fields, **columns), coaches=coaches or {}, known=known or {})


def test_a_good_line_becomes_a_client():
    alice = object()
    line = "Bob Haddad,bob@x.example,alice kern,europe/london,Active"
    (row,) = planned(line, coaches={"alice kern": alice})
    assert not row.problem
    assert not row.double
    assert row.line == 2
    assert row.values == dict.fromkeys(FIELD_LABELS, "") | {
        "name": "Bob Haddad",
        "email": "bob@x.example",
        "coach": alice,
        "zone": "Europe/London",
        "status": Status.ACTIVE,
    }


def test_an_address_keeps_its_lines_and_all_else_is_one_line():
    sheet = read_sheet('"Na\nme",Street\n"Bob\n  Haddad"," 1  Quay \r\n\r\nLondon"\n')
    (row,) = plan_clients(sheet, Columns(("name", "address")), coaches={}, known={})
    assert sheet.header[0] == "Na me"
    assert (row.problem, row.values["name"], row.values["address"]) == ("", "Bob Haddad", "1 Quay\nLondon")


def test_first_and_last_name_make_the_name():
    (row,) = planned("Bob,Haddad", fields=("first_name", "last_name"))
    assert row.values["name"] == "Bob Haddad"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (",bob@x.example,,,", "The name is missing."),
        ("Bob,bob at x,,,", "“bob at x” is no email address."),
        ("Bob,,Zed,,", "No coach you work with is called “Zed”."),
        ("Bob,,Kim,,", "Two coaches are called “Kim”; write the email address instead."),
        ("Bob,,,Mars/Base,", "“Mars/Base” is no time zone we know; write it like Europe/London."),
        ("Bob,,,../../etc/passwd,", "“../../etc/passwd” is no time zone we know; write it like Europe/London."),
        ("Bob,,,,gone", "“gone” is no status; write prospect, onboarding, active, paused, former."),
        (f"{'x' * 121},,,,", "The name is longer than 120 characters."),
        ("Bo\x07b,,,,", "There is a character in the name that cannot be stored."),
    ],
)
def test_a_bad_line_says_what_is_wrong(line, says):
    (row,) = planned(line, coaches={"kim": None})
    assert row.problem == says


def test_all_that_is_wrong_with_a_line_is_said_at_once():
    (row,) = planned(",nobody,Zed,Mars,gone")
    assert row.problem.count(".") == 5


def test_an_address_that_stands_twice_is_told_with_the_other_line():
    rows = planned("Bob,B@x.example,,,\nBobby,b@X.example,,,\n")
    assert [row.double for row in rows] == ["", "Line 2 has this address too."]


def test_an_address_we_know_is_told_with_its_name():
    (row,) = planned("Robert,BOB@x.example,,,", known={"bob@x.example": "Bob Haddad"})
    assert row.double == "Bob Haddad has this address already."


def test_lines_without_address_are_never_doubles():
    rows = planned("Bob,,,,\nBob,,,,\n", known={"": "Nobody"})
    assert [row.double for row in rows] == ["", ""]


def test_an_empty_coach_and_status_take_what_was_chosen():
    alice = object()
    (row,) = planned("Bob,,,,", coaches={"01hx": alice}, coach="01HX", status="paused")
    assert row.values["coach"] is alice
    assert row.values["status"] is Status.PAUSED


def test_a_short_line_leaves_the_rest_empty():
    (row,) = planned("Bob")
    assert not row.problem
    assert row.values["email"] == ""


def test_what_columns_mean_survives_being_stored():
    columns = Columns(("name", "", "email"), "01HX", "active")
    assert Columns.from_json(columns.to_json()) == columns

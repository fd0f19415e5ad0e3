"""A list of clients as a file: columns, dry run, all or nothing."""

import re

import pytest

from coachbase.clients import actions
from coachbase.clients.models import Client, ClientImport, Organisation
from coachbase.clients.rules import Columns, Status
from coachbase.db import database
from coachbase.errors import Refused
from tests.clients.reading import names
from tests.safety.digest import digest

GOOD = """First name,Last name,E-mail,Company,Coach,Time zone,Status,Shoe size
Ines,Marchetti,ines@halden.example,Halden,Alice Kern,Europe/Oslo,active,38
Tom,Reed,tom@halden.example,HALDEN,alice@northbank.example,,,44
Zoë,Sørensen,,,,,,
"""
FIELDS = ("first_name", "last_name", "email", "organisation", "coach", "zone", "status", "")


def send(reader, content, name="clients.csv"):
    """Upload a file. The body is written out: Werkzeug's test client leaves temporary files of big ones open."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--x--\r\n"
    return reader.post("/clients/import", data=body, content_type="multipart/form-data; boundary=x")


def bring(reader, text, *, name="clients.csv"):
    """Upload a good file; the address of its columns."""
    answer = send(reader, text if isinstance(text, bytes) else text.encode(), name)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def choose(reader, here, fields=FIELDS, *, coach="", status="prospect"):
    data = {f"column-{number}": field for number, field in enumerate(fields)} | {"coach": coach, "status": status}
    return reader.post(here, data=data)


def figures(page):
    return [int(number) for number in re.findall(r"<dd><strong>(\d+)</strong>", page)]


def test_a_file_becomes_clients(vera, cast):
    here = bring(vera, GOOD)
    page = vera.get(here).text
    assert re.findall(r'<option value="(\w+)" selected>', page)[:7] == list(FIELDS[:7])
    assert choose(vera, here).headers["Location"] == f"{here}/check"
    check = vera.get(f"{here}/check").text
    assert figures(check) == [3, 0, 0]
    assert not Client.select().where(Client.name == "Ines Marchetti").exists()
    answer = vera.post(f"{here}/apply", follow_redirects=True)
    assert "3 clients were imported." in answer.text
    ines = Client.get(Client.name == "Ines Marchetti")
    assert (ines.coach, ines.organisation.name, ines.zone, ines.status) == (
        cast.alice,
        "Halden",
        "Europe/Oslo",
        Status.ACTIVE,
    )
    assert Client.get(Client.name == "Tom Reed").organisation == ines.organisation
    assert Organisation.select().where(Organisation.name == "Halden").count() == 1
    assert Client.get(Client.name == "Zoë Sørensen").coach is None


def test_an_export_can_be_imported_again(olive, cast):
    values = {
        "name": "=Ines",
        "phone": "+44 1",
        "email": "ines@x.example",
        "organisation": "Halden",
        "zone": "Asia/Dubai",
        "legal_name": "Ines Maria Marchetti",
        "address": "Via Roma 1\n00184 Roma",
    }
    actions.add(values | {"coach": cast.alice}, how="by hand", by=cast.olive, status=Status.PAUSED)
    here = bring(olive, olive.get("/clients.csv").data)
    chosen = re.findall(r'<select id="column-\d+".*?</select>', olive.get(here).text, re.DOTALL)
    fields = [(re.findall(r'value="(\w+)" selected', one) or [""])[0] for one in chosen]
    assert choose(olive, here, fields).status_code == 303
    olive.post(f"{here}/apply", data={"doubles": "add"})
    first, second = Client.select().where(Client.email == "ines@x.example").order_by(Client.id)
    for field in ("name", "phone", "zone", "organisation", "coach", "status", "legal_name", "address"):
        assert getattr(first, field) == getattr(second, field), field


def test_the_file_is_sealed_and_then_forgotten(vera, cast):
    here = bring(vera, GOOD)

    def stored():
        return bytes(database.execute_sql("SELECT content FROM client_import").fetchone()[0])

    assert b"Marchetti" not in stored()
    choose(vera, here)
    vera.post(f"{here}/apply")
    assert ClientImport.get().content == ""


def test_each_bad_line_says_what_is_wrong(vera, cast):
    bad = GOOD + ",,nobody,,Carol Voss,Mars/Base,gone,\n"
    here = bring(vera, bad)
    choose(vera, here)
    page = vera.get(f"{here}/check").text
    assert figures(page) == [3, 0, 1]
    assert "Line 5" in page
    for sentence in (
        "The name is missing.",
        "“nobody” is no email address.",
        "No coach you work with is called “Carol Voss”.",
    ):
        assert sentence in page
    assert f'action="{here}/apply"' not in page


def test_one_bad_line_stops_all(vera, cast):
    here = bring(vera, GOOD + ",,nobody,,,,,\n")
    choose(vera, here)
    before = digest()
    answer = vera.post(f"{here}/apply")
    assert answer.status_code == 422
    assert "Line 5: The name is missing." in answer.text
    assert digest() == before


@pytest.mark.parametrize("name", ["Ines Marchetti", "Tom Reed", "Zoë Sørensen"])
def test_a_row_the_database_refuses_takes_back_all_others(vera, cast, name):
    """Whichever row fails, and however late: not one client, sponsor, card or timeline entry is left."""
    here = bring(vera, GOOD)
    choose(vera, here)
    refuse = "BEGIN SELECT RAISE(ABORT, 'no'); END"
    database.execute_sql(f"CREATE TEMP TRIGGER fail AFTER INSERT ON client WHEN NEW.name = '{name}' {refuse}")
    before = digest()
    answer = vera.post(f"{here}/apply")
    database.execute_sql("DROP TRIGGER fail")
    line = GOOD.splitlines().index(next(row for row in GOOD.splitlines() if row.startswith(name.split()[0]))) + 1
    assert answer.status_code == 422
    assert f"Line {line} could not be stored. Nothing was imported." in answer.text
    assert digest() == before
    assert vera.post(f"{here}/apply").status_code == 303, "and once the fault is gone it goes through"
    assert len(names(vera.get("/clients").text)) == 4


def test_a_known_address_is_skipped_or_added(vera, cast):
    text = "Name,Email\nRobert,BOB@brightwater.example\nAnn,ann@x.example\nAnn Two,Ann@x.example\n"
    here = bring(vera, text)
    choose(vera, here, ("name", "email"), coach=cast.alice.public_id)
    page = vera.get(f"{here}/check").text
    assert figures(page) == [1, 2, 0]
    assert "Bob Haddad has this address already." in page
    assert "Line 3 has this address too." in page
    vera.post(f"{here}/apply", data={"doubles": "skip"})
    assert names(vera.get("/clients").text) == ["Ann", "Bob Haddad"]
    again = bring(vera, text)
    choose(vera, again, ("name", "email"))
    vera.post(f"{again}/apply", data={"doubles": "add"})
    assert names(vera.get("/clients").text) == ["Ann", "Ann", "Ann Two", "Bob Haddad", "Robert"]


def test_nobody_is_told_of_an_address_behind_the_wall(vera, cast):
    actions.add({"name": "Hers", "email": "hers@x.example", "coach": cast.carol}, how="by hand", by=cast.carol)
    here = bring(vera, "Name,Email\nShe,hers@x.example\n")
    choose(vera, here, ("name", "email"))
    page = vera.get(f"{here}/check").text
    assert figures(page) == [1, 0, 0]
    assert "Hers" not in page


def test_a_file_is_applied_once(vera, cast):
    here = bring(vera, GOOD)
    choose(vera, here)
    assert vera.post(f"{here}/apply").status_code == 303
    again = vera.post(f"{here}/apply")
    assert again.status_code == 422
    assert "imported already" in again.text
    assert Client.select().count() == 4
    for path in (here, f"{here}/check"):
        assert vera.get(path).status_code == 404


def test_a_double_click_leads_to_the_same_place(vera, cast):
    here = bring(vera, GOOD)
    choose(vera, here)
    once = re.search(r'name="once" value="([^"]+)"', vera.get(f"{here}/check").text)[1]
    first, second = (vera.post(f"{here}/apply", data={"once": once}) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert Client.select().count() == 4


def test_two_at_once_apply_it_once(cast):
    upload = actions.take_file(filename="x.csv", text=GOOD, by=cast.vera)
    actions.choose_columns(upload, Columns(FIELDS))
    same = ClientImport.get_by_id(upload.id)
    assert actions.apply_import(upload, add_doubles=True) == 3
    with pytest.raises(Refused):
        actions.apply_import(same, add_doubles=True)
    assert Client.select().count() == 4


def test_columns_are_asked_for_before_the_check(vera, cast):
    here = bring(vera, GOOD)
    assert vera.get(f"{here}/check").headers["Location"] == here
    assert vera.post(f"{here}/apply").status_code == 422
    assert Client.select().count() == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (("", "", "email"), "Say which column holds the name."),
        (("name", "name"), "Two columns fill “Name”."),
        (("salary", "password_hash", "id"), "Say which column holds the name."),
    ],
)
def test_columns_that_cannot_be_are_refused(vera, cast, fields, says):
    answer = choose(vera, bring(vera, GOOD), fields)
    assert answer.status_code == 422
    assert says in answer.text


def test_clients_go_to_no_coach_one_does_not_serve(vera, cast):
    answer = choose(vera, bring(vera, GOOD), coach=cast.carol.public_id)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Choose a CSV file"),
        (b"Name\n", "The file needs a first line"),
        (b"PK\x03\x04 a workbook", "This is a workbook"),
        (b"\x00\x01\x02\x03", "This file is not text"),
        (b"Name\n" + b"Bob\n" * 1001, "up to 1,000 rows"),
        (b"Name\n" + b"x" * 5_000_001, "up to 5 MB"),
        (b'Name\n"' + b"x" * 200_000, "is a quote left open"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_sentence(vera, cast, content, says):
    answer = send(vera, content)
    assert answer.status_code == 422
    assert says in answer.text
    assert not ClientImport.select().exists()


def test_no_file_at_all_is_refused(vera, cast):
    assert vera.post("/clients/import").status_code == 422


def test_a_files_name_and_cells_are_shown_escaped(vera, cast):
    here = bring(vera, "Name,<i>Odd</i>\n<script>x</script>,<u>1</u>\n", name="<img src=x>.csv")
    page = vera.get(here).text + vera.post(here, data={"column-0": "name", "coach": "", "status": "active"}).text
    page += vera.get(f"{here}/check").text
    for raw in ("<script>x", "<u>1", "<i>Odd", "<img src"):
        assert raw not in page


def test_a_coach_does_not_import_and_nobody_reads_anothers_file(vera, alice, olive, cast):
    here = bring(vera, GOOD)
    for path in ("/clients/import", here, f"{here}/check"):
        assert alice.get(path).status_code == 404
    for reader in (alice, olive):
        assert reader.get(here).status_code == 404
        assert reader.post(here, data={"column-0": "name"}).status_code == 404
        assert reader.post(f"{here}/apply").status_code == 404


def test_a_big_file_is_checked_with_few_questions(vera, cast, queries):
    here = bring(vera, "Name,Email\n" + "".join(f"C {n},c{n}@x.example\n" for n in range(1000)))
    choose(vera, here, ("name", "email"))
    with queries() as asked:
        page = vera.get(f"{here}/check").text
    assert figures(page) == [1000, 0, 0]
    assert len(asked) <= 15, asked

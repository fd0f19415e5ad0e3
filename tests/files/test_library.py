"""The library: what is asked, what an assessment gets of it, versions, moving, removing, opening what is shut."""

import re
import time
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment, Report
from coachbase.assessments.rules import State
from coachbase.audit.models import Opening
from coachbase.clients.models import Client
from coachbase.db import database, new_public_id
from coachbase.errors import Refused
from coachbase.files import actions, tasks
from coachbase.files.models import Arrival, Document, DocumentText
from coachbase.files.rules import Audience, Hold, Kind, TextState, Upload, Why
from coachbase.firm.models import Firm
from coachbase.instruments.models import Instrument
from coachbase.jobs import run_jobs
from coachbase.timeline.models import Entry
from tests.files.asking import WAITING, answer, asked, file, send
from tests.files.pdfs import HOSTILE, blank, locked, pdf
from tests.files.samples import HTML, PDF, PNG, SVG


@pytest.fixture
def page(cast):
    return f"/clients/{cast.bob.public_id}/documents"


@pytest.fixture
def eqi(cast):
    """Bob is to do the EQ-i, whose report has two parts."""
    return assessments.set_up(cast.bob, Instrument.get(Instrument.name == "EQ-i 2.0"), by=cast.vera)


@pytest.fixture
def dan(cast):
    """Carol's client."""
    return Client.create(name="Dan Falk", coach=cast.carol, search_key="dan falk", created_at=cast.bob.created_at)


def brief(cast, name="brief.pdf", *, content=PDF, audience=Audience.TEAM):
    return actions.file(cast.bob, [Upload(name, content)], audience=audience, by=cast.vera)[0]


def now(row):
    return type(row).get_by_id(row.id)


def said(cast):
    return [entry.sentence for entry in Entry.select().where(Entry.client == cast.bob).order_by(Entry.id)]


# What is asked --------------------------------------------------------------------------------------------------------


def test_what_a_file_seems_to_be_is_filled_in_and_said_from_where(vera, eqi):
    send(vera, "/library", ("EQi2.0 report.pdf", pdf("EQ-i 2.0 Client Report\nBob Haddad\n3 November 2026")))
    (row,) = asked(vera).values()
    assert row["client"] == "Bob Haddad"
    assert row["what"] == f"of:{eqi.public_id}:client"
    assert row["dated_on"] == "2026-11-03"
    text = vera.get(WAITING).text
    assert "“Bob Haddad” stands on the first page." in text
    assert "“EQ-i 2.0” stands in the file’s name." in text


def test_nothing_is_filed_before_somebody_has_said_what_it_is(olive, vera, cast, page):
    send(vera, page, ("brief.pdf", PDF))
    run_jobs()
    assert Document.get().client is None
    assert said(cast) == []
    for reader in (olive, vera):
        assert "brief.pdf" not in reader.get(page).text + reader.get("/library").text
    assert "1 file waits to be told what it is." in vera.get("/library").text
    assert "waits to be told" not in olive.get("/library").text
    assert "brief.pdf" not in olive.get(WAITING).text


def test_the_page_waits_for_the_first_pages_and_goes_on_without(vera, page):
    send(vera, page, ("brief.pdf", pdf("x")))
    assert "0 of 1 read" in vera.get(WAITING).text
    assert "brief.pdf" in vera.get(f"{WAITING}?now=1").text
    run_jobs()
    assert "brief.pdf" in vera.get(WAITING).text


def test_a_client_one_may_not_see_is_never_guessed_nor_chosen(vera, dan, cast):
    send(vera, "/library", ("Dan Falk.pdf", pdf("Report for Dan Falk")))
    (row,) = asked(vera).values()
    assert row["client"] == ""
    assert "Dan" not in vera.get(WAITING).text.replace("Dan Falk.pdf", "")
    refused = answer(vera, client="Dan Falk", drawn=str(dan.id))
    assert refused.status_code == 422
    assert "No client of yours is called so" in refused.text
    assert Document.get().client is None


def test_a_file_that_names_another_client_than_whose_page_it_was_dropped_on_says_so(olive, dan, page):
    send(olive, page, ("Dan Falk.pdf", PDF))
    (row,) = asked(olive).values()
    assert row["client"] == "Bob Haddad"
    assert "This file names Dan Falk. Is it whose you say?" in olive.get(WAITING).text


def test_another_client_draws_other_choices(olive, dan, eqi, page):
    send(olive, page, ("EQ-i 2.0 coach.pdf", PDF))
    (key,) = asked(olive)
    assert f"of:{eqi.public_id}:coach" in olive.get(WAITING).text
    redrawn = olive.get(f"{WAITING}?{key}-client=Dan+Falk&{key}-what=of:{eqi.public_id}:coach&{key}-drawn=1").text
    assert f"of:{eqi.public_id}" not in redrawn
    assert re.search(r'value="report:\w+" selected', redrawn)


def test_a_file_left_out_can_be_taken_up_again(vera, page):
    send(vera, page, ("brief.pdf", PDF))
    arrival = Arrival.get()
    assert vera.post(f"{WAITING}/{arrival.public_id}/leave").status_code == 303
    assert "No file waits" in vera.get(WAITING).text
    vera.post(f"{WAITING}/{arrival.public_id}/take")
    assert list(asked(vera)) == [arrival.public_id]


def test_only_what_is_ticked_is_filed(vera, page):
    send(vera, page, ("one.pdf", PDF), ("two.pdf", PDF))
    assert answer(vera, {"chosen": None}).headers["Location"] == WAITING
    assert [document.name for document in Document.select().where(Document.client.is_null(False))] == ["two.pdf"]
    assert answer(vera, {"chosen": None}).status_code == 422


def test_a_filing_can_be_undone_and_is_asked_about_again(vera, cast, eqi, page):
    file(vera, page, ("EQ-i 2.0 coach report.pdf", pdf("x")), ("brief.pdf", PDF))
    assert now(eqi).state is State.COMPLETED
    arrival = Arrival.select().order_by(Arrival.id.desc()).get()
    assert vera.post(f"{WAITING}/{arrival.public_id}/undo").status_code == 303
    assert not Report.select().exists()
    assert Document.select().where(Document.client.is_null(False)).count() == 0
    assert len(asked(vera)) == 2
    assert vera.get(page).text.count("brief.pdf") == 0


def test_a_version_taken_back_gives_the_client_the_one_before_again(vera, cast, page):
    first = brief(cast, audience=Audience.CLIENT)
    file(vera, page, ("brief.pdf", PDF))
    assert list(Document.for_client(cast.bob)) == [Document.get(Document.number == 2)]
    vera.post(f"{WAITING}/{Arrival.get().public_id}/undo")
    assert list(Document.for_client(cast.bob)) == [first]


def test_ten_years_of_clients_slow_nothing(vera, cast):
    names = [f"Client Number{at}" for at in range(10_000)]
    shared = {"coach": cast.alice, "created_at": clock.now()}
    rows = [shared | {"name": name, "public_id": new_public_id(), "search_key": name.lower()} for name in names]
    for start in range(0, len(rows), 50):
        Client.insert_many(rows[start : start + 50]).execute()
    actions.drop([Upload(f"{at}.pdf", pdf("Client Number77 " * 200)) for at in range(20)], by=cast.vera)
    run_jobs()
    began = time.monotonic()
    assert vera.get(WAITING).text.count('value="Client Number77"') == 21  # once in the list to choose from
    assert time.monotonic() - began < 2


def test_after_an_hour_a_filing_is_not_undone(vera, cast, page, time_machine):
    file(vera, page, ("brief.pdf", PDF))
    time_machine.move_to(clock.now() + timedelta(seconds=3700))
    answered = vera.post(f"{WAITING}/{Arrival.get().public_id}/undo")
    assert answered.status_code == 422
    assert Document.get().client == cast.bob


def test_what_nobody_said_what_it_is_is_forgotten_and_what_was_filed_stays(vera, cast, page, time_machine):
    file(vera, page, ("kept.pdf", PDF))
    send(vera, page, ("forgotten.pdf", PDF))
    time_machine.move_to(clock.now() + timedelta(seconds=8 * 86400))
    actions.forget()
    assert [document.name for document in Document.select()] == ["kept.pdf"]
    assert not Arrival.select().exists()


# Reports --------------------------------------------------------------------------------------------------------------


def test_a_report_is_in_when_all_its_parts_are_and_until_then_it_is_said_which_is_missing(vera, cast, eqi, page):
    file(vera, page, ("EQ-i 2.0 coach report.pdf", PDF))
    assert now(eqi).state is State.COMPLETED
    assert "EQ-i 2.0: the client part is still missing" in said(cast)
    file(vera, page, ("EQ-i 2.0 client report.pdf", PDF))
    assert now(eqi).state is State.REPORT_IN
    coach, client = Report.select().order_by(Report.id)
    assert (coach.part_name, client.part_name) == ("coach", "client")
    assert (coach.document.audience, client.document.audience) == (Audience.COACH, Audience.TEAM)
    assert coach.document.instrument == eqi.instrument
    assert coach.document.held is Hold.REPORT
    assert not any("report.pdf" in sentence for sentence in said(cast))


def test_a_report_never_reaches_the_client_by_being_filed(vera, eqi, page):
    file(vera, page, ("EQ-i 2.0 client report.pdf", PDF), audience="client")
    assert Document.get().audience is Audience.TEAM


def test_a_report_of_no_assessment_is_for_the_coach_unless_somebody_says_otherwise(vera, page):
    file(vera, page, ("EQ-i 2.0 coach report.pdf", PDF))
    document = Document.get()
    assert (document.kind, document.audience, document.instrument.name) == (Kind.REPORT, Audience.COACH, "EQ-i 2.0")
    assert not Report.select().exists()
    file(vera, page, ("EQ-i 2.0 client report.pdf", PDF), audience="client")
    assert not Document.for_client(document.client).exists()


def test_a_part_filed_again_is_a_new_version_of_the_same_report(vera, eqi, page):
    file(vera, page, ("EQ-i 2.0 coach report.pdf", PDF))
    first = Document.get()
    send(vera, page, ("again.pdf", PDF))
    assert f"again:{first.public_id}" in vera.get(f"{WAITING}?now=1").text
    answer(vera, what=f"again:{first.public_id}")
    report = Report.get()
    assert (report.document.name, report.document.number) == ("again.pdf", 2)
    assert (report.document.held, now(first).held) == (Hold.REPORT, Hold.NOT)
    assert report.document.audience is Audience.COACH
    vera.post(f"{WAITING}/{Arrival.select().order_by(Arrival.id.desc()).get().public_id}/undo")
    assert Report.get().document == first
    assert now(first).is_newest


def test_a_cancelled_assessment_gets_no_report_and_the_document_stays(cast, eqi):
    document = brief(cast)
    assessments.cancel(eqi, reason="not wanted", by=cast.vera)
    assessments.file_report(eqi.public_id, document, eqi.instrument.parts[0], by=cast.vera)
    assert not Report.select().exists()
    assert now(eqi).state is State.CANCELLED


def test_the_wrong_assessment_is_put_right_by_an_act_that_stands_on_the_timeline(olive, cast, eqi, page):
    other = assessments.set_up(cast.bob, Instrument.get(Instrument.name == "Hogan HPI"), by=cast.vera)
    for name in ("EQ-i 2.0 coach.pdf", "EQ-i 2.0 client.pdf"):
        file(olive, page, (name, PDF))
    coach = Report.get(Report.part_name == "coach").document
    path = f"/documents/{coach.public_id}/move"
    assert f'value="of:{eqi.public_id}:coach" selected' in olive.get(path).text
    said_now = {"client": "Bob Haddad", "drawn": str(cast.bob.id), "audience": "team"}
    assert olive.post(path, data=said_now | {"what": f"of:{other.public_id}:coach"}).status_code == 303
    assert Report.get(Report.document == coach).assessment == other
    assert (now(eqi).state, now(other).state) == (State.COMPLETED, State.COMPLETED)
    assert "A document that is kept shut is filed anew: it was not what it was filed as" in said(cast)
    assert now(coach).instrument == other.instrument


def test_an_assistant_moves_a_report_she_may_not_open_without_learning_its_name(vera, cast, eqi, page):
    file(vera, page, ("EQ-i 2.0 coach zqsecret.pdf", PDF))
    document = Document.get()
    path = f"/documents/{document.public_id}/move"
    text = vera.get(path).text
    assert "zqsecret" not in text
    assert "A report of Bob Haddad" in text
    data = {
        "client": "Bob Haddad",
        "drawn": str(cast.bob.id),
        "audience": "coach",
        "what": f"of:{eqi.public_id}:client",
    }
    assert vera.post(path, data=data).headers["Location"] == page
    assert Report.get().part_name == "client"


@pytest.mark.parametrize("what", ["upload", "plan", "instrument", "agreement", "report"])
def test_an_assistant_opens_no_report_by_saying_that_it_is_something_else(vera, cast, eqi, page, what):
    file(vera, page, ("EQ-i 2.0 coach zqsecret.pdf", PDF))
    document = Document.get()
    path = f"/documents/{document.public_id}"
    data = {"client": "Bob Haddad", "drawn": str(cast.bob.id), "audience": "team", "what": what}
    assert vera.post(f"{path}/move", data=data).status_code in (303, 422)
    assert vera.get(path).status_code == 404
    assert vera.post(f"{path}/open").status_code == 404
    assert "zqsecret" not in vera.get(page).text


def test_a_document_goes_to_another_client_with_its_versions_and_no_further(olive, alice, carol, cast, dan):
    first = brief(cast)
    second = actions.replace(first, Upload("brief 2.pdf", PDF), by=cast.olive)
    path = f"/documents/{second.public_id}/move"
    data = {"client": "Dan Falk", "drawn": str(dan.id), "audience": "team", "what": "upload"}
    assert alice.post(path, data=data).status_code == 422
    assert olive.post(path, data=data).status_code == 303
    assert {document.client for document in Document.select()} == {dan}
    assert alice.get(f"/documents/{first.public_id}").status_code == 404
    assert carol.get(f"/documents/{first.public_id}").status_code == 200


# Versions -------------------------------------------------------------------------------------------------------------


def test_a_newer_file_takes_the_place_and_the_old_one_is_found_among_the_versions(vera, cast, page):
    first = brief(cast)
    answered = send(vera, f"/documents/{first.public_id}/replace", ("brief.pdf", PDF))
    second = Document.get(Document.number == 2)
    assert answered.headers["Location"] == second.page
    assert vera.get(page).text.count(">brief.pdf</a>") == 1
    about = vera.get(second.page).text
    assert first.page in about
    assert vera.post(f"/documents/{first.public_id}/restore").status_code == 303
    assert (now(first).is_newest, now(second).is_newest) == (True, False)
    assert "brief.pdf is back in its version 1" in said(cast)
    third = actions.replace(first, Upload("brief.pdf", PDF), by=cast.vera)
    assert now(third).number == 3


def test_older_versions_are_only_for_those_who_might_open_them(alice, vera, cast):
    first = brief(cast, "first zqshut.pdf", audience=Audience.COACH)
    second = actions.replace(first, Upload("second.pdf", PDF), by=cast.alice)
    assert second.audience is Audience.COACH
    actions.set_audience(second, Audience.TEAM)
    assert now(first).audience is Audience.COACH
    assert "zqshut" not in vera.get(second.page).text
    assert "zqshut" in alice.get(second.page).text
    assert vera.post(f"/documents/{first.public_id}/restore").status_code == 404


def test_what_shuts_a_document_shuts_its_older_versions(cast):
    first = brief(cast)
    second = actions.replace(first, Upload("second.pdf", PDF), by=cast.alice)
    actions.set_audience(second, Audience.COACH)
    assert now(first).audience is Audience.COACH


def test_the_client_has_one_version_and_a_new_report_waits_for_its_release(cast):
    first = brief(cast, audience=Audience.CLIENT)
    second = actions.replace(first, Upload("second.pdf", PDF), by=cast.vera)
    assert list(Document.for_client(cast.bob)) == [second]
    report = actions.store(PDF, "r.pdf", client=cast.bob, kind=Kind.REPORT, audience=Audience.CLIENT)
    newer = actions.replace(report, Upload("r2.pdf", PDF), by=cast.vera)
    assert set(Document.for_client(cast.bob)) == {second, report}
    actions.set_audience(newer, Audience.CLIENT)
    assert set(Document.for_client(cast.bob)) == {second, newer}


def test_what_is_removed_is_gone_for_all_and_can_be_put_back(vera, olive, cast, page):
    document = brief(cast, audience=Audience.CLIENT)
    path = f"/documents/{document.public_id}"
    assert vera.post(f"{path}/remove").status_code == 303
    for reader in (vera, olive):
        assert reader.get(path).status_code == 404
    assert not Document.for_client(cast.bob).exists()
    assert "brief.pdf" in vera.get(f"{page}?removed=1").text
    assert vera.post(f"{path}/put-back").status_code == 303
    assert vera.get(path).data == PDF
    assert said(cast)[-2:] == ["brief.pdf was removed", "brief.pdf was put back"]


def test_after_a_month_it_is_removed_for_good(cast, time_machine):
    document = brief(cast)
    actions.remove(document, by=cast.vera)
    actions.forget()
    assert Document.select().exists()
    time_machine.move_to(clock.now() + timedelta(seconds=31 * 86400))
    actions.forget()
    assert not Document.select().exists()


def test_what_proves_something_is_kept_as_it_is(olive, cast):
    document = actions.store(PDF, "Signed.pdf", client=cast.bob, kind=Kind.AGREEMENT, held=Hold.PROOF)
    path = f"/documents/{document.public_id}"
    assert olive.post(f"{path}/remove").status_code == 422
    assert send(olive, f"{path}/replace", ("a.pdf", PDF)).status_code == 422
    assert olive.get(f"{path}/move").status_code == 404
    with pytest.raises(Refused):
        actions.change(document, dated_on=None, audience=Audience.TEAM)
    assert now(document).removed_at is None


def test_a_report_is_taken_out_of_its_assessment_before_it_is_removed(olive, eqi, page):
    file(olive, page, ("EQ-i 2.0 coach.pdf", PDF))
    answered = olive.post(f"/documents/{Document.get().public_id}/remove")
    assert answered.status_code == 422
    assert "It belongs to an assessment" in answered.text


# Opening --------------------------------------------------------------------------------------------------------------


def test_opening_what_is_shut_is_an_act_that_is_logged_with_it(alice, cast):
    document = brief(cast, "diary.pdf", audience=Audience.COACH)
    path = f"/documents/{document.public_id}"
    for way in ("", "/about"):
        assert PDF not in alice.get(path + way).data
    assert not Opening.select().exists()
    opened = alice.post(f"{path}/open")
    assert opened.data == PDF
    assert opened.headers["Content-Disposition"] == "attachment; filename=diary.pdf"
    line = Opening.get()
    assert (line.what_name, line.words, line.client, line.by) == ("file", "diary.pdf", cast.bob, cast.alice)


def test_nothing_opens_without_its_line(alice, cast):
    document = brief(cast, audience=Audience.COACH)
    database.execute_sql("CREATE TRIGGER full BEFORE INSERT ON opening BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(Exception, match="full"):
        actions.open_shut(document, by=cast.alice)


def test_the_text_of_what_is_shut_is_read_by_the_same_act(alice, cast):
    document = brief(cast, content=pdf("zqinside"), audience=Audience.COACH)
    run_jobs()
    path = f"/documents/{document.public_id}"
    assert "zqinside" not in alice.get(f"{path}/about").text
    assert "zqinside" in alice.post(f"{path}/read").text
    assert Opening.select().count() == 1


def test_the_firm_may_let_assistants_open_reports_and_that_is_logged(olive, vera, alice, cast):
    report = actions.store(PDF, "r.pdf", client=cast.bob, kind=Kind.REPORT, audience=Audience.COACH)
    path = f"/documents/{report.public_id}"
    assert vera.post(f"{path}/open").status_code == 404
    for other in (vera, alice):
        assert other.post("/settings/firm/reports", data={"allowed": "1"}).status_code == 404
    olive.post("/settings/firm/reports", data={"allowed": "1"})
    assert Firm.get().assistants_open_reports
    assert vera.post(f"{path}/open").data == PDF
    olive.post("/settings/firm/reports")
    assert vera.post(f"{path}/open").status_code == 404
    words = [line.words for line in Opening.select().order_by(Opening.id)]
    assert words == ["Assistants may open reports and packages", "r.pdf", "Assistants may no longer open reports"]


# What is found --------------------------------------------------------------------------------------------------------


def test_documents_are_found_by_folded_name_kind_and_client(vera, cast):
    brief(cast, "Résumé.pdf")
    brief(cast, "other.pdf")
    for looked in ("?q=resume", "?q=haddad+resume", "?kind=upload&q=RÉS"):
        text = vera.get(f"/library{looked}").text
        assert "Résumé.pdf" in text
        assert "other.pdf" not in text
    assert "Nothing matches" in vera.get("/library?kind=plan").text
    for odd in ("?q=%25", "?q=%00", "?page=-1", "?page=99999999999999999999", "?kind=x", "?q=" + "a" * 9000):
        assert vera.get(f"/library{odd}").status_code == 200
    assert "Résumé.pdf" in vera.get("/search?q=resume").text.replace("<mark>", "").replace("</mark>", "")


def test_carol_finds_counts_and_names_nothing(carol, cast):
    document = brief(cast)
    assert "brief.pdf" not in carol.get("/library").text
    assert "brief" not in carol.get("/search?q=brief").text.replace('value="brief"', "").replace("“brief”", "")
    for act in ("open", "read", "replace", "restore", "remove", "put-back", "move"):
        assert carol.post(f"/documents/{document.public_id}/{act}").status_code == 404


@pytest.mark.parametrize("path", ["/library", WAITING, "about", "move"])
def test_no_page_asks_more_however_much_there_is(vera, cast, eqi, queries, path):
    for number in range(30):
        brief(cast, f"page {number}.pdf")
    actions.drop([Upload(f"EQ-i {number}.pdf", PDF) for number in range(20)], client=cast.bob, by=cast.vera)
    document = Document.get(Document.name == "page 1.pdf")
    path = path if path.startswith("/") else f"/documents/{document.public_id}/{path}"
    with queries() as done:
        assert vera.get(f"{path}?now=1").status_code == 200
    assert len(done) <= 15
    assert not any("document_content" in statement for statement in done)


# Reading --------------------------------------------------------------------------------------------------------------


def test_the_text_of_a_pdf_stands_on_its_page_escaped_and_sealed_in_the_file(vera, cast, config):
    document = brief(cast, content=pdf("<script>alert(1)</script> zqcanary"))
    assert "Its text is being read." in vera.get(document.page).text
    run_jobs()
    text = vera.get(document.page).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; zqcanary" in text
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"zqcanary" not in config.database_path.read_bytes()


@pytest.mark.parametrize(
    ("content", "why"),
    [(locked("x"), "It is locked with a password"), (PDF, "It is damaged"), (pdf(""), "it was probably scanned")],
)
def test_what_cannot_be_read_says_why(vera, cast, content, why):
    document = brief(cast, content=content)
    run_jobs()
    assert why in vera.get(document.page).text


@pytest.mark.parametrize("which", HOSTILE)
def test_a_hostile_pdf_is_read_within_its_time_and_memory_or_not_at_all(vera, cast, which):
    actions.drop([Upload("hostile.pdf", HOSTILE[which]())], client=cast.bob, by=cast.vera)
    began = time.monotonic()
    run_jobs()
    assert time.monotonic() - began < tasks.SECONDS + 4
    row = DocumentText.get()
    assert row.is_read
    assert vera.get(WAITING).status_code == 200
    assert answer(vera).status_code == 303
    assert vera.get(Document.get().page).status_code == 200


def test_a_pdf_that_takes_too_long_is_given_up(cast, monkeypatch):
    monkeypatch.setattr(tasks, "SECONDS", 0.05)
    document = brief(cast, content=HOSTILE["many objects"]())
    run_jobs()
    assert DocumentText.of(document).why is Why.ENDLESS


def test_a_pdf_that_takes_too_much_memory_is_given_up(cast, monkeypatch):
    monkeypatch.setattr(tasks, "MEMORY", 20_000_000)
    document = brief(cast, content=blank(60_000_000))  # its reader's own limit is 75 MB
    run_jobs()
    assert DocumentText.of(document).why is Why.ENDLESS
    assert tasks.first_pages(pdf("x")) == ("x", "")


def test_a_text_whose_reader_was_killed_is_read_again_and_at_last_given_up(cast, time_machine):
    document = brief(cast, content=pdf("x"))
    row = DocumentText.of(document)
    assert tasks._take(document.public_id).attempts == 1
    run_jobs()
    assert now(row).state is TextState.LEASED  # another one has it
    time_machine.move_to(clock.now() + timedelta(seconds=120))
    assert tasks._take(document.public_id).attempts == 2
    time_machine.move_to(clock.now() + timedelta(seconds=120))
    actions.sweep()
    run_jobs()
    assert (now(row).state, now(row).why) == (TextState.UNREADABLE, Why.ENDLESS)


def test_documents_older_than_their_reading_are_read_by_and_by(cast):
    document = brief(cast, content=pdf("x"))
    DocumentText.delete().execute()
    actions.sweep()
    run_jobs()
    assert DocumentText.of(document).text == "x"


# P11 ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.svg", SVG), ("a.png", HTML), ("a.pdf", HTML), ("a.pdf", b""), ("a.exe", b"MZ"), ("..", PDF), ("a.docx", PNG)],
)
def test_every_door_refuses_what_is_no_document(vera, cast, page, name, content):
    document = brief(cast)
    for door in ("/library", page, f"/documents/{document.public_id}/replace"):
        assert send(vera, door, (name, content)).status_code == 422
    assert (Document.select().count(), Arrival.select().count()) == (1, 0)


def test_a_name_with_markup_is_escaped_wherever_it_is_asked_about(vera, page):
    send(vera, page, ("<img src=x onerror=alert(1)>.pdf", PDF))
    run_jobs()
    for text in (vera.get(WAITING).text, vera.get("/library").text):
        assert "<img src=x" not in text
    answer(vera)
    assert "<img src=x" not in vera.get(Document.get().page).text


def test_assessments_stay_apart_by_client(olive, cast, dan, eqi):
    """A part of Bob's assessment is no place for a file of Dan's, whatever is sent."""
    send(olive, "/library", ("a.pdf", PDF))
    refused = answer(olive, client="Dan Falk", drawn=str(dan.id), what=f"of:{eqi.public_id}:coach")
    assert refused.status_code == 422
    document = actions.file(dan, [Upload("b.pdf", PDF)], by=cast.olive)[0]
    assessments.file_report(eqi.public_id, document, eqi.instrument.parts[0], by=cast.olive)
    assert not Report.select().exists()
    assert Assessment.get().state is State.SET_UP

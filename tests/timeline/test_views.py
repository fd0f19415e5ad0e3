"""The client's page: writing on it, reading back through it, and who may."""

import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine

from coachbase import clock
from coachbase.db import atomic
from coachbase.timeline import actions
from coachbase.timeline.models import Entry, Note
from coachbase.timeline.rules import Kind
from tests.timeline.payloads import PAYLOADS

HTMX = {"HX-Request": "true"}
NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def page(cast):
    return f"/clients/{cast.bob.public_id}"


@pytest.fixture
def note(cast):
    actions.write(cast.bob, Kind.NOTE, "The first text.", by=cast.vera)
    return Note.get()


def at(page, note):
    return f"{page}/notes/{note.entry.public_id}"


@atomic
def fill(cast, count, *, kind=Kind.CHANGE):
    """Entries a quarter of an hour apart, some at the very same moment."""
    start = clock.now() - timedelta(days=60)
    for number in range(count):
        actions.record(cast.bob, kind, f"Entry {number:04}.", happened_at=start + timedelta(minutes=15 * (number // 3)))


def read(text):
    return re.findall(r"Entry (\d{4})\.", text)


def next_of(text):
    found = re.search(r'href="([^"]*before=[^"]*)"', text)
    return unescape(found.group(1)) if found else None


# The page ------------------------------------------------------------------------------------------------------------


def test_the_page_says_what_is_next_who_has_the_ball_and_since_when(vera, cast, page):
    cast.bob.next_step, cast.bob.waiting_on_name = "Agree the kickoff date", "sponsor"
    cast.bob.waiting_since = clock.now() - timedelta(days=8)
    cast.bob.save()
    text = vera.get(page).text
    assert "<strong>Agree the kickoff date</strong>" in text
    assert "<strong>Sponsor</strong>" in text
    assert re.search(r'class="pill late">.*?8 d</span>', text)
    assert "coach Alice Kern" in text
    assert re.search(r"Dubai, [34] h ahead", text)


def test_an_empty_timeline_teaches_by_one_action(vera, page):
    assert "Nothing has happened yet" in vera.get(page).text


def test_a_client_without_coach_organisation_and_zone_has_a_page(olive, cast):
    cast.bob.coach = cast.bob.organisation = None
    cast.bob.zone = cast.bob.email = ""
    cast.bob.save()
    answer = olive.get(f"/clients/{cast.bob.public_id}")
    assert answer.status_code == 200
    assert "no coach yet" in answer.text


# Writing -------------------------------------------------------------------------------------------------------------


def test_a_note_without_javascript_leads_back_to_the_page(vera, page):
    answer = vera.post(page, data={"kind": "note", "body": "He is **in**.", "once": "k1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    assert "<p>He is <strong>in</strong>.</p>" in vera.get(page).text


def test_htmx_gets_the_timeline_back_with_an_empty_composer(vera, page):
    answer = vera.post(page, data={"kind": "note", "body": "He is in.", "once": "k1"}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section id="timeline"')
    assert "<p>He is in.</p>" in answer.text
    assert re.search(r"<textarea[^>]*>\s*</textarea>", answer.text)
    assert 'name="once" value="k1"' not in answer.text
    assert answer.headers["HX-Replace-Url"] == page


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_the_same_form_sent_twice_writes_once_and_leads_to_the_page(vera, page, headers):
    data = {"kind": "note", "body": "Once.", "once": "k1"}
    vera.post(page, data=data, headers=headers)
    again = vera.post(page, data=data, headers=headers)
    assert again.headers["HX-Redirect" if headers else "Location"] == page
    assert Entry.select().count() == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"kind": "note", "body": "  "}, "Write something first"),
        ({"kind": "poem", "body": "Kept text."}, "Not a valid choice"),
        ({"kind": "note", "body": "Kept text." + "x" * 20_000}, "At most 20000 characters"),
        ({"kind": "call", "body": "Kept text.", "when": "2099-01-01T10:00"}, "still to come"),
        ({"kind": "call", "body": "Kept text.", "when": "0001-01-01T00:00"}, "too long ago"),
        ({"kind": "mail", "body": "Kept text.", "when": "yesterday"}, "Not a valid datetime"),
        ({"kind": "note", "body": "Kept text.\0"}, "cannot be stored"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_what_cannot_be_written_is_said_and_what_was_typed_is_kept(vera, page, data, said, headers):
    answer = vera.post(page, data=data, headers=headers)
    assert answer.status_code == 422
    assert said in answer.text
    assert ("Kept text." in answer.text) == ("Kept text." in data["body"])
    assert Entry.select().count() == 0


@time_machine.travel(datetime(2026, 7, 10, 12, 0, tzinfo=UTC), tick=False)
def test_a_call_is_logged_in_the_readers_zone(sign_in, page):
    vera = sign_in("vera")
    data = {"kind": "call", "body": "Rang him.", "when": "2026-07-09T09:30"}
    assert vera.post(page, data=data).status_code == 303
    assert Entry.get().happened_at == datetime(2026, 7, 9, 8, 30, tzinfo=UTC)
    assert "Yesterday 09:30" in vera.get(page).text


def test_a_note_is_written_now_whatever_time_comes_with_it(vera, page):
    vera.post(page, data={"kind": "note", "body": "Now.", "when": "2020-01-01T10:00"})
    assert Entry.get().happened_at.year >= 2024


def test_a_file_alone_is_enough(vera, page):
    vera.post(page, data={"kind": "note", "body": "", "files": (io.BytesIO(b"%PDF-1.7"), "brief.pdf")})
    assert Entry.get().sentence == "Filed brief.pdf"
    assert "Filed brief.pdf" in vera.get(page).text


def test_a_refused_file_keeps_the_text_and_files_nothing(vera, page):
    data = {"kind": "note", "body": "Kept text.", "files": (io.BytesIO(b"MZ"), "tool.exe")}
    answer = vera.post(page, data=data)
    assert answer.status_code == 422
    assert "tool.exe: We keep" in answer.text
    assert "Kept text." in answer.text
    assert Entry.select().count() == 0


def test_a_text_where_a_file_belongs_is_no_file(vera, page):
    assert vera.post(page, data={"kind": "note", "body": "x", "files": "not a file"}).status_code == 303


def test_the_preview_shows_the_text_and_keeps_nothing(vera, page):
    data = {"kind": "note", "body": "- one\n- **two**", "once": "k1"}
    partial = vera.post(f"{page}/preview", data=data, headers=HTMX)
    assert partial.text.lstrip().startswith('<div id="preview"')
    assert "<li><strong>two</strong></li>" in partial.text
    whole = vera.post(f"{page}/preview", data=data)
    assert "<li><strong>two</strong></li>" in whole.text
    assert "- one" in whole.text
    assert Entry.select().count() == 0


# Reading -------------------------------------------------------------------------------------------------------------


def test_each_entry_says_when_by_whom_and_who_edited_it(vera, olive, cast, page, note):
    actions.edit(note, "Mended.", version=1, by=cast.olive)
    text = vera.get(page).text
    assert "by Vera Moreau" in text
    assert "edited by Olive Marsh" in text


def test_entries_stand_under_their_month(vera, cast, page):
    now = clock.now()
    for days in (0, 40, 80, 400):
        actions.record(cast.bob, Kind.CHANGE, "Changed phone", happened_at=now - timedelta(days=days))
    months = re.findall(r'<h2 class="month">([^<]*)</h2>', vera.get(page).text)
    assert len(months) == 4
    assert months[-1].endswith(str((now - timedelta(days=400)).year))


@pytest.mark.parametrize(
    ("show", "kinds"),
    [
        ("notes", {"note", "call"}),
        ("mail", {"mail"}),
        ("files", {"file"}),
        ("steps", {"intake", "move", "change", "sign"}),
        ("", set(Kind)),
        ("nonsense", set(Kind)),
    ],
)
def test_the_chips_filter_by_the_address(vera, cast, page, show, kinds):
    for kind in Kind:
        actions.record(cast.bob, kind, f"A {kind} entry")
    for headers in ({}, HTMX):
        shown = re.findall(r"A (\w+) entry", vera.get(f"{page}?show={show}", headers=headers).text)
        assert set(shown) == kinds


def test_going_back_shows_every_entry_once_while_new_ones_arrive(vera, cast, page):
    fill(cast, 130)
    seen, href = [], page
    while href:
        text = vera.get(href).text
        assert len(read(text)) <= 40
        seen += read(text)
        actions.write(cast.bob, Kind.NOTE, "It arrived meanwhile.", by=cast.vera)
        actions.record(cast.bob, Kind.CHANGE, "So did this")
        href = next_of(text)
    assert seen == [f"{number:04}" for number in reversed(range(130))]


def test_htmx_gets_the_earlier_entries_alone_and_no_month_twice(vera, cast, page):
    fill(cast, 130)
    first = vera.get(page).text
    slice_ = vera.get(next_of(first), headers=HTMX).text
    assert slice_.lstrip().startswith('<div class="slice"')
    assert "<html" not in slice_
    assert len(read(slice_)) == 40
    last_month = re.findall(r'<h2 class="month">([^<]*)</h2>', first)[-1]
    assert last_month not in re.findall(r'<h2 class="month">([^<]*)</h2>', slice_)


def test_going_back_keeps_the_filter(vera, cast, page):
    fill(cast, 50, kind=Kind.MOVE)
    actions.write(cast.bob, Kind.NOTE, "Not a step.", by=cast.vera)
    text = vera.get(f"{page}?show=steps").text
    assert "show=steps" in next_of(text)
    assert len(read(text)) + len(read(vera.get(next_of(text)).text)) == 50


@pytest.mark.parametrize("before", ["", "1", NOBODY, "%00", "%ED%A0%80", "x" * 5000])
def test_a_place_that_is_not_on_this_timeline_is_no_page(vera, page, before):
    assert vera.get(f"{page}?before={before}").status_code == 404


def test_the_place_to_go_on_from_must_be_this_clients(olive, cast, page):
    other = cast.bob.__class__.create(name="Ruth Feldman", coach=cast.carol, created_at=clock.now())
    entry = actions.record(other, Kind.CHANGE, "Elsewhere")
    assert olive.get(f"{page}?before={entry.public_id}").status_code == 404


def test_a_thousand_entries_cost_no_more_questions_than_ten(vera, cast, page, queries):
    def count():
        with queries() as asked:
            assert vera.get(page).status_code == 200
        return len(asked)

    fill(cast, 10)
    for _ in range(5):
        actions.write(cast.bob, Kind.NOTE, "A text.", by=cast.vera)
    few = count()
    fill(cast, 1000)
    for _ in range(50):
        actions.write(cast.bob, Kind.NOTE, "A text.", by=cast.vera)
    assert 3 < count() == few <= 15


def test_no_more_notes_are_opened_than_stand_on_the_page(vera, cast, page, monkeypatch):
    from coachbase import sealing

    for _ in range(60):
        actions.write(cast.bob, Kind.NOTE, "A text.", by=cast.vera)
    opened = []
    unseal = sealing.unseal
    monkeypatch.setattr(sealing, "unseal", lambda sealed, place: opened.append(place) or unseal(sealed, place))
    vera.get(page)
    assert opened == ["note.body"] * 40


# Editing -------------------------------------------------------------------------------------------------------------


def test_the_author_edits_in_place_or_on_a_page(vera, page, note):
    partial = vera.get(at(page, note), headers=HTMX)
    assert partial.text.lstrip().startswith(f'<li id="entry-{note.entry.public_id}"')
    whole = vera.get(at(page, note))
    assert "<html" in whole.text
    assert "The first text." in whole.text
    answer = vera.post(at(page, note), data={"body": "The second text.", "version": 1})
    assert answer.headers["Location"] == f"{page}#entry-{note.entry.public_id}"
    assert Note.get().body == "The second text."


def test_an_empty_note_is_refused_and_stands(vera, page, note):
    assert vera.post(at(page, note), data={"body": " ", "version": 1}).status_code == 422
    assert Note.get().body == "The first text."


@pytest.mark.parametrize("version", ["", "x", "-1", str(2**63), "1.5"])
def test_a_broken_version_changes_nothing(vera, page, note, version):
    assert vera.post(at(page, note), data={"body": "Other.", "version": version}).status_code == 422
    assert Note.get().body == "The first text."


def test_the_owner_edits_and_a_colleague_only_reads(olive, alice, page, note):
    assert "The first text." in alice.get(page).text
    assert at(page, note) not in alice.get(page).text
    assert alice.get(at(page, note)).status_code == 404
    assert alice.post(at(page, note), data={"body": "Mine.", "version": 1}).status_code == 404
    assert at(page, note) in olive.get(page).text
    assert olive.post(at(page, note), data={"body": "Mended.", "version": 1}).status_code == 303
    assert Note.get().body == "Mended."


def test_an_entry_without_a_text_has_nothing_to_edit(olive, cast, page):
    entry = actions.record(cast.bob, Kind.CHANGE, "Changed phone")
    assert olive.get(f"{page}/notes/{entry.public_id}").status_code == 404


def test_two_tabs_never_overwrite_each_other_in_silence(sign_in, page, note):
    """P5: 400 saves from two tabs; of each pair one stands and the other sees both texts, escaped."""
    tabs = sign_in("vera"), sign_in("olive")
    address, conflicts = at(page, note), 0
    for turn in range(200):
        first, second = tabs if turn % 2 else tabs[::-1]
        version = Note.get().version
        theirs, mine = f"Turn {turn} <b>theirs</b>", f"Turn {turn} <i>mine</i>"
        assert first.post(address, data={"body": theirs, "version": version}).status_code == 303
        answer = second.post(address, data={"body": mine, "version": version})
        assert answer.status_code == 409
        assert f"Turn {turn} &lt;b&gt;theirs&lt;/b&gt;" in answer.text
        assert f"Turn {turn} &lt;i&gt;mine&lt;/i&gt;" in answer.text
        assert "<i>mine</i>" not in answer.text
        assert Note.get().body == theirs
        conflicts += 1
    assert conflicts == 200


def test_after_a_conflict_the_own_text_can_be_kept_knowingly(sign_in, page, note):
    vera, olive = sign_in("vera"), sign_in("olive")
    vera.post(at(page, note), data={"body": "Hers.", "version": 1})
    text = olive.post(at(page, note), data={"body": "Mine.", "version": 1}).text
    again = dict(re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)</textarea>', text))
    assert olive.post(at(page, note), data=again).status_code == 303
    assert Note.get().body == "Mine."


# The wall ------------------------------------------------------------------------------------------------------------


def test_carol_and_strangers_see_nothing_of_alices_client(carol, stranger, page, note):
    reads = [page, f"{page}?show=notes", at(page, note), f"{page}?before={note.entry.public_id}"]
    writes = [page, f"{page}/preview", at(page, note)]
    data = {"kind": "note", "body": "Carol was here", "version": 1}
    missing = page.replace(page[-26:], NOBODY)
    for path in reads:
        for headers in ({}, HTMX):
            answer = carol.get(path, headers=headers)
            assert answer.status_code == 404, path
            assert answer.text == carol.get(missing, headers=headers).text
        assert stranger.get(path).status_code == 303
    for path in writes:
        assert carol.post(path, data=data).status_code == 404, path
        assert stranger.post(path, data=data).status_code == 303, path
    assert Note.get().body == "The first text."
    assert Entry.select().count() == 1


def test_a_note_answers_only_under_its_own_client(olive, cast, note):
    other = cast.bob.__class__.create(name="Ruth Feldman", coach=cast.alice, created_at=clock.now())
    assert olive.get(f"/clients/{other.public_id}/notes/{note.entry.public_id}").status_code == 404


# Hostile texts -------------------------------------------------------------------------------------------------------


def attributes_of(text):
    return sorted(re.findall(r"\s((?:data-)?hx-[\w:-]+|on\w+)=", text.split('<ol class="timeline">')[1]))


def test_no_text_adds_an_element_or_a_habit_to_the_page(vera, cast, page):
    """P10, on the page itself: with hostile notes it has the same scripts, handlers and hx- as with calm ones."""
    for _ in range(41):
        actions.write(cast.bob, Kind.NOTE, "calm", by=cast.vera)
    calm = vera.get(page).text
    for start in range(0, len(PAYLOADS), 40):
        batch = PAYLOADS[start : start + 40]
        for payload in batch:
            actions.write(cast.bob, Kind.NOTE, payload, by=cast.vera)
        hostile = vera.get(page).text
        bodies = re.findall(r'<div class="body text">(.*?)</div>\s*</div>\s*</li>', hostile, re.DOTALL)
        assert len(bodies) == 40
        assert hostile.count("<script") == calm.count("<script")
        for needle in ("<img", "<svg ", "<iframe", "<style", "<form", "<base", "<meta"):
            assert all(needle not in body for body in bodies), needle
        outside = hostile
        for body in bodies:
            outside = outside.replace(body, "", 1)
        assert attributes_of(outside) == attributes_of(calm)

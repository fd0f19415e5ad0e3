"""A stored file is sealed, and all of a filing happens or nothing."""

import hashlib

import pytest

from coachbase.db import database
from coachbase.errors import Refused
from coachbase.files import actions
from coachbase.files.models import Document, DocumentContent
from coachbase.files.rules import Audience, Upload
from coachbase.timeline.models import Entry
from coachbase.timeline.rules import Kind
from tests.files.samples import PDF

CANARY = b"%PDF-1.7 canary-0815 the board report"


def test_a_document_keeps_its_bytes_size_and_fingerprint(cast):
    (document,) = actions.file(cast.bob, [Upload("brief.pdf", PDF)], by=cast.vera)
    document = Document.get_by_id(document.id)
    assert (document.name, document.media_type, document.size) == ("brief.pdf", "application/pdf", len(PDF))
    assert document.sha256 == hashlib.sha256(PDF).hexdigest()
    assert document.content == PDF
    assert (document.audience, document.by) == (Audience.TEAM, cast.vera)


def test_a_document_is_sealed_in_the_file(cast, config):
    actions.file(cast.bob, [Upload("brief.pdf", CANARY)], by=cast.vera)
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    for part in config.data.glob("coachbase.sqlite3*"):
        assert b"canary-0815" not in part.read_bytes()
    assert b"brief.pdf" in config.database_path.read_bytes()  # the control: its name is not sealed and is found


def test_one_refused_file_keeps_none(cast):
    with pytest.raises(Refused, match="We keep"):
        actions.file(cast.bob, [Upload("brief.pdf", PDF), Upload("tool.exe", b"MZ")], by=cast.vera)
    assert (Document.select().count(), DocumentContent.select().count(), Entry.select().count()) == (0, 0, 0)


def test_storing_cleans_the_name_itself(cast):
    document = actions.store(PDF, "../../etc/brief\u202e.pdf", client=cast.bob)
    assert document.name == "brief.pdf"


def test_each_document_stands_on_the_timeline_and_the_coachs_without_its_name(cast):
    actions.file(cast.bob, [Upload("brief.pdf", PDF)], by=cast.vera)
    actions.file(cast.bob, [Upload("Hogan report.pdf", PDF)], audience=Audience.COACH, by=cast.vera)
    entries = list(Entry.select().order_by(Entry.id))
    assert [entry.sentence for entry in entries] == ["Filed brief.pdf", "A document for the coach was filed"]
    assert {entry.kind for entry in entries} == {Kind.FILE}
    assert {entry.by for entry in entries} == {cast.vera}
    assert all("Hogan" not in entry.sentence + entry.href for entry in entries)


def test_a_file_of_a_form_that_is_being_filled_in_is_nobodys_yet(cast):
    actions.store(PDF, "brief.pdf", client=None)
    assert not Document.visible_to(cast.olive).exists()
    assert Entry.select().count() == 0

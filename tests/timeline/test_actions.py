"""What is written stays written; notes are sealed, versioned and never overwritten in silence."""

from datetime import timedelta

import pytest
from peewee import DatabaseError

from coachbase import clock
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.db import database
from coachbase.errors import Refused, Stale
from coachbase.files.models import Document
from coachbase.files.rules import Upload
from coachbase.timeline import actions
from coachbase.timeline.models import Entry, Note
from coachbase.timeline.rules import Kind

CANARY = "canary-4711 he fears his own board"


def sentences(client):
    return [entry.sentence for entry in Entry.select().where(Entry.client == client).order_by(Entry.id)]


def test_a_note_is_one_entry_and_one_text(cast):
    actions.write(cast.bob, Kind.NOTE, "Went *well*.", by=cast.vera)
    entry = Entry.get()
    assert (entry.kind, entry.sentence, entry.by, entry.client) == (Kind.NOTE, "Note", cast.vera, cast.bob)
    assert entry.happened_at == entry.recorded_at
    assert Note.get(Note.entry == entry).body == "Went *well*."


def test_a_call_stands_at_the_time_it_was_made(cast):
    earlier = clock.now() - timedelta(days=2)
    actions.write(cast.bob, Kind.CALL, "Rang him.", happened_at=earlier, by=cast.vera)
    entry = Entry.get()
    assert entry.happened_at == earlier < entry.recorded_at


def test_an_entry_can_be_neither_changed_nor_deleted(cast):
    entry = actions.record(cast.bob, Kind.CHANGE, "Added by hand", by=cast.vera)
    with pytest.raises(DatabaseError, match="append only"):
        Entry.update(sentence="Never added").where(Entry.id == entry.id).execute()
    with pytest.raises(DatabaseError, match="append only"):
        Entry.delete().where(Entry.id == entry.id).execute()
    with pytest.raises(DatabaseError, match="append only"):
        entry.delete_instance()
    assert Entry.get_by_id(entry.id).sentence == "Added by hand"


def test_the_trigger_is_what_keeps_the_entry(cast):
    """The negative control: without its trigger the same update goes through."""
    entry = actions.record(cast.bob, Kind.CHANGE, "Added by hand", by=cast.vera)
    database.execute_sql("DROP TRIGGER entry_is_never_changed")
    Entry.update(sentence="Never added").where(Entry.id == entry.id).execute()
    assert Entry.get_by_id(entry.id).sentence == "Never added"


def test_files_come_along_each_with_its_own_sentence(cast):
    uploads = [Upload("brief.txt", b"hello"), Upload("plan.csv", b"a,b")]
    actions.write(cast.bob, Kind.NOTE, "Two files.", uploads=uploads, by=cast.vera)
    assert sentences(cast.bob) == ["Filed brief.txt", "Filed plan.csv", "Note"]
    assert Document.select().where(Document.client == cast.bob).count() == 2


def test_files_may_come_alone(cast):
    actions.write(cast.bob, Kind.NOTE, "", uploads=[Upload("brief.txt", b"hello")], by=cast.vera)
    assert sentences(cast.bob) == ["Filed brief.txt"]


def test_one_refused_file_leaves_nothing_behind(cast):
    uploads = [Upload("brief.txt", b"hello"), Upload("tool.exe", b"MZ")]
    with pytest.raises(Refused):
        actions.write(cast.bob, Kind.NOTE, "Two files.", uploads=uploads, by=cast.vera)
    assert (Entry.select().count(), Note.select().count(), Document.select().count()) == (0, 0, 0)


def test_an_edit_says_who_and_when_and_leaves_the_entry_alone(cast):
    actions.write(cast.bob, Kind.NOTE, "First.", by=cast.vera)
    entry, note = Entry.get(), Note.get()
    actions.edit(note, "Second.", version=1, by=cast.olive)
    now = Note.get()
    assert (now.body, now.version, now.edited_by) == ("Second.", 2, cast.olive)
    assert now.edited_at >= entry.recorded_at
    assert Entry.get().recorded_at == entry.recorded_at


def test_a_stale_edit_is_refused_and_changes_nothing(cast):
    actions.write(cast.bob, Kind.NOTE, "First.", by=cast.vera)
    one, other = Note.get(), Note.get()
    actions.edit(one, "Second.", version=1, by=cast.vera)
    with pytest.raises(Stale):
        actions.edit(other, "Third.", version=1, by=cast.olive)
    assert Note.get().body == "Second."


def test_saving_the_same_text_again_is_no_edit(cast):
    actions.write(cast.bob, Kind.NOTE, "First.", by=cast.vera)
    actions.edit(Note.get(), "First.", version=1, by=cast.vera)
    assert (Note.get().version, Note.get().edited_at) == (1, None)


def test_a_note_is_sealed_in_the_file(cast, config):
    actions.write(cast.bob, Kind.NOTE, CANARY, by=cast.vera)
    actions.edit(Note.get(), f"{CANARY} twice", version=1, by=cast.vera)
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    for part in config.data.glob("coachbase.sqlite3*"):
        assert b"canary-4711" not in part.read_bytes()
    assert b"Haddad" in config.database_path.read_bytes()  # the control: what is not sealed is found


def test_a_new_client_and_a_change_stand_on_the_timeline_without_values(cast):
    client = clients.add({"name": "Ines Marchetti", "email": "ines@quill.example"}, how="by hand", by=cast.vera)
    client = Client.get_by_id(client.id)
    clients.change(client, {"phone": "+39 02 1234", "pronouns": "she/her"}, version=client.version, by=cast.vera)
    assert sentences(client)[0] == "Added by hand"
    assert sentences(client)[-1] == "Changed phone and pronouns"
    assert all("+39" not in sentence for sentence in sentences(client))

"""`python app.py check` is silent about a sound database and names each kind of damage."""

import pytest

from coachbase.check import findings
from coachbase.db import database


def test_a_sound_database_has_no_findings(app):
    assert list(findings()) == []


WITHOUT_GUARDS = [f"DROP TRIGGER {name}" for name in ("guest_overlaps_none_on_update", "guests_overlap_none_on_move")]
AT_ONCE = (
    "UPDATE coaching_session SET client_id = NULL, starts_at = '2026-01-01', ends_at = '2026-01-02' "
    "WHERE id IN (SELECT min(id) FROM coaching_session GROUP BY coach_id)"
)
DAMAGE = {
    "Two cards share place": [
        "DROP INDEX card_stage_id_position",
        "UPDATE card SET position = 1, stage_id = (SELECT min(id) FROM stage)",
    ],
    "in a stage of another board": [
        "INSERT INTO board (slug, revision) VALUES ('elsewhere', 1)",
        "UPDATE card SET board_id = (SELECT max(id) FROM board) WHERE id = (SELECT max(id) FROM card)",
    ],
    "belongs to a question of another version": [
        "UPDATE answer SET question_id = (SELECT max(id) FROM question) WHERE id = (SELECT max(id) FROM answer)"
    ],
    "was sent but hangs on no client": ["UPDATE submission SET client_id = NULL"],
    "has lost its content": ["DELETE FROM document_content"],
    "still keeps its link": ["UPDATE message SET state = 'sent', sent_at = '2026-01-01'"],
    "without a moment": ["UPDATE message SET state = 'sent', token = NULL"],
    "a worker that never came back": ["UPDATE message SET state = 'leased', leased_until = '2026-01-01'"],
    "overlaps another one of its coach": [
        "DROP TRIGGER session_overlaps_none_on_update",
        "DROP TRIGGER guests_overlap_none_on_move",
        "UPDATE coaching_session SET client_id = NULL, coach_id = 1, starts_at = '2026-01-01', ends_at = '2026-01-02'",
    ],
    "overlaps another one of its client": [
        "DROP TRIGGER session_overlaps_none_on_update",
        "UPDATE coaching_session SET client_id = 1, starts_at = '2026-01-01', ends_at = '2026-01-02' "
        "WHERE id IN (SELECT min(id) FROM coaching_session GROUP BY coach_id)",
    ],
    "wants a client who is in another one then": [*WITHOUT_GUARDS, "UPDATE attendee SET client_id = 1", AT_ONCE],
    "wants a sponsor who is in another one then": [
        *WITHOUT_GUARDS, "UPDATE attendee SET client_id = NULL, contact_id = 1", AT_ONCE,
    ],
    "ends before it begins": ["UPDATE coaching_session SET ends_at = starts_at"],
    "what it is not": ["UPDATE coaching_session SET state = 'held' WHERE kind = 'coaching'"],
    "does not say of session": [
        "DROP TRIGGER ledger_entry_is_never_deleted",
        "DELETE FROM ledger_entry WHERE session_id IS NOT NULL",
    ],
    "`body` cannot be opened": ["UPDATE note SET body = zeroblob(60)"],
    "`value` cannot be opened": ["UPDATE answer SET value = (SELECT body FROM note)"],
    "The guard entry_is_never_changed is missing": ["DROP TRIGGER entry_is_never_changed"],
    "points at a row of client that is not there": ["PRAGMA foreign_keys = 0", "DELETE FROM client"],
}  # fmt: skip


@pytest.mark.parametrize("said", DAMAGE)
def test_each_damage_is_named(app, said):
    for statement in DAMAGE[said]:
        database.execute_sql(statement)
    assert any(said in line for line in findings())

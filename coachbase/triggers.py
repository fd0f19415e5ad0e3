"""Guards and counters that live in the database, where no code path can forget them.

A rebuilt table silently loses its triggers, so they are put back after every migration and checked at every start.
"""

from .db import database

_BUMP = "UPDATE board SET revision = revision + 1"
_ONBOARDING, _ASSESSMENTS = " WHERE slug = 'onboarding'", " WHERE slug = 'assessments'"


def _raising_revision(table: str, columns: str = "", of_board: str = "") -> dict[str, str]:
    """Of both boards, or of the one that shows it."""
    of = f" OF {columns}" if columns else ""
    return {f"{table}_update_raises_revision": f"AFTER UPDATE{of} ON {table} BEGIN {_BUMP}{of_board}; END"}


def _raising_revision_always(table: str, of_board: str = "") -> dict[str, str]:
    return _raising_revision(table, "", of_board) | {
        f"{table}_insert_raises_revision": f"AFTER INSERT ON {table} BEGIN {_BUMP}{of_board}; END",
        f"{table}_delete_raises_revision": f"AFTER DELETE ON {table} BEGIN {_BUMP}{of_board}; END",
    }


def _raising_revision_of_its_board(table: str) -> dict[str, str]:
    """For what stands on one board and never changes to another."""
    rows = {"update": "NEW", "insert": "NEW", "delete": "OLD"}
    return {
        f"{table}_{act}_raises_revision": (
            f"AFTER {act.upper()} ON {table} BEGIN {_BUMP} WHERE id = {row}.board_id; END"
        )
        for act, row in rows.items()
    }


_TAKES_TIME = "('booked', 'held', 'no_show')"  # sessions.rules.TAKES_TIME
_TOUCHES = "starts_at < NEW.ends_at AND ends_at > NEW.starts_at"
_SESSION = f"SELECT 1 FROM coaching_session WHERE id IS NOT NEW.id AND state IN {_TAKES_TIME} AND {_TOUCHES}"  # noqa: S608
_HOLD = f"SELECT 1 FROM hold WHERE coach_id = NEW.coach_id AND {_TOUCHES}"  # noqa: S608


def _refusing_overlaps() -> dict[str, str]:
    """No two sessions of a coach or a client at once, and none where a time is held; expired holds go first.

    Before an insert NEW.id is not known yet: IS NOT says yes then, `<>` would never.
    """
    overlap = "BEGIN SELECT RAISE(ABORT, 'these times overlap'); END"
    of_either = f"{_SESSION} AND (coach_id = NEW.coach_id OR client_id = NEW.client_id)"
    session = f"WHEN NEW.state IN {_TAKES_TIME} AND (EXISTS ({of_either}) OR EXISTS ({_HOLD})) {overlap}"
    of_coach = f"{_SESSION.replace('id IS NOT NEW.id AND ', '')} AND coach_id = NEW.coach_id"
    hold = f"WHEN EXISTS ({of_coach}) OR EXISTS ({_HOLD} AND id IS NOT NEW.id) {overlap}"
    columns = "starts_at, ends_at, state, coach_id, client_id"
    return {
        "session_overlaps_none_on_insert": f"BEFORE INSERT ON coaching_session {session}",
        "session_overlaps_none_on_update": f"BEFORE UPDATE OF {columns} ON coaching_session {session}",
        "hold_overlaps_none_on_insert": f"BEFORE INSERT ON hold {hold}",
        "hold_overlaps_none_on_update": f"BEFORE UPDATE OF starts_at, ends_at, coach_id ON hold {hold}",
    }


def _elsewhere(guest: str, session: str) -> str:
    """Whether this attendee comes to another session at the time of this one."""
    same = f"other.left_at IS NULL AND (other.client_id = {guest}.client_id OR other.contact_id = {guest}.contact_id)"
    touches = f"s.starts_at < {session}.ends_at AND s.ends_at > {session}.starts_at"
    return (
        f"attendee other ON other.session_id <> {guest}.session_id AND {same} "
        f"JOIN coaching_session s ON s.id = other.session_id AND s.state IN {_TAKES_TIME} AND {touches}"
    )


def _keeping_guests_apart() -> dict[str, str]:
    """Nobody sits in two sessions at once, a group's members and a sponsor's contacts included: they stand in no column
    of the session, so the row that invites them is watched as well, when it comes and when it says something new.
    """
    overlap = "BEGIN SELECT RAISE(ABORT, 'these times overlap'); END"
    seat = f"SELECT 1 FROM coaching_session mine JOIN {_elsewhere('NEW', 'mine')}"  # noqa: S608
    sits = f"{seat} WHERE mine.id = NEW.session_id AND mine.state IN {_TAKES_TIME}"
    watched = ("session_id", "client_id", "contact_id", "left_at")
    is_new = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in watched)
    invited = f"SELECT 1 FROM attendee mine JOIN {_elsewhere('mine', 'NEW')}"  # noqa: S608
    comes = f"{invited} WHERE mine.session_id = NEW.id AND mine.left_at IS NULL"
    return {
        "guest_overlaps_none_on_insert": (
            f"BEFORE INSERT ON attendee WHEN NEW.left_at IS NULL AND EXISTS ({sits}) {overlap}"
        ),
        "guest_overlaps_none_on_update": (
            f"BEFORE UPDATE OF {', '.join(watched)} ON attendee "
            f"WHEN NEW.left_at IS NULL AND ({is_new}) AND EXISTS ({sits}) {overlap}"
        ),
        "guests_overlap_none_on_move": (
            "BEFORE UPDATE OF starts_at, ends_at, state ON coaching_session "
            f"WHEN NEW.state IN {_TAKES_TIME} AND EXISTS ({comes}) {overlap}"
        ),
    }


def _append_only(table: str, what: str) -> dict[str, str]:
    return {
        f"{table}_is_never_{done}": f"BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{what} is append only'); END"
        for done, act in (("changed", "UPDATE"), ("deleted", "DELETE"))
    }


_SAID = (
    "kind, state, payer_id, engagement_id, corrects_id, series_id, year, seq, number, currency, po_number, reason, "
    "words, term_days, supplied_from, supplied_to, discount_bps, discount_cents, discount_words, net_cents, tax_cents, "
    "total_cents, issued_on, due_on, snapshot, snapshot_sha256, issued_at, removed_at"
)
"""What an issued document says, and that it is issued. What became of it since stands in other columns."""


def _freezing_what_was_issued() -> dict[str, str]:
    """An issued document never changes (domain.md §10): its row, its lines, its file; and numbers follow each other.

    A number that is lost, because a backup was put back, is a row of its own, and the next one follows that.
    """
    frozen = "BEGIN SELECT RAISE(ABORT, 'an issued document is frozen'); END"
    of_issued = "WHEN (SELECT state FROM invoice WHERE id = {}.invoice_id) = 'issued'"
    same = "WHERE series_id = NEW.series_id AND year = NEW.year"
    last = f"max((SELECT coalesce(max(seq), 0) FROM invoice {same}), (SELECT coalesce(max(last), 0) FROM lost_number {same}))"  # noqa: E501, S608
    return {
        "invoice_is_frozen": f"BEFORE UPDATE OF {_SAID} ON invoice WHEN OLD.state = 'issued' {frozen}",
        "invoice_file_is_frozen": f"BEFORE UPDATE OF document_id ON invoice WHEN OLD.document_id IS NOT NULL {frozen}",
        "invoice_is_never_deleted": f"BEFORE DELETE ON invoice WHEN OLD.state = 'issued' {frozen}",
        "invoice_begins_without_number": (
            "BEFORE INSERT ON invoice WHEN NEW.seq IS NOT NULL OR NEW.state <> 'draft' "
            "BEGIN SELECT RAISE(ABORT, 'a document begins as a draft'); END"
        ),
        "invoice_numbers_follow": (
            f"BEFORE UPDATE OF seq ON invoice WHEN NEW.seq IS NOT NULL AND NEW.seq <> 1 + {last} "
            "BEGIN SELECT RAISE(ABORT, 'numbers follow each other'); END"
        ),
        "line_is_frozen_on_insert": f"BEFORE INSERT ON line {of_issued.format('NEW')} {frozen}",
        "line_is_frozen_on_update": f"BEFORE UPDATE ON line {of_issued.format('OLD')} {frozen}",
        "line_is_frozen_on_delete": f"BEFORE DELETE ON line {of_issued.format('OLD')} {frozen}",
        "portion_is_frozen_on_insert": f"BEFORE INSERT ON portion {of_issued.format('NEW')} {frozen}",
        "posting_is_to_what_is_issued": (
            "BEFORE INSERT ON posting WHEN (SELECT state FROM invoice WHERE id = NEW.invoice_id) <> 'issued' "
            "BEGIN SELECT RAISE(ABORT, 'a draft cannot be paid'); END"
        ),
        "posting_changes_what_is_open": (
            "AFTER INSERT ON posting BEGIN "
            "UPDATE invoice SET open_cents = open_cents - NEW.cents WHERE id = NEW.invoice_id; END"
        ),
    }


TRIGGERS: dict[str, str] = {
    **_freezing_what_was_issued(),
    **_append_only("portion", "what the books say"),
    **_append_only("posting", "what was paid"),
    **_append_only("history", "the history of an invoice"),
    **_append_only("lost_number", "the list of lost numbers"),
    **_refusing_overlaps(),
    **_keeping_guests_apart(),
    **_append_only("ledger_entry", "the ledger"),
    **_append_only("credit_entry", "the ledger of credits"),
    **_append_only("opening", "the log of openings"),
    "seat_is_one_of_its_cohort": (
        "BEFORE INSERT ON seat WHEN NEW.number NOT BETWEEN 1 AND (SELECT seats FROM cohort WHERE id = NEW.cohort_id) "
        "BEGIN SELECT RAISE(ABORT, 'there is no such seat'); END"
    ),
    "entry_is_never_changed": "BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the timeline is append only'); END",
    "entry_is_never_deleted": "BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the timeline is append only'); END",
    "question_is_frozen_on_insert": (
        "BEFORE INSERT ON question WHEN (SELECT published_at FROM form_version WHERE id = NEW.form_version_id) "
        "IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a published form is frozen'); END"
    ),
    "form_version_is_frozen": (
        "BEFORE UPDATE ON form_version WHEN OLD.published_at IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'a published form is frozen'); END"
    ),
    "question_is_frozen_on_update": (
        "BEFORE UPDATE ON question WHEN (SELECT published_at FROM form_version WHERE id = OLD.form_version_id) "
        "IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a published question is frozen'); END"
    ),
    "question_is_frozen_on_delete": (
        "BEFORE DELETE ON question WHEN (SELECT published_at FROM form_version WHERE id = OLD.form_version_id) "
        "IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a published question is frozen'); END"
    ),
    "trail_event_is_never_changed": (
        "BEFORE UPDATE ON trail_event BEGIN SELECT RAISE(ABORT, 'an audit trail is append only'); END"
    ),
    "trail_event_is_never_deleted": (
        "BEFORE DELETE ON trail_event BEGIN SELECT RAISE(ABORT, 'an audit trail is append only'); END"
    ),
    "provable_file_is_frozen": (
        "BEFORE UPDATE OF public_id, subject, document_id, sha256, size, is_sealed, made_at ON provable_file "
        "BEGIN SELECT RAISE(ABORT, 'what can be proved is frozen'); END"
    ),
    "provable_document_is_frozen": (
        "BEFORE UPDATE ON document_content WHEN EXISTS "
        "(SELECT 1 FROM provable_file WHERE document_id = OLD.document_id) "
        "BEGIN SELECT RAISE(ABORT, 'what can be proved is frozen'); END"
    ),
    "agreement_is_frozen": (
        "BEFORE UPDATE OF body, shares, document_id, sha256 ON agreement WHEN OLD.sha256 <> '' "
        "BEGIN SELECT RAISE(ABORT, 'a frozen agreement is not changed'); END"
    ),
    "engagement_never_returns_to_draft": (
        "BEFORE UPDATE OF state ON engagement WHEN OLD.state <> 'draft' AND NEW.state = 'draft' "
        "BEGIN SELECT RAISE(ABORT, 'an engagement never returns to draft'); END"
    ),
    **_raising_revision(
        "engagement", "state, steps_done, steps_total, due_at, ready_on, kickoff_on, onboarded_at", _ONBOARDING
    ),
    "engagement_insert_raises_revision": f"AFTER INSERT ON engagement BEGIN {_BUMP}{_ONBOARDING}; END",
    **_raising_revision_of_its_board("card"),
    **_raising_revision_of_its_board("stage"),
    **_raising_revision("assessment", "", _ASSESSMENTS),
    **_raising_revision_always("rater", _ASSESSMENTS),
    **_raising_revision(
        "instrument", "name, needs_raters, answer_days, report_days, invitation_days, rhythm", _ASSESSMENTS
    ),
    **_raising_revision("instrument_group", "name, position", _ASSESSMENTS),
    **_raising_revision("vendor", "name", _ASSESSMENTS),
    **_raising_revision("credential", "expires_on", _ASSESSMENTS),
    **_raising_revision_always("serving"),
    **_raising_revision(
        "client",
        "name, position, organisation_id, coach_id, status, next_step, waiting_on, waiting_since",
    ),
    **_raising_revision("organisation", "name"),
    **_raising_revision("user", "name, role, disabled_at"),
}


def install() -> None:
    """Put every trigger in place, as written here."""
    for name, body in TRIGGERS.items():
        database.execute_sql(f"DROP TRIGGER IF EXISTS {name}")
        database.execute_sql(f"CREATE TRIGGER {name} {body}")


def missing() -> list[str]:
    """The triggers that the database lacks, or has in other words."""
    there = dict(database.execute_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    return [name for name, body in TRIGGERS.items() if there.get(name) != f"CREATE TRIGGER {name} {body}"]

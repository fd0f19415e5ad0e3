"""The rules of the house (docs/architecture.md), kept by machine. Each check is a function that gives what is wrong;
beside it stands a house where it must find something."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from peewee import IntegrityError, fn
from playhouse.cysqlite_ext import CySqliteDatabase

import coachbase
from coachbase import jobs, schema, triggers
from coachbase.agreements.models import Agreement
from coachbase.assessments.models import Assessment
from coachbase.audit.models import Opening
from coachbase.boards.models import Board, Card, Stage
from coachbase.clients.models import Client
from coachbase.cohorts.models import Cohort
from coachbase.credentials.models import Credential, CreditEntry
from coachbase.db import database, every_model
from coachbase.engagements.models import Engagement
from coachbase.evidence.models import ProvableFile, TrailEvent
from coachbase.files.models import Document, DocumentContent
from coachbase.instruments.models import Instrument, InstrumentGroup, Vendor
from coachbase.intake.models import Form, FormVersion, Question
from coachbase.invoices.models import History, Invoice, Line, Portion, Posting
from coachbase.numbers.models import LostNumber, Series
from coachbase.payers.models import Payer
from coachbase.raters.models import Rater
from coachbase.sessions.models import Attendee, CoachingSession, Hold, LedgerEntry
from coachbase.timeline.models import Entry
from coachbase.web import guard

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "coachbase"
TEMPLATES = ROOT / "templates"
NOT_ROOMS = {"web", "migrations", "sample"}
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py") if path.parent.name not in NOT_ROOMS)
SEVEN = {"rules", "models", "tasks", "actions", "forms", "views", "public"}

FRONT_DOORS = {"/sign-in", "/set-up", "/forgot", "/healthz", "/logo", "/static/<path:filename>", "/ui"}
"""What strangers reach outside /p/. /ui exists in debug only and draws no data."""

NOT_ATOMIC = {
    "coachbase.invitations.actions.read_mailbox": "each answer is a transaction of its own, none while a file is read",
    "coachbase.invitations.actions.delayed": "it says when mails of the actions inside it leave, and writes nothing",
    "coachbase.invitations.actions.quiet": "it says that nobody is told, and writes nothing",
    "coachbase.mail.actions.sweep": "each message it returns is a transaction of its own, so one cannot hold up all",
}
"""Public functions of actions.py that are not one transaction, each with its reason."""


def every_module() -> None:
    """A table or an action counts even when nothing has imported its room yet."""
    for module in pkgutil.walk_packages(coachbase.__path__, "coachbase."):
        if ".migrations." not in module.name:
            importlib.import_module(module.name)


# Doors ----------------------------------------------------------------------------------------------------------------


def misplaced_public_routes(app: Flask) -> list[str]:
    """Open to strangers without standing under /p/ or in the list of front doors."""
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if guard.is_public(_owner(rule.endpoint)) and not rule.rule.startswith("/p/") and rule.rule not in FRONT_DOORS
    ]


def routes_strangers_get_into(app: Flask) -> list[str]:
    """Routes that are not public and yet answer a stranger with something else than the way to the sign-in page."""
    stranger = app.test_client()
    wrong = []
    for rule in app.url_map.iter_rules():
        if guard.is_public(_owner(rule.endpoint)):
            continue
        path = re.sub(r"<any\((\w+)[^<>]*>", r"\1", rule.rule)
        path = re.sub(r"<[^<>]+>", "01ARZ3NDEKTSV4RRFFQ69G5FAV", path)
        for method in rule.methods - {"OPTIONS"}:
            for htmx in ({}, {"HX-Request": "true"}):
                answer = stranger.open(path, method=method, headers={"Sec-Fetch-Site": "same-origin"} | htmx)
                where = answer.headers.get("HX-Redirect" if htmx else "Location", "")
                if answer.status_code != (204 if htmx else 303) or not where.startswith("/sign-in"):
                    wrong.append(f"{method} {path} {answer.status_code}")
    return wrong


def _owner(endpoint: str) -> str:
    return endpoint.rpartition(".")[0] or endpoint


def test_what_is_public_stands_under_p_or_is_a_front_door(app):
    assert misplaced_public_routes(app) == []


def test_a_public_page_elsewhere_would_be_found(own_app):
    own_app._got_first_request = False
    own_app.add_url_rule("/leak", endpoint="doors.leak", view_func=lambda: "leak")
    assert misplaced_public_routes(own_app) == ["/leak"]


def test_every_other_url_is_closed_to_strangers(app):
    assert routes_strangers_get_into(app) == []


def test_an_open_url_would_be_found(own_app):
    own_app.add_url_rule("/leak", endpoint="accounts.leak", view_func=lambda: "leak")
    own_app.before_request_funcs[None].remove(guard._require_sign_in)
    own_app.testing = False  # pages that expect somebody signed in fall over: that is an answer, too
    assert "GET /leak 200" in routes_strangers_get_into(own_app)


def mixed_routes(app: Flask) -> list[str]:
    """One function for GET and for a write: sooner or later a GET writes."""
    writes = {"POST", "PUT", "PATCH", "DELETE"}
    return [rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and rule.methods & writes]


def test_no_route_answers_both_get_and_post(own_app):
    assert mixed_routes(own_app) == []
    own_app.add_url_rule("/both", methods=["GET", "POST"], endpoint="both", view_func=lambda: "")
    assert mixed_routes(own_app) == ["/both"]


def test_what_is_posted_to_does_not_answer_get(app, olive):
    gets = {rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    posts_only = {rule.rule for rule in app.url_map.iter_rules() if "POST" in rule.methods} - gets
    for rule in posts_only:
        path = re.sub(r"<[^<>]+>", "01ARZ3NDEKTSV4RRFFQ69G5FAV", rule)
        assert olive.get(path).status_code in (404, 405), path


# Actions --------------------------------------------------------------------------------------------------------------


def public_functions(module: object) -> Iterator[tuple[str, object]]:
    for name, function in inspect.getmembers(module, callable):
        is_its_own = getattr(function, "__module__", None) == module.__name__
        if is_its_own and not name.startswith("_") and not inspect.isclass(function):
            yield f"{module.__name__}.{name}", function


def actions_without_transaction(modules: Iterable[object]) -> list[str]:
    return [
        name
        for module in modules
        for name, function in public_functions(module)
        if not getattr(function, "is_atomic", False) and name not in NOT_ATOMIC
    ]


def action_modules() -> list[object]:
    rooms = [room for room in ROOMS if (PACKAGE / room / "actions.py").exists()]
    return [importlib.import_module(f"coachbase.{room}.actions") for room in rooms]


def test_every_action_is_one_transaction():
    assert actions_without_transaction(action_modules()) == []


def test_an_action_without_transaction_would_be_found():
    class room:
        @staticmethod
        def book() -> None: ...

    room.__name__ = room.book.__module__ = "coachbase.scheduling.actions"
    assert actions_without_transaction([room]) == ["coachbase.scheduling.actions.book"]


def test_the_exceptions_still_exist():
    known = {name for module in action_modules() for name, _ in public_functions(module)}
    assert set(NOT_ATOMIC) <= known


# Tables ---------------------------------------------------------------------------------------------------------------


def shape_of(db: CySqliteDatabase) -> dict[str, object]:
    """Columns, foreign keys, indexes and collations of every table; CHECKs are the migrations' alone."""
    shape = {}
    listed = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for table, sql in db.execute_sql(listed).fetchall():
        if table == "schema_migration":
            continue
        keys = 'SELECT name, "desc", coll FROM pragma_index_xinfo(?) WHERE key'
        indexes = {
            (bool(unique), tuple(db.execute_sql(keys, (name,)).fetchall()))
            for _, name, unique, *_ in db.execute_sql(f'PRAGMA index_list("{table}")').fetchall()
        }
        shape[table] = {
            "columns": {row[1]: row[2:] for row in db.execute_sql(f'PRAGMA table_xinfo("{table}")').fetchall()},
            "foreign keys": {row[2:] for row in db.execute_sql(f'PRAGMA foreign_key_list("{table}")').fetchall()},
            "indexes": indexes,
            "collations": set(re.findall(r'"(\w+)" \w+[^,]*? COLLATE (\w+)', sql)),
            "autoincrement": "AUTOINCREMENT" in sql,
        }
    return shape


def all_models() -> list[type]:
    every_module()
    storage = jobs.huey.storage
    return [*every_model(), storage.KV, storage.Schedule, storage.Task, storage.Counter]


def test_models_and_migrations_agree(app):
    scratch = CySqliteDatabase(":memory:")
    models = all_models()
    with scratch.bind_ctx(models, bind_refs=False, bind_backrefs=False):
        scratch.create_tables(models)
        from_models = shape_of(scratch)
    scratch.close()
    from_migrations = shape_of(database)
    assert sorted(from_models) == sorted(from_migrations)
    for table, expected in from_models.items():
        assert from_migrations[table] == expected, table


@pytest.mark.parametrize(
    "slip",
    [
        'ALTER TABLE "firm" ADD COLUMN "motto" TEXT',
        'DROP INDEX "user_email"',
        'CREATE TABLE "leftover" ("id" INTEGER)',
    ],
)
def test_a_table_that_differs_would_be_found(app, slip):
    before = shape_of(database)
    database.execute_sql(slip)
    assert shape_of(database) != before


def test_a_lost_collation_would_be_found():
    scratch = CySqliteDatabase(":memory:")
    scratch.execute_sql('CREATE TABLE "a" ("email" TEXT NOT NULL COLLATE NOCASE)')
    assert shape_of(scratch)["a"]["collations"] == {("email", "NOCASE")}
    scratch.close()


# Triggers -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def practice(app, cast) -> None:
    """One row in each table that has a trigger."""
    now = cast.bob.created_at
    Entry.create(client=cast.bob, kind_name="note", sentence="A word", happened_at=now, recorded_at=now, by=cast.vera)
    board, _ = Board.get_or_create(slug="onboarding")
    stage = Stage.create(board=board, name="A stage", position=500)
    Card.get_or_create(board=board, client=cast.bob, defaults={"stage": stage, "position": 500, "entered_at": now})
    form = Form.create(slug="a-form", title="A form", created_at=now)
    version = FormVersion.create(form=form, number=1)
    Question.create(form_version=version, position=1, kind_name="short", label="A question")
    version.published_at = now
    version.save()
    engagement = Engagement.create(
        client=cast.bob, name="Six", currency="GBP", starts_on=now.date(), state_name="active", created_at=now
    )
    document = Document.create(
        client=cast.bob, name="a.pdf", media_type="application/pdf", size=1, sha256="0" * 64, uploaded_at=now
    )
    DocumentContent.create(document=document, content=b"x")
    Agreement.create(
        engagement=engagement, client=cast.bob, title="A", body="B", document=document, sha256="0" * 64, created_at=now
    )
    ProvableFile.create(subject="S", document=document, sha256="0" * 64, size=1, is_sealed=True, made_at=now)
    TrailEvent.create(subject="S", number=1, kind="sent", at=now, facts="{}", previous_hash="", hash="1")
    LedgerEntry.create(engagement=engagement, entry="bought", count=6, at=now)
    _assess(cast, now)
    Cohort.create(name="A group", coach=cast.alice, seats=1, created_at=now)
    for number, hours in enumerate((0, 4)):
        times = {"starts_at": now + timedelta(hours=hours), "ends_at": now + timedelta(hours=hours + 1)}
        CoachingSession.create(
            uid=f"session-{number}",
            coach=cast.alice,
            client=cast.bob,
            kind_name="coaching",
            zone="Europe/London",
            via="staff",
            created_at=now,
            **times,
        )
        held = {name: moment + timedelta(hours=1) for name, moment in times.items()}
        Hold.create(coach=cast.alice, about=f"held-{number}", expires_at=now + timedelta(days=1), **held)
    _invite_sam(cast, now)
    _bill(cast, now)


def _bill(cast, now):
    """An issued invoice with its file, a draft, an issued one without anything, and what came of the first."""
    payer = Payer.create(client=cast.bob, created_at=now)
    series = Series.create(kind_name="invoice")
    for number in range(3):
        invoice = Invoice.create(payer=payer, currency="GBP", term_days=14, created_at=now)
        if number < 2:
            Line.create(invoice=invoice, position=1, text="Coaching")
            Portion.create(invoice=invoice, category_name="S", rate_bps=0, net_cents=0, tax_cents=0)
    document = Document.select().first()
    for row, seq in ((1, 1), (3, 2)):
        issued = {"series": series, "year": 2026, "seq": seq, "state_name": "issued", "document": document}
        Invoice.update(**issued, open_cents=100).where(Invoice.id == row).execute()
    Posting.create(invoice=1, entry="payment", cents=60, on=now.date(), at=now)
    History.create(invoice=1, at=now, words="Issued")
    LostNumber.create(series=series, year=2025, first=1, last=2, reason="A backup", at=now)


def _invite_sam(cast, now):
    """To Bob's first session, and to one of Olive's at the same time that is cancelled; not to Carol's."""
    told = {"role_name": "sponsor", "name": "S", "email": "s@x.example", "zone": "UTC"}
    Attendee.create(session=CoachingSession.get(CoachingSession.uid == "session-0"), contact=cast.sam, **told)
    same = {"starts_at": now, "ends_at": now + timedelta(hours=1), "kind_name": "group", "zone": "UTC", "via": "staff"}
    for coach, uid, state, contact in (
        (cast.carol, "carols", "booked", None),
        (cast.olive, "olives", "cancelled", cast.sam),
    ):
        session = CoachingSession.create(uid=uid, coach=coach, state_name=state, created_at=now, **same)
        Attendee.create(session=session, contact=contact, **told)


def _assess(cast, now) -> None:
    vendor = Vendor.create(name="A vendor")
    instrument = Instrument.create(vendor=vendor, name="An instrument", currency="GBP", created_at=now)
    group = InstrumentGroup.create(instrument=instrument, name="Peers", least=1, most=2, position=1)
    assessment = Assessment.create(client=cast.bob, instrument=instrument, waiting_since=now, created_at=now)
    Rater.create(assessment=assessment, group=group, name="A peer", email="peer@brightwater.example", created_at=now)
    CreditEntry.create(vendor=vendor, entry_name="bought", credits=10, currency="GBP", at=now)
    Credential.create(instrument=instrument, login="", secret="x", currency="GBP", added_at=now)
    Opening.create(what_name="code", words="a code", client=cast.bob, by=cast.vera, at=now)


def refused(sql: str) -> bool:
    try:
        database.execute_sql(sql)
    except IntegrityError:
        return True
    return False


def takes_time_of_another(name: str) -> bool:
    """Whether a session or a hold is refused the time of the first one of its kind, written anew or moved there."""
    table = "hold" if name.startswith("hold") else "coaching_session"
    if name.endswith("update"):
        first = f"(SELECT {{}} FROM {table} ORDER BY id LIMIT 1)"
        times = f"starts_at = {first.format('starts_at')}, ends_at = {first.format('ends_at')}"
        last = f"SELECT max(id) FROM {table} WHERE coach_id = {first.format('coach_id')}"
        return refused(f"UPDATE {table} SET {times} WHERE id = ({last})")
    columns = [row[1] for row in database.execute_sql(f'PRAGMA table_info("{table}")').fetchall() if row[1] != "id"]
    own = {"public_id": "'another'", "uid": "'another'"}
    values = ", ".join(own.get(column, f'"{column}"') for column in columns)
    into = ", ".join(f'"{column}"' for column in columns)
    return refused(f"INSERT INTO {table} ({into}) SELECT {values} FROM {table} ORDER BY id LIMIT 1")


def revision() -> int:
    """Of both boards together."""
    return Board.select(fn.SUM(Board.revision)).scalar()


def raises_revision(name: str) -> bool:
    """Whether doing what the trigger is named for raises the board's revision, for each column it watches."""
    table, act = re.fullmatch(r"(\w+)_(update|insert|delete)_raises_revision", name).groups()
    before = revision()
    if act == "update":
        watched = re.match(r"AFTER UPDATE OF (.+) ON", triggers.TRIGGERS[name])
        columns = watched[1].split(", ") if watched else ["id"]
        for column in columns:
            database.execute_sql(f'UPDATE "{table}" SET {column} = {column} WHERE id = (SELECT max(id) FROM "{table}")')
        return revision() >= before + len(columns)
    database.execute_sql("PRAGMA foreign_keys = 0")
    row = database.execute_sql(f'SELECT * FROM "{table}" ORDER BY id DESC LIMIT 1').fetchone()
    database.execute_sql(f'DELETE FROM "{table}" WHERE id = ?', (row[0],))
    deleted = revision()
    database.execute_sql(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', tuple(row))
    return deleted > before if act == "delete" else revision() > deleted


def takes_off_what_is_open(name: str) -> bool:
    """Whether a posting changes what is open of its invoice."""
    columns = 'entry, cents, "on", reference, reason, about, at'
    before = Invoice.get_by_id(1).open_cents
    database.execute_sql(
        f"INSERT INTO posting (public_id, invoice_id, {columns}) SELECT ?, invoice_id, {columns} FROM posting LIMIT 1",
        (f"another {Posting.select().count()}",),
    )
    return Invoice.get_by_id(1).open_cents == before - 60


HOLDS = {
    "invoice_is_frozen": lambda name: refused("UPDATE invoice SET words = 'Other' WHERE id = 1"),
    "invoice_file_is_frozen": lambda name: refused("UPDATE invoice SET document_id = NULL WHERE id = 1"),
    "invoice_is_never_deleted": lambda name: refused("DELETE FROM invoice WHERE id = 3"),
    "invoice_begins_without_number": lambda name: refused(
        "INSERT INTO invoice (public_id, kind, state, payer_id, currency, po_number, reason, words, term_days, "
        "discount_bps, discount_cents, discount_words, net_cents, tax_cents, total_cents, snapshot_sha256, open_cents, "
        "last_entry, attempts, problem, dispute, version, created_at) SELECT 'another', kind, 'issued', payer_id, "
        "currency, '', '', '', 14, 0, 0, '', 0, 0, 0, '', 0, '', 0, '', '', 1, created_at FROM invoice LIMIT 1"
    ),
    "invoice_numbers_follow": lambda name: refused(
        "UPDATE invoice SET series_id = 1, year = 2026, seq = 4 WHERE id = 2"
    ),
    "line_is_frozen_on_insert": lambda name: refused(
        "INSERT INTO line (public_id, invoice_id, position, text, detail, quantity_milli, unit, unit_cents, "
        "discount_bps, net_cents, category, rate_bps, tax_note, subjects) "
        "VALUES ('another', 1, 2, '', '', 1000, 'C62', 0, 0, 0, 'S', 0, '', '')"
    ),
    "line_is_frozen_on_update": lambda name: refused("UPDATE line SET text = 'Other' WHERE invoice_id = 1"),
    "line_is_frozen_on_delete": lambda name: refused("DELETE FROM line WHERE invoice_id = 1"),
    "portion_is_frozen_on_insert": lambda name: refused(
        "INSERT INTO portion (invoice_id, category, rate_bps, net_cents, tax_cents) VALUES (1, 'S', 2000, 1, 0)"
    ),
    "portion_is_never_changed": lambda name: refused("UPDATE portion SET net_cents = 7"),
    "portion_is_never_deleted": lambda name: refused("DELETE FROM portion"),
    "posting_is_to_what_is_issued": lambda name: refused(
        'INSERT INTO posting (public_id, invoice_id, entry, cents, "on", reference, reason, about, at) '
        "SELECT 'another', 2, entry, cents, \"on\", reference, reason, about, at FROM posting LIMIT 1"
    ),
    "posting_changes_what_is_open": takes_off_what_is_open,
    "posting_is_never_changed": lambda name: refused("UPDATE posting SET cents = 7"),
    "posting_is_never_deleted": lambda name: refused("DELETE FROM posting"),
    "history_is_never_changed": lambda name: refused("UPDATE history SET words = 'Other'"),
    "history_is_never_deleted": lambda name: refused("DELETE FROM history"),
    "lost_number_is_never_changed": lambda name: refused("UPDATE lost_number SET last = 7"),
    "lost_number_is_never_deleted": lambda name: refused("DELETE FROM lost_number"),
    "entry_is_never_changed": lambda name: refused("UPDATE entry SET sentence = 'Other words'"),
    "entry_is_never_deleted": lambda name: refused("DELETE FROM entry"),
    "question_is_frozen_on_update": lambda name: refused("UPDATE question SET label = 'Another question'"),
    "question_is_frozen_on_delete": lambda name: refused("DELETE FROM question"),
    "question_is_frozen_on_insert": lambda name: refused(
        "INSERT INTO question (public_id, form_version_id, position, kind, label, help, options, fills, required, "
        "coach_only, version) SELECT 'slipped in', id, 999, 'short', '', '', '[]', '', 0, 0, 1 FROM form_version "
        "WHERE published_at IS NOT NULL LIMIT 1"
    ),
    "trail_event_is_never_changed": lambda name: refused("UPDATE trail_event SET facts = '{1}'"),
    "trail_event_is_never_deleted": lambda name: refused("DELETE FROM trail_event"),
    "provable_file_is_frozen": lambda name: refused("UPDATE provable_file SET sha256 = '1'"),
    "provable_document_is_frozen": lambda name: refused("UPDATE document_content SET content = x'00'"),
    "agreement_is_frozen": lambda name: refused("UPDATE agreement SET shares = 'goals'"),
    "engagement_never_returns_to_draft": lambda name: refused("UPDATE engagement SET state = 'draft'"),
    "form_version_is_frozen": lambda name: refused("UPDATE form_version SET published_at = NULL"),
    "ledger_entry_is_never_changed": lambda name: refused("UPDATE ledger_entry SET count = 7"),
    "ledger_entry_is_never_deleted": lambda name: refused("DELETE FROM ledger_entry"),
    "credit_entry_is_never_changed": lambda name: refused("UPDATE credit_entry SET credits = 7"),
    "credit_entry_is_never_deleted": lambda name: refused("DELETE FROM credit_entry"),
    "opening_is_never_changed": lambda name: refused("UPDATE opening SET words = 'nothing'"),
    "opening_is_never_deleted": lambda name: refused("DELETE FROM opening"),
    "session_overlaps_none_on_insert": takes_time_of_another,
    "session_overlaps_none_on_update": takes_time_of_another,
    "hold_overlaps_none_on_insert": takes_time_of_another,
    "hold_overlaps_none_on_update": takes_time_of_another,
    "guest_overlaps_none_on_insert": lambda name: refused(
        "INSERT INTO attendee (public_id, session_id, role, contact_id, name, email, zone, answer, sequence) "
        "SELECT 'another', (SELECT id FROM coaching_session WHERE uid = 'carols'), role, contact_id, name, email, "
        "zone, answer, 0 FROM attendee WHERE contact_id IS NOT NULL LIMIT 1"
    ),
    "guest_overlaps_none_on_update": lambda name: refused(
        "UPDATE attendee SET contact_id = (SELECT max(contact_id) FROM attendee) WHERE contact_id IS NULL"
    ),
    "guests_overlap_none_on_move": lambda name: refused(
        "UPDATE coaching_session SET state = 'booked' WHERE state = 'cancelled'"
    ),
    "seat_is_one_of_its_cohort": lambda name: refused(
        "INSERT INTO seat (public_id, cohort_id, client_id, number, since) "
        "SELECT 'another', id, (SELECT id FROM client LIMIT 1), 2, '2026-01-01' FROM cohort"
    ),
}
"""For each guard that refuses: what it refuses. The counters are tried by their name, see raises_revision."""


@pytest.mark.parametrize("name", sorted(triggers.TRIGGERS))
def test_each_trigger_does_its_work_and_nothing_else_does_it(name, practice):
    holds = HOLDS.get(name, raises_revision)
    assert holds(name)
    database.execute_sql(f"DROP TRIGGER {name}")
    assert not holds(name)


@pytest.mark.parametrize(
    ("change", "boards"),
    [
        ("UPDATE assessment SET version = 2", {"assessments"}),
        ("UPDATE rater SET version = 2", {"assessments"}),
        ("UPDATE engagement SET steps_done = 1", {"onboarding"}),
        ("UPDATE stage SET name = 'Other' WHERE meaning = 'report_in'", {"assessments"}),
        ("UPDATE card SET version = 2", {"onboarding"}),
        ("UPDATE client SET name = 'Other'", {"onboarding", "assessments"}),
    ],
)
def test_a_change_raises_the_revision_of_the_boards_that_show_it(practice, change, boards):
    before = {board.slug: board.revision for board in Board.select()}
    database.execute_sql(change)
    assert {board.slug for board in Board.select() if board.revision > before[board.slug]} == boards


def test_a_lost_trigger_is_noticed_and_put_back(app):
    database.execute_sql("DROP TRIGGER entry_is_never_deleted")
    assert triggers.missing() == ["entry_is_never_deleted"]
    triggers.install()
    assert triggers.missing() == []


def test_a_trigger_in_other_words_is_noticed(app):
    database.execute_sql("DROP TRIGGER entry_is_never_deleted")
    database.execute_sql("CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry BEGIN SELECT 1; END")
    assert triggers.missing() == ["entry_is_never_deleted"]


def test_migrating_twice_changes_nothing(app, config):
    before = shape_of(database)
    assert schema.migrate(config) == []
    assert shape_of(database) == before


def test_the_cast_has_a_client_behind_the_wall(cast):
    assert [client.name for client in Client.visible_to(cast.alice)] == ["Bob Haddad"]
    assert list(Client.visible_to(cast.carol)) == []


# Templates ------------------------------------------------------------------------------------------------------------

FORBIDDEN_IN_PAGES = {
    "a script in the page": r"<script(?![^>]*\bsrc=)",
    "a style in the page": r"<style\b",
    "a style attribute": r"<[^>{]*\sstyle\s*=",
    "an on* attribute": r"<[a-z][^>]*\son[a-z]+\s*=",
    "hx-on": r"\bhx-on\b",
    "a javascript: address": r"(?i)javascript:",
    "evaluated values": r"hx-(?:vals|headers|vars)\s*=\s*[\"']\s*js:",
    "something from another server": r"(?:src|href)\s*=\s*[\"']https?:",
    "trusted text": r"\|\s*safe\b",
}


def offences(text: str) -> list[str]:
    return [what for what, pattern in FORBIDDEN_IN_PAGES.items() if re.search(pattern, text)]


def page_templates() -> list[Path]:
    """All but the mails, which are read in mail programs and carry their own styles."""
    return sorted(path for path in TEMPLATES.rglob("*.html") if "email" not in path.relative_to(TEMPLATES).parts)


def test_every_template_compiles(app):
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)


def test_no_template_holds_a_script_or_a_style():
    found = {str(path.relative_to(ROOT)): offences(path.read_text()) for path in page_templates()}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", "<style>p {}</style>", '<p style="color: red">', '<p class="a" onclick="x()">',
        '<p hx-on:click="x()">', '<a href="javascript:x()">', "<p hx-vals='js:{a: 1}'>",
        '<img src="https://elsewhere.example/a.png">', "{{ text|safe }}",
    ],
)  # fmt: skip
def test_such_a_template_would_be_found(text):
    assert offences(text)


def test_every_template_is_used():
    sources = "".join(path.read_text() for path in [*PACKAGE.rglob("*.py"), *TEMPLATES.rglob("*.html")])
    names = [str(path.relative_to(TEMPLATES)) for path in page_templates()]
    assert [name for name in names if f'"{name}"' not in sources and f"'{name}'" not in sources] == []


# Words in the code ----------------------------------------------------------------------------------------------------

CLOCKS = re.compile(
    r"\b(?:datetime\.now|datetime\.utcnow|datetime\.today|date\.today|time\.time)\(|fn\.(?:NOW|now)\b"
    r"|CURRENT_(?:TIMESTAMP|DATE|TIME)\b|\bnow\(\)'|'now'"
)


def clocks_read(source: str) -> list[str]:
    return CLOCKS.findall(source)


def test_only_the_clock_reads_the_clock():
    found = {path.name: clocks_read(path.read_text()) for path in PACKAGE.rglob("*.py") if path.name != "clock.py"}
    assert {name: words for name, words in found.items() if words} == {}
    assert clocks_read((PACKAGE / "clock.py").read_text())


@pytest.mark.parametrize(
    "slip", ["datetime.now(UTC)", "fn.NOW()", "datetime('now')", "date.today()", "CURRENT_TIMESTAMP"]
)
def test_another_clock_would_be_found(slip):
    assert clocks_read(f"x = {slip}")


def eighth_files(folder: Path) -> list[str]:
    files = [path for path in folder.glob("*/*.py") if path.parent.name not in NOT_ROOMS]
    return sorted(str(path.relative_to(folder)) for path in files if path.stem not in SEVEN | {"__init__"})


def test_a_room_has_seven_file_names_and_never_an_eighth(tmp_path):
    assert eighth_files(PACKAGE) == []
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "helpers.py").touch()
    assert eighth_files(tmp_path) == ["clients/helpers.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is(room):
    assert ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text()))


def test_the_import_contracts_hold():
    tool = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


# Settings -------------------------------------------------------------------------------------------------------------


def settings_read(source: str) -> set[str]:
    """Names of the environment that this source asks for: capitals handed to env.get, _number or _switch."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    words = (word.value for call in calls for word in call.args if isinstance(word, ast.Constant))
    return {word for word in words if isinstance(word, str) and re.fullmatch(r"[A-Z][A-Z_]{3,}", word)}


def documented_settings() -> set[str]:
    return set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE))


def test_every_setting_is_documented_and_no_other_is():
    assert settings_read((PACKAGE / "config.py").read_text()) == documented_settings()


def test_only_config_reads_the_environment():
    asks = re.compile(r"\bos\.(?:environ|getenv)\b")
    assert {path.name for path in PACKAGE.rglob("*.py") if asks.search(path.read_text())} == {"config.py"}


def test_every_command_is_documented():
    told = (ROOT / "docs" / "operations.md").read_text()
    offered = subprocess.run([sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for command in re.findall(r"^    (\w+)  ", offered.stdout, re.MULTILINE):
        assert f"python app.py {command}" in told, command

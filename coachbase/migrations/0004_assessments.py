"""Instruments, codes, assessments, raters; kinds and versions of documents; packages; development plans; openings."""

import unicodedata

from ulid import ULID

SQL = """
-- openings, instruments, codes, assessments, raters, packages, development plans
CREATE TABLE "opening" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "what" VARCHAR(8) NOT NULL,
    "words" TEXT NOT NULL,
    "client_id" INTEGER,
    "by_id" INTEGER NOT NULL,
    "at" TEXT NOT NULL,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE RESTRICT
);
CREATE INDEX "opening_client_id" ON "opening" ("client_id");
CREATE INDEX "opening_by_id" ON "opening" ("by_id");
CREATE INDEX "opening_at" ON "opening" ("at");
CREATE TABLE "vendor" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "name" TEXT NOT NULL,
    "portal" TEXT NOT NULL,
    "columns" TEXT NOT NULL,
    "version" INTEGER NOT NULL
);
CREATE UNIQUE INDEX "vendor_public_id" ON "vendor" ("public_id");
CREATE UNIQUE INDEX "vendor_name" ON "vendor" ("name");
CREATE TABLE "instrument" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "vendor_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "way" VARCHAR(8) NOT NULL,
    "needs_raters" INTEGER NOT NULL,
    "answer_days" INTEGER NOT NULL,
    "report_days" INTEGER NOT NULL,
    "code_days" INTEGER,
    "invitation_days" INTEGER,
    "rhythm" TEXT NOT NULL,
    "has_coach_part" INTEGER NOT NULL,
    "has_client_part" INTEGER NOT NULL,
    "cost_cents" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "credits" INTEGER NOT NULL,
    "how_to" TEXT NOT NULL,
    "file_words" TEXT NOT NULL,
    "removed_at" TEXT,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    FOREIGN KEY ("vendor_id") REFERENCES "vendor" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "instrument_public_id" ON "instrument" ("public_id");
CREATE INDEX "instrument_vendor_id" ON "instrument" ("vendor_id");
CREATE TABLE "instrument_group" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "instrument_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "least" INTEGER NOT NULL,
    "most" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    FOREIGN KEY ("instrument_id") REFERENCES "instrument" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "instrument_group_public_id" ON "instrument_group" ("public_id");
CREATE INDEX "instrument_group_instrument_id" ON "instrument_group" ("instrument_id");
CREATE UNIQUE INDEX "instrument_group_instrument_id_name" ON "instrument_group" ("instrument_id", "name");
CREATE TABLE "battery" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "name" TEXT NOT NULL,
    "removed_at" TEXT,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL
);
CREATE UNIQUE INDEX "battery_public_id" ON "battery" ("public_id");
CREATE TABLE "battery_item" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "battery_id" INTEGER NOT NULL,
    "instrument_id" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "anchor" VARCHAR(8) NOT NULL,
    "amount" INTEGER NOT NULL,
    "unit" VARCHAR(8) NOT NULL,
    "version" INTEGER NOT NULL,
    FOREIGN KEY ("battery_id") REFERENCES "battery" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("instrument_id") REFERENCES "instrument" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "battery_item_public_id" ON "battery_item" ("public_id");
CREATE INDEX "battery_item_battery_id" ON "battery_item" ("battery_id");
CREATE INDEX "battery_item_instrument_id" ON "battery_item" ("instrument_id");
CREATE TABLE "document_text" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "document_id" INTEGER NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "text" BLOB,
    "why" VARCHAR(8) NOT NULL,
    "attempts" INTEGER NOT NULL,
    "leased_until" TEXT,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "document_text_document_id" ON "document_text" ("document_id");
CREATE INDEX "document_text_state" ON "document_text" ("state");
CREATE TABLE "arrival" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "document_id" INTEGER NOT NULL,
    "client_id" INTEGER,
    "by_id" INTEGER NOT NULL,
    "at" TEXT NOT NULL,
    "filed_at" TEXT,
    "left_at" TEXT,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "arrival_public_id" ON "arrival" ("public_id");
CREATE UNIQUE INDEX "arrival_document_id" ON "arrival" ("document_id");
CREATE INDEX "arrival_client_id" ON "arrival" ("client_id");
CREATE INDEX "arrival_by_id" ON "arrival" ("by_id");
CREATE TABLE "credential" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "instrument_id" INTEGER NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "login" BLOB NOT NULL,
    "secret" BLOB NOT NULL,
    "expires_on" DATE,
    "cost_cents" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "credits" INTEGER NOT NULL,
    "order" TEXT NOT NULL,
    "client_id" INTEGER,
    "added_at" TEXT NOT NULL,
    "added_by_id" INTEGER,
    "given_at" TEXT,
    "ended_at" TEXT,
    FOREIGN KEY ("instrument_id") REFERENCES "instrument" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("added_by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "credential_public_id" ON "credential" ("public_id");
CREATE INDEX "credential_instrument_id" ON "credential" ("instrument_id");
CREATE INDEX "credential_state" ON "credential" ("state");
CREATE INDEX "credential_client_id" ON "credential" ("client_id");
CREATE INDEX "credential_added_by_id" ON "credential" ("added_by_id");
CREATE INDEX "credential_instrument_id_state" ON "credential" ("instrument_id", "state");
CREATE TABLE "credit_entry" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "vendor_id" INTEGER NOT NULL,
    "instrument_id" INTEGER,
    "credential_id" INTEGER,
    "client_id" INTEGER,
    "entry" VARCHAR(10) NOT NULL,
    "credits" INTEGER NOT NULL,
    "cost_cents" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "note" TEXT NOT NULL,
    "by_id" INTEGER,
    "at" TEXT NOT NULL,
    FOREIGN KEY ("vendor_id") REFERENCES "vendor" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("instrument_id") REFERENCES "instrument" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("credential_id") REFERENCES "credential" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE INDEX "credit_entry_vendor_id" ON "credit_entry" ("vendor_id");
CREATE INDEX "credit_entry_instrument_id" ON "credit_entry" ("instrument_id");
CREATE INDEX "credit_entry_credential_id" ON "credit_entry" ("credential_id");
CREATE INDEX "credit_entry_client_id" ON "credit_entry" ("client_id");
CREATE INDEX "credit_entry_by_id" ON "credit_entry" ("by_id");
CREATE TABLE "assessment" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "client_id" INTEGER NOT NULL,
    "engagement_id" INTEGER,
    "instrument_id" INTEGER NOT NULL,
    "item_id" INTEGER,
    "round" INTEGER NOT NULL,
    "state" VARCHAR(12) NOT NULL,
    "credential_id" INTEGER,
    "send_on" DATE,
    "due_on" DATE,
    "is_due_by_hand" INTEGER NOT NULL,
    "waiting_on" VARCHAR(12) NOT NULL,
    "waiting_since" TEXT NOT NULL,
    "invited_at" TEXT,
    "started_at" TEXT,
    "answered_at" TEXT,
    "completed_at" TEXT,
    "report_at" TEXT,
    "packaged_at" TEXT,
    "debriefed_at" TEXT,
    "released_at" TEXT,
    "cancelled_at" TEXT,
    "reminders" INTEGER NOT NULL,
    "reminded_at" TEXT,
    "reason" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("instrument_id") REFERENCES "instrument" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("item_id") REFERENCES "battery_item" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("credential_id") REFERENCES "credential" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "assessment_public_id" ON "assessment" ("public_id");
CREATE INDEX "assessment_client_id" ON "assessment" ("client_id");
CREATE INDEX "assessment_engagement_id" ON "assessment" ("engagement_id");
CREATE INDEX "assessment_instrument_id" ON "assessment" ("instrument_id");
CREATE INDEX "assessment_item_id" ON "assessment" ("item_id");
CREATE INDEX "assessment_state" ON "assessment" ("state");
CREATE UNIQUE INDEX "assessment_credential_id" ON "assessment" ("credential_id");
CREATE INDEX "assessment_by_id" ON "assessment" ("by_id");
CREATE UNIQUE INDEX "assessment_client_id_instrument_id_round" ON "assessment" ("client_id", "instrument_id", "round");
CREATE TABLE "report" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "assessment_id" INTEGER NOT NULL,
    "document_id" INTEGER NOT NULL,
    "part" VARCHAR(8) NOT NULL,
    FOREIGN KEY ("assessment_id") REFERENCES "assessment" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE CASCADE
);
CREATE INDEX "report_assessment_id" ON "report" ("assessment_id");
CREATE UNIQUE INDEX "report_document_id" ON "report" ("document_id");
CREATE INDEX "report_assessment_id_part" ON "report" ("assessment_id", "part");
CREATE TABLE "status_list" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "vendor_id" INTEGER NOT NULL,
    "by_id" INTEGER NOT NULL,
    "filename" TEXT NOT NULL,
    "content" BLOB NOT NULL,
    "created_at" TEXT NOT NULL,
    "applied_at" TEXT,
    FOREIGN KEY ("vendor_id") REFERENCES "vendor" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "status_list_public_id" ON "status_list" ("public_id");
CREATE INDEX "status_list_vendor_id" ON "status_list" ("vendor_id");
CREATE INDEX "status_list_by_id" ON "status_list" ("by_id");
CREATE TABLE "rater" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "assessment_id" INTEGER NOT NULL,
    "group_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "zone" TEXT NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "credential_id" INTEGER,
    "by_id" INTEGER,
    "approved_by_id" INTEGER,
    "approved_by_contact_id" INTEGER,
    "invited_at" TEXT,
    "completed_at" TEXT,
    "reminders" INTEGER NOT NULL,
    "reminded_at" TEXT,
    "is_named" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    FOREIGN KEY ("assessment_id") REFERENCES "assessment" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("group_id") REFERENCES "instrument_group" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("credential_id") REFERENCES "credential" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("approved_by_id") REFERENCES "user" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("approved_by_contact_id") REFERENCES "contact" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "rater_public_id" ON "rater" ("public_id");
CREATE INDEX "rater_assessment_id" ON "rater" ("assessment_id");
CREATE INDEX "rater_group_id" ON "rater" ("group_id");
CREATE UNIQUE INDEX "rater_credential_id" ON "rater" ("credential_id");
CREATE INDEX "rater_by_id" ON "rater" ("by_id");
CREATE INDEX "rater_approved_by_id" ON "rater" ("approved_by_id");
CREATE INDEX "rater_approved_by_contact_id" ON "rater" ("approved_by_contact_id");
CREATE UNIQUE INDEX "rater_assessment_id_email" ON "rater" ("assessment_id", "email");
CREATE INDEX "rater_assessment_id_group_id" ON "rater" ("assessment_id", "group_id");
CREATE INDEX "rater_state_invited_at" ON "rater" ("state", "invited_at");
CREATE TABLE "rater_ask" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "assessment_id" INTEGER NOT NULL,
    "contact_id" INTEGER,
    "asked_at" TEXT NOT NULL,
    "answered_at" TEXT,
    "reminders" INTEGER NOT NULL,
    "reminded_at" TEXT,
    "by_id" INTEGER,
    FOREIGN KEY ("assessment_id") REFERENCES "assessment" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("contact_id") REFERENCES "contact" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "rater_ask_public_id" ON "rater_ask" ("public_id");
CREATE INDEX "rater_ask_assessment_id" ON "rater_ask" ("assessment_id");
CREATE INDEX "rater_ask_contact_id" ON "rater_ask" ("contact_id");
CREATE INDEX "rater_ask_by_id" ON "rater_ask" ("by_id");
CREATE TABLE "package" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "client_id" INTEGER NOT NULL,
    "engagement_id" INTEGER,
    "session_id" INTEGER,
    "title" TEXT NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "fingerprint" VARCHAR(64) NOT NULL,
    "done" INTEGER NOT NULL,
    "total" INTEGER NOT NULL,
    "error" TEXT NOT NULL,
    "document_id" INTEGER,
    "client_document_id" INTEGER,
    "leased_until" TEXT,
    "created_at" TEXT NOT NULL,
    "made_at" TEXT,
    "by_id" INTEGER,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("session_id") REFERENCES "coaching_session" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("client_document_id") REFERENCES "document" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "package_public_id" ON "package" ("public_id");
CREATE INDEX "package_client_id" ON "package" ("client_id");
CREATE INDEX "package_engagement_id" ON "package" ("engagement_id");
CREATE INDEX "package_session_id" ON "package" ("session_id");
CREATE INDEX "package_state" ON "package" ("state");
CREATE INDEX "package_document_id" ON "package" ("document_id");
CREATE INDEX "package_client_document_id" ON "package" ("client_document_id");
CREATE INDEX "package_by_id" ON "package" ("by_id");
CREATE TABLE "package_item" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "package_id" INTEGER NOT NULL,
    "document_id" INTEGER,
    "position" INTEGER NOT NULL,
    "title" BLOB NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "pages" INTEGER NOT NULL,
    "is_for_client" INTEGER NOT NULL,
    "left_out" TEXT NOT NULL,
    FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE SET NULL
);
CREATE INDEX "package_item_package_id" ON "package_item" ("package_id");
CREATE INDEX "package_item_document_id" ON "package_item" ("document_id");
CREATE UNIQUE INDEX "package_item_package_id_position" ON "package_item" ("package_id", "position");
CREATE TABLE "development_plan" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "client_id" INTEGER NOT NULL,
    "text" BLOB NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "changed_at" TEXT NOT NULL,
    "by_id" INTEGER,
    "document_id" INTEGER,
    "shared_version" INTEGER NOT NULL,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "development_plan_public_id" ON "development_plan" ("public_id");
CREATE UNIQUE INDEX "development_plan_client_id" ON "development_plan" ("client_id");
CREATE INDEX "development_plan_by_id" ON "development_plan" ("by_id");
CREATE INDEX "development_plan_document_id" ON "development_plan" ("document_id");
CREATE TABLE "development_plan_version" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "plan_id" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "text" BLOB NOT NULL,
    "at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("plan_id") REFERENCES "development_plan" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "development_plan_version_public_id" ON "development_plan_version" ("public_id");
CREATE INDEX "development_plan_version_plan_id" ON "development_plan_version" ("plan_id");
CREATE INDEX "development_plan_version_by_id" ON "development_plan_version" ("by_id");
CREATE UNIQUE INDEX "development_plan_version_plan_id_version" ON "development_plan_version" ("plan_id", "version");

-- what was there
ALTER TABLE "firm" ADD COLUMN "assistants_open_reports" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "engagement" ADD COLUMN "battery_id" INTEGER REFERENCES "battery" ("id") ON DELETE SET NULL;
CREATE INDEX "engagement_battery_id" ON "engagement" ("battery_id");
ALTER TABLE "program_template" ADD COLUMN "battery_id" INTEGER REFERENCES "battery" ("id") ON DELETE SET NULL;
CREATE INDEX "program_template_battery_id" ON "program_template" ("battery_id");
ALTER TABLE "document" ADD COLUMN "kind" VARCHAR(10) NOT NULL DEFAULT 'upload';
ALTER TABLE "document" ADD COLUMN "instrument_id" INTEGER REFERENCES "instrument" ("id") ON DELETE SET NULL;
ALTER TABLE "document" ADD COLUMN "dated_on" DATE;
ALTER TABLE "document" ADD COLUMN "series" VARCHAR(26) NOT NULL DEFAULT '';
ALTER TABLE "document" ADD COLUMN "number" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "document" ADD COLUMN "is_newest" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "document" ADD COLUMN "held" VARCHAR(8) NOT NULL DEFAULT '';
ALTER TABLE "document" ADD COLUMN "search_key" TEXT NOT NULL DEFAULT '';
ALTER TABLE "document" ADD COLUMN "removed_at" TEXT;
CREATE INDEX "document_instrument_id" ON "document" ("instrument_id");
CREATE INDEX "document_series" ON "document" ("series");
UPDATE "document" SET "series" = "public_id";
UPDATE "document" SET "held" = 'proof' WHERE "id" IN (SELECT "document_id" FROM "provable_file");
UPDATE "document" SET "kind" = 'agreement' WHERE "id" IN (SELECT "document_id" FROM "provable_file");
ALTER TABLE "card" ADD COLUMN "assessment_id" INTEGER REFERENCES "assessment" ("id") ON DELETE CASCADE;
CREATE UNIQUE INDEX "card_assessment_id" ON "card" ("assessment_id") WHERE "assessment_id" IS NOT NULL;
DROP INDEX "card_board_id_client_id";
CREATE UNIQUE INDEX "card_one_a_client" ON "card" ("board_id", "client_id") WHERE "assessment_id" IS NULL;
ALTER TABLE "move" ADD COLUMN "standing" TEXT NOT NULL DEFAULT '';
"""

STAGES = (
    ("Set up", "set_up", None),
    ("Access sent", "access_sent", None),
    ("In progress", "in_progress", None),
    ("Completed", "completed", 3),
    ("Report in", "report_in", 2),
    ("Packaged", "packaged", None),
    ("Debriefed", "debriefed", None),
    ("Released", "released", None),
)
"""Of the second board, for a firm that is there already."""


def up(migrator, db):
    for statement in SQL.split(";\n"):
        if statement.strip():
            db.execute_sql(statement)
    if db.execute_sql('SELECT 1 FROM "board" LIMIT 1').fetchone():
        _lay_out(db)
    for row, name in db.execute_sql('SELECT "id", "name" FROM "document"').fetchall():
        db.execute_sql('UPDATE "document" SET "search_key" = ? WHERE "id" = ?', (_folded(name), row))


def _lay_out(db):
    db.execute_sql("""INSERT INTO "board" ("slug", "revision") VALUES ('assessments', 1)""")
    board = db.execute_sql("""SELECT "id" FROM "board" WHERE "slug" = 'assessments'""").fetchone()[0]
    for position, (name, meaning, target) in enumerate(STAGES, start=1):
        db.execute_sql(
            'INSERT INTO "stage" ("public_id", "board_id", "name", "meaning", "position", "target_days", "hidden") '
            "VALUES (?, ?, ?, ?, ?, ?, 0)",
            (str(ULID()), board, name, meaning, position, target),
        )


def _folded(name):
    """As search compares it (decision 0004); SQL cannot."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))

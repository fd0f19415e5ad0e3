"""Payers, rates, invoices and what was paid, billing plans, lines of a bank, the coaching log, reminders."""

SQL = """
CREATE TABLE "tax_rate" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "name" TEXT NOT NULL,
    "category" VARCHAR(2) NOT NULL,
    "rate_bps" INTEGER NOT NULL,
    "note" TEXT NOT NULL,
    "removed_at" TEXT,
    "version" INTEGER NOT NULL
);
CREATE UNIQUE INDEX "tax_rate_public_id" ON "tax_rate" ("public_id");
CREATE TABLE "seller" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "legal_name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "postcode" TEXT NOT NULL,
    "city" TEXT NOT NULL,
    "country" VARCHAR(2) NOT NULL,
    "tax_id" TEXT NOT NULL,
    "tax_number" TEXT NOT NULL,
    "register" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "phone" TEXT NOT NULL,
    "account_holder" TEXT NOT NULL,
    "iban" TEXT NOT NULL,
    "bic" TEXT NOT NULL,
    "bank" TEXT NOT NULL,
    "payment_words" TEXT NOT NULL,
    "foot" TEXT NOT NULL,
    "term_days" INTEGER NOT NULL,
    "rhythm" TEXT NOT NULL,
    "late_fee_cents" INTEGER NOT NULL,
    "rate_id" INTEGER,
    "batch_weekday" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    FOREIGN KEY ("rate_id") REFERENCES "tax_rate" ("id") ON DELETE RESTRICT
);
CREATE INDEX "seller_rate_id" ON "seller" ("rate_id");
CREATE TABLE "payer" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "legal_name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "postcode" TEXT NOT NULL,
    "city" TEXT NOT NULL,
    "country" VARCHAR(2) NOT NULL,
    "tax_id" TEXT NOT NULL,
    "public_id" VARCHAR(26) NOT NULL,
    "client_id" INTEGER,
    "organisation_id" INTEGER,
    "attention" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "copy_to" TEXT NOT NULL COLLATE NOCASE,
    "needs_po" INTEGER NOT NULL,
    "po_number" TEXT NOT NULL,
    "cost_centre" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "portal" TEXT NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "term_days" INTEGER,
    "rate_id" INTEGER,
    "bundle" VARCHAR(8) NOT NULL,
    "rhythm" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("rate_id") REFERENCES "tax_rate" ("id") ON DELETE RESTRICT,
    CHECK (("client_id" IS NULL) <> ("organisation_id" IS NULL))
);
CREATE UNIQUE INDEX "payer_public_id" ON "payer" ("public_id");
CREATE UNIQUE INDEX "payer_client_id" ON "payer" ("client_id");
CREATE UNIQUE INDEX "payer_organisation_id" ON "payer" ("organisation_id");
CREATE INDEX "payer_rate_id" ON "payer" ("rate_id");
CREATE TABLE "series" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "kind" VARCHAR(8) NOT NULL,
    "prefix" TEXT NOT NULL,
    "is_yearly" INTEGER NOT NULL,
    "digits" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
);
CREATE UNIQUE INDEX "series_kind" ON "series" ("kind");
CREATE TABLE "last_number" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "series_id" INTEGER NOT NULL,
    "year" INTEGER NOT NULL,
    "last" INTEGER NOT NULL,
    FOREIGN KEY ("series_id") REFERENCES "series" ("id") ON DELETE RESTRICT
);
CREATE INDEX "last_number_series_id" ON "last_number" ("series_id");
CREATE UNIQUE INDEX "last_number_series_id_year" ON "last_number" ("series_id", "year");
CREATE TABLE "lost_number" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "series_id" INTEGER NOT NULL,
    "year" INTEGER NOT NULL,
    "first" INTEGER NOT NULL,
    "last" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TEXT NOT NULL,
    FOREIGN KEY ("series_id") REFERENCES "series" ("id") ON DELETE RESTRICT
);
CREATE INDEX "lost_number_series_id" ON "lost_number" ("series_id");
CREATE TABLE "batch" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "made_at" TEXT NOT NULL,
    "upto_on" DATE NOT NULL,
    "closed_at" TEXT,
    "by_id" INTEGER,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "batch_public_id" ON "batch" ("public_id");
CREATE INDEX "batch_by_id" ON "batch" ("by_id");
CREATE TABLE "invoice" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "payer_id" INTEGER NOT NULL,
    "engagement_id" INTEGER,
    "corrects_id" INTEGER,
    "batch_id" INTEGER,
    "series_id" INTEGER,
    "year" INTEGER,
    "seq" INTEGER,
    "number" TEXT,
    "currency" VARCHAR(3) NOT NULL,
    "po_number" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "words" TEXT NOT NULL,
    "term_days" INTEGER NOT NULL,
    "supplied_from" DATE,
    "supplied_to" DATE,
    "discount_bps" INTEGER NOT NULL,
    "discount_cents" INTEGER NOT NULL,
    "discount_words" TEXT NOT NULL,
    "net_cents" INTEGER NOT NULL,
    "tax_cents" INTEGER NOT NULL,
    "total_cents" INTEGER NOT NULL,
    "issued_on" DATE,
    "due_on" DATE,
    "snapshot_sha256" VARCHAR(64) NOT NULL,
    "open_cents" INTEGER NOT NULL,
    "last_entry" VARCHAR(10) NOT NULL,
    "settled_on" DATE,
    "document_id" INTEGER,
    "attempts" INTEGER NOT NULL,
    "try_at" TEXT,
    "problem" TEXT NOT NULL,
    "viewed_at" TEXT,
    "overdue_noted_at" TEXT,
    "disputed_at" TEXT,
    "dispute" TEXT NOT NULL,
    "removed_at" TEXT,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "issued_at" TEXT,
    "by_id" INTEGER,
    "issued_by_id" INTEGER,
    "snapshot" BLOB,
    FOREIGN KEY ("payer_id") REFERENCES "payer" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("corrects_id") REFERENCES "invoice" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("batch_id") REFERENCES "batch" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("series_id") REFERENCES "series" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("issued_by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "invoice_public_id" ON "invoice" ("public_id");
CREATE INDEX "invoice_payer_id" ON "invoice" ("payer_id");
CREATE INDEX "invoice_engagement_id" ON "invoice" ("engagement_id");
CREATE INDEX "invoice_corrects_id" ON "invoice" ("corrects_id");
CREATE INDEX "invoice_batch_id" ON "invoice" ("batch_id");
CREATE INDEX "invoice_series_id" ON "invoice" ("series_id");
CREATE UNIQUE INDEX "invoice_number" ON "invoice" ("number");
CREATE INDEX "invoice_document_id" ON "invoice" ("document_id");
CREATE INDEX "invoice_by_id" ON "invoice" ("by_id");
CREATE INDEX "invoice_issued_by_id" ON "invoice" ("issued_by_id");
CREATE UNIQUE INDEX "invoice_series_id_year_seq" ON "invoice" ("series_id", "year", "seq");
CREATE INDEX "invoice_state_due_on" ON "invoice" ("state", "due_on");
CREATE INDEX "invoice_state_open_cents" ON "invoice" ("state", "open_cents");
CREATE INDEX "invoice_settled_on" ON "invoice" ("settled_on");
CREATE INDEX "invoice_issued_on" ON "invoice" ("issued_on");
CREATE TABLE "line" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "invoice_id" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "quantity_milli" INTEGER NOT NULL,
    "unit" VARCHAR(3) NOT NULL,
    "unit_cents" INTEGER NOT NULL,
    "discount_bps" INTEGER NOT NULL,
    "net_cents" INTEGER NOT NULL,
    "rate_id" INTEGER,
    "category" VARCHAR(2) NOT NULL,
    "rate_bps" INTEGER NOT NULL,
    "tax_note" TEXT NOT NULL,
    "client_id" INTEGER,
    "engagement_id" INTEGER,
    "coach_id" INTEGER,
    "supplied_from" DATE,
    "supplied_to" DATE,
    "credits_id" INTEGER,
    "subjects" TEXT NOT NULL,
    FOREIGN KEY ("invoice_id") REFERENCES "invoice" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("rate_id") REFERENCES "tax_rate" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("credits_id") REFERENCES "line" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "line_public_id" ON "line" ("public_id");
CREATE INDEX "line_invoice_id" ON "line" ("invoice_id");
CREATE INDEX "line_rate_id" ON "line" ("rate_id");
CREATE INDEX "line_client_id" ON "line" ("client_id");
CREATE INDEX "line_engagement_id" ON "line" ("engagement_id");
CREATE INDEX "line_coach_id" ON "line" ("coach_id");
CREATE INDEX "line_credits_id" ON "line" ("credits_id");
CREATE UNIQUE INDEX "line_invoice_id_position" ON "line" ("invoice_id", "position");
CREATE INDEX "line_invoice_id_client_id" ON "line" ("invoice_id", "client_id");
CREATE TABLE "claim" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "kind" VARCHAR(8) NOT NULL,
    "subject" VARCHAR(26) NOT NULL,
    "line_id" INTEGER NOT NULL,
    FOREIGN KEY ("line_id") REFERENCES "line" ("id") ON DELETE CASCADE
);
CREATE INDEX "claim_line_id" ON "claim" ("line_id");
CREATE UNIQUE INDEX "claim_kind_subject" ON "claim" ("kind", "subject");
CREATE TABLE "portion" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "invoice_id" INTEGER NOT NULL,
    "coach_id" INTEGER,
    "category" VARCHAR(2) NOT NULL,
    "rate_bps" INTEGER NOT NULL,
    "net_cents" INTEGER NOT NULL,
    "tax_cents" INTEGER NOT NULL,
    FOREIGN KEY ("invoice_id") REFERENCES "invoice" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE RESTRICT
);
CREATE INDEX "portion_invoice_id" ON "portion" ("invoice_id");
CREATE INDEX "portion_coach_id" ON "portion" ("coach_id");
CREATE TABLE "posting" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "invoice_id" INTEGER NOT NULL,
    "entry" VARCHAR(10) NOT NULL,
    "cents" INTEGER NOT NULL,
    "on" DATE NOT NULL,
    "reference" BLOB NOT NULL,
    "reason" TEXT NOT NULL,
    "about" VARCHAR(26) NOT NULL,
    "undoes_id" INTEGER,
    "at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("invoice_id") REFERENCES "invoice" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("undoes_id") REFERENCES "posting" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "posting_public_id" ON "posting" ("public_id");
CREATE INDEX "posting_invoice_id" ON "posting" ("invoice_id");
CREATE INDEX "posting_about" ON "posting" ("about");
CREATE UNIQUE INDEX "posting_undoes_id" ON "posting" ("undoes_id");
CREATE INDEX "posting_by_id" ON "posting" ("by_id");
CREATE TABLE "history" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "invoice_id" INTEGER NOT NULL,
    "at" TEXT NOT NULL,
    "icon" VARCHAR(24) NOT NULL,
    "words" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("invoice_id") REFERENCES "invoice" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE INDEX "history_invoice_id" ON "history" ("invoice_id");
CREATE INDEX "history_by_id" ON "history" ("by_id");
CREATE TABLE "plan" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "engagement_id" INTEGER NOT NULL,
    "way" VARCHAR(8) NOT NULL,
    "unit_cents" INTEGER NOT NULL,
    "discount_bps" INTEGER NOT NULL,
    "discount_cents" INTEGER NOT NULL,
    "discount_words" TEXT NOT NULL,
    "rate_id" INTEGER,
    "price_cents" INTEGER NOT NULL,
    "since_on" DATE,
    "version" INTEGER NOT NULL,
    "changed_at" TEXT NOT NULL,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("rate_id") REFERENCES "tax_rate" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "plan_public_id" ON "plan" ("public_id");
CREATE UNIQUE INDEX "plan_engagement_id" ON "plan" ("engagement_id");
CREATE INDEX "plan_rate_id" ON "plan" ("rate_id");
CREATE TABLE "part" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "plan_id" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "label" TEXT NOT NULL,
    "anchor" VARCHAR(8) NOT NULL,
    "number" INTEGER NOT NULL,
    "on" DATE,
    "cents" INTEGER NOT NULL,
    "is_deposit" INTEGER NOT NULL,
    FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "part_public_id" ON "part" ("public_id");
CREATE INDEX "part_plan_id" ON "part" ("plan_id");
CREATE UNIQUE INDEX "part_plan_id_position" ON "part" ("plan_id", "position");
CREATE TABLE "charge" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "client_id" INTEGER NOT NULL,
    "engagement_id" INTEGER,
    "kind" VARCHAR(8) NOT NULL,
    "text" TEXT NOT NULL,
    "on" DATE NOT NULL,
    "quantity_milli" INTEGER NOT NULL,
    "unit_cents" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "rate_id" INTEGER,
    "about" VARCHAR(26) NOT NULL,
    "document_id" INTEGER,
    "removed_at" TEXT,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("rate_id") REFERENCES "tax_rate" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "charge_public_id" ON "charge" ("public_id");
CREATE INDEX "charge_client_id" ON "charge" ("client_id");
CREATE INDEX "charge_engagement_id" ON "charge" ("engagement_id");
CREATE INDEX "charge_rate_id" ON "charge" ("rate_id");
CREATE INDEX "charge_document_id" ON "charge" ("document_id");
CREATE INDEX "charge_by_id" ON "charge" ("by_id");
CREATE TABLE "waiver" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "session_id" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("session_id") REFERENCES "coaching_session" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "waiver_session_id" ON "waiver" ("session_id");
CREATE INDEX "waiver_by_id" ON "waiver" ("by_id");
CREATE TABLE "bank_file" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "name" TEXT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "way" VARCHAR(8) NOT NULL,
    "content" BLOB NOT NULL,
    "seen_count" INTEGER NOT NULL,
    "at" TEXT NOT NULL,
    "read_at" TEXT,
    "by_id" INTEGER,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "bank_file_public_id" ON "bank_file" ("public_id");
CREATE INDEX "bank_file_by_id" ON "bank_file" ("by_id");
CREATE TABLE "bank_line" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "file_id" INTEGER NOT NULL,
    "key" VARCHAR(64) NOT NULL,
    "on" DATE NOT NULL,
    "cents" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "payer" BLOB NOT NULL,
    "account" BLOB NOT NULL,
    "reference" BLOB NOT NULL,
    "payer_key" VARCHAR(64) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "reason" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "dealt_at" TEXT,
    "by_id" INTEGER,
    FOREIGN KEY ("file_id") REFERENCES "bank_file" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "bank_line_public_id" ON "bank_line" ("public_id");
CREATE INDEX "bank_line_file_id" ON "bank_line" ("file_id");
CREATE UNIQUE INDEX "bank_line_key" ON "bank_line" ("key");
CREATE INDEX "bank_line_payer_key" ON "bank_line" ("payer_key");
CREATE INDEX "bank_line_by_id" ON "bank_line" ("by_id");
CREATE INDEX "bank_line_state_on" ON "bank_line" ("state", "on");
CREATE TABLE "bank_columns" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "headings" VARCHAR(64) NOT NULL,
    "columns" TEXT NOT NULL
);
CREATE UNIQUE INDEX "bank_columns_headings" ON "bank_columns" ("headings");
CREATE TABLE "log_consent" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "client_id" INTEGER NOT NULL,
    "is_given" INTEGER NOT NULL,
    "by_name" INTEGER NOT NULL,
    "organisation" TEXT NOT NULL,
    "on" DATE NOT NULL,
    "how" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "log_consent_client_id" ON "log_consent" ("client_id");
CREATE INDEX "log_consent_by_id" ON "log_consent" ("by_id");
CREATE TABLE "letter" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "payer_id" INTEGER NOT NULL,
    "level" VARCHAR(8) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "on" DATE NOT NULL,
    "before" DATE,
    "document_id" INTEGER,
    "attempts" INTEGER NOT NULL,
    "try_at" TEXT,
    "problem" TEXT NOT NULL,
    "at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("payer_id") REFERENCES "payer" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "letter_public_id" ON "letter" ("public_id");
CREATE INDEX "letter_payer_id" ON "letter" ("payer_id");
CREATE INDEX "letter_state" ON "letter" ("state");
CREATE INDEX "letter_document_id" ON "letter" ("document_id");
CREATE INDEX "letter_by_id" ON "letter" ("by_id");
CREATE TABLE "addressee" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "letter_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "chaser_id" INTEGER,
    FOREIGN KEY ("letter_id") REFERENCES "letter" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("chaser_id") REFERENCES "chaser" ("id") ON DELETE SET NULL
);
CREATE INDEX "addressee_letter_id" ON "addressee" ("letter_id");
CREATE INDEX "addressee_chaser_id" ON "addressee" ("chaser_id");
CREATE TABLE "dun" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "invoice_id" INTEGER NOT NULL,
    "letter_id" INTEGER NOT NULL,
    "level" VARCHAR(8),
    "open_cents" INTEGER NOT NULL,
    FOREIGN KEY ("invoice_id") REFERENCES "invoice" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("letter_id") REFERENCES "letter" ("id") ON DELETE CASCADE
);
CREATE INDEX "dun_invoice_id" ON "dun" ("invoice_id");
CREATE INDEX "dun_letter_id" ON "dun" ("letter_id");
CREATE UNIQUE INDEX "dun_invoice_id_level" ON "dun" ("invoice_id", "level");
CREATE UNIQUE INDEX "dun_letter_id_invoice_id" ON "dun" ("letter_id", "invoice_id");
CREATE TABLE "pause" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "invoice_id" INTEGER NOT NULL,
    "until" DATE,
    "reason" TEXT NOT NULL,
    "is_handed" INTEGER NOT NULL,
    "at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("invoice_id") REFERENCES "invoice" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "pause_invoice_id" ON "pause" ("invoice_id");
CREATE INDEX "pause_by_id" ON "pause" ("by_id");
"""


def up(migrator, db):
    for statement in SQL.split(";\n"):
        if statement.strip():
            db.execute_sql(statement)

"""Programs, engagements and their steps, agreements with their proof, private questionnaires."""

SQL = """
-- what the first house had
ALTER TABLE "client" ADD COLUMN "legal_name" TEXT NOT NULL DEFAULT '';
ALTER TABLE "client" ADD COLUMN "address" TEXT NOT NULL DEFAULT '';
ALTER TABLE "form" ADD COLUMN "kind" VARCHAR(13) NOT NULL DEFAULT 'inquiry';
ALTER TABLE "submission" ADD COLUMN "engagement_id" INTEGER REFERENCES "engagement" ("id") ON DELETE CASCADE;
ALTER TABLE "submission" ADD COLUMN "reminders" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "submission" ADD COLUMN "reminded_at" TEXT;
CREATE INDEX "submission_engagement_id" ON "submission" ("engagement_id");
ALTER TABLE "message" ADD COLUMN "document_id" INTEGER REFERENCES "document" ("id") ON DELETE SET NULL;
CREATE INDEX "message_document_id" ON "message" ("document_id");
ALTER TABLE "message" ADD COLUMN "about" VARCHAR(26) NOT NULL DEFAULT '';
CREATE INDEX "message_about" ON "message" ("about");

-- engagements
CREATE TABLE "engagement" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "months" INTEGER,
    "sessions" INTEGER NOT NULL,
    "session_minutes" INTEGER NOT NULL,
    "cadence" VARCHAR(10) NOT NULL,
    "price_cents" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "billing" VARCHAR(12) NOT NULL,
    "assessments" TEXT NOT NULL,
    "three_ways" TEXT NOT NULL,
    "summaries" VARCHAR(16) NOT NULL,
    "shares" TEXT NOT NULL,
    "logistics" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "public_id" VARCHAR(26) NOT NULL,
    "client_id" INTEGER NOT NULL,
    "coach_id" INTEGER,
    "state" VARCHAR(10) NOT NULL,
    "starts_on" DATE NOT NULL,
    "ends_on" DATE,
    "kickoff_on" DATE,
    "payer" VARCHAR(8) NOT NULL,
    "po_number" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "steps_done" INTEGER NOT NULL,
    "steps_total" INTEGER NOT NULL,
    "due_at" TEXT,
    "ready_on" DATE,
    "onboarded_at" TEXT,
    "by_id" INTEGER,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "engagement_public_id" ON "engagement" ("public_id");
CREATE INDEX "engagement_client_id" ON "engagement" ("client_id");
CREATE INDEX "engagement_coach_id" ON "engagement" ("coach_id");
CREATE INDEX "engagement_by_id" ON "engagement" ("by_id");
CREATE UNIQUE INDEX "engagement_one_onboarding" ON "engagement" ("client_id")
    WHERE "onboarded_at" IS NULL AND "state" IN ('draft', 'active', 'paused');
CREATE TABLE "participant" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "engagement_id" INTEGER NOT NULL,
    "contact_id" INTEGER NOT NULL,
    "signs" INTEGER NOT NULL,
    "meets" INTEGER NOT NULL,
    "reads" INTEGER NOT NULL,
    "pays" INTEGER NOT NULL,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("contact_id") REFERENCES "contact" ("id") ON DELETE CASCADE
);
CREATE INDEX "participant_engagement_id" ON "participant" ("engagement_id");
CREATE INDEX "participant_contact_id" ON "participant" ("contact_id");
CREATE UNIQUE INDEX "participant_engagement_id_contact_id" ON "participant" ("engagement_id", "contact_id");
CREATE TABLE "step" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "position" INTEGER NOT NULL,
    "key" VARCHAR(30) NOT NULL,
    "kind" VARCHAR(24) NOT NULL,
    "label" TEXT NOT NULL,
    "waiting_on" VARCHAR(12) NOT NULL,
    "target_days" INTEGER,
    "needs" TEXT NOT NULL,
    "public_id" VARCHAR(26) NOT NULL,
    "engagement_id" INTEGER NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "opened_at" TEXT,
    "since" TEXT,
    "done_at" TEXT,
    "reason" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "step_public_id" ON "step" ("public_id");
CREATE INDEX "step_engagement_id" ON "step" ("engagement_id");
CREATE INDEX "step_by_id" ON "step" ("by_id");
CREATE UNIQUE INDEX "step_engagement_id_key" ON "step" ("engagement_id", "key");

-- evidence
CREATE TABLE "trail_event" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "subject" VARCHAR(26) NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" VARCHAR(20) NOT NULL,
    "at" TEXT NOT NULL,
    "facts" TEXT NOT NULL,
    "detail_hash" VARCHAR(64) NOT NULL,
    "previous_hash" VARCHAR(64) NOT NULL,
    "hash" VARCHAR(64) NOT NULL
);
CREATE UNIQUE INDEX "trail_event_subject_number" ON "trail_event" ("subject", "number");
CREATE TABLE "trail_detail" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "event_id" INTEGER NOT NULL,
    "salt" BLOB NOT NULL,
    "content" BLOB NOT NULL,
    FOREIGN KEY ("event_id") REFERENCES "trail_event" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "trail_detail_event_id" ON "trail_detail" ("event_id");
CREATE TABLE "seal_key" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "subject" TEXT NOT NULL,
    "private_key" BLOB NOT NULL,
    "certificates" TEXT NOT NULL,
    "fingerprint" VARCHAR(64) NOT NULL,
    "is_own" INTEGER NOT NULL,
    "made_at" TEXT NOT NULL,
    "expires_at" TEXT NOT NULL,
    "retired_at" TEXT
);
CREATE UNIQUE INDEX "seal_key_public_id" ON "seal_key" ("public_id");
CREATE TABLE "provable_file" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "subject" VARCHAR(26) NOT NULL,
    "document_id" INTEGER NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "size" INTEGER NOT NULL,
    "is_sealed" INTEGER NOT NULL,
    "made_at" TEXT NOT NULL,
    "replaced_at" TEXT,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "provable_file_public_id" ON "provable_file" ("public_id");
CREATE INDEX "provable_file_subject" ON "provable_file" ("subject");
CREATE INDEX "provable_file_document_id" ON "provable_file" ("document_id");
CREATE UNIQUE INDEX "provable_file_sha256" ON "provable_file" ("sha256");

-- agreements
CREATE TABLE "agreement_template" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "name" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "removed_at" TEXT
);
CREATE UNIQUE INDEX "agreement_template_public_id" ON "agreement_template" ("public_id");
CREATE TABLE "agreement" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "engagement_id" INTEGER NOT NULL,
    "client_id" INTEGER NOT NULL,
    "template_id" INTEGER,
    "previous_id" INTEGER,
    "number" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "body" BLOB NOT NULL,
    "source" BLOB,
    "shares" TEXT NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "document_id" INTEGER,
    "sha256" VARCHAR(64) NOT NULL,
    "pages" INTEGER NOT NULL,
    "sealed_id" INTEGER,
    "sealed_sha256" VARCHAR(64) NOT NULL,
    "reason" BLOB,
    "problem" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "try_at" TEXT,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "sent_at" TEXT,
    "completed_at" TEXT,
    "closed_at" TEXT,
    "by_id" INTEGER,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("template_id") REFERENCES "agreement_template" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("previous_id") REFERENCES "agreement" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("sealed_id") REFERENCES "document" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "agreement_public_id" ON "agreement" ("public_id");
CREATE INDEX "agreement_engagement_id" ON "agreement" ("engagement_id");
CREATE INDEX "agreement_client_id" ON "agreement" ("client_id");
CREATE INDEX "agreement_template_id" ON "agreement" ("template_id");
CREATE INDEX "agreement_previous_id" ON "agreement" ("previous_id");
CREATE INDEX "agreement_document_id" ON "agreement" ("document_id");
CREATE INDEX "agreement_sealed_id" ON "agreement" ("sealed_id");
CREATE INDEX "agreement_by_id" ON "agreement" ("by_id");
CREATE INDEX "agreement_state" ON "agreement" ("state");
CREATE UNIQUE INDEX "agreement_one_living" ON "agreement" ("engagement_id")
    WHERE "state" IN ('draft', 'freezing', 'out', 'sealing');
CREATE TABLE "signer" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "agreement_id" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "role" VARCHAR(8) NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "contact_id" INTEGER,
    "user_id" INTEGER,
    "state" VARCHAR(12) NOT NULL,
    "asked_at" TEXT,
    "opened_at" TEXT,
    "consented_at" TEXT,
    "signed_at" TEXT,
    "mark_kind" VARCHAR(8) NOT NULL,
    "mark" BLOB,
    "code_hash" VARCHAR(64) NOT NULL,
    "code_sent_at" TEXT,
    "code_tries" INTEGER NOT NULL,
    "reminders" INTEGER NOT NULL,
    "reminded_at" TEXT,
    "reason" BLOB,
    FOREIGN KEY ("agreement_id") REFERENCES "agreement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("contact_id") REFERENCES "contact" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("user_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "signer_public_id" ON "signer" ("public_id");
CREATE INDEX "signer_agreement_id" ON "signer" ("agreement_id");
CREATE INDEX "signer_contact_id" ON "signer" ("contact_id");
CREATE INDEX "signer_user_id" ON "signer" ("user_id");
CREATE INDEX "signer_state" ON "signer" ("state");
CREATE UNIQUE INDEX "signer_one_at_a_place" ON "signer" ("agreement_id", "position") WHERE "state" <> 'handed_over';

-- programs
CREATE TABLE "program_template" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "months" INTEGER,
    "sessions" INTEGER NOT NULL,
    "session_minutes" INTEGER NOT NULL,
    "cadence" VARCHAR(10) NOT NULL,
    "price_cents" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "billing" VARCHAR(12) NOT NULL,
    "assessments" TEXT NOT NULL,
    "three_ways" TEXT NOT NULL,
    "summaries" VARCHAR(16) NOT NULL,
    "shares" TEXT NOT NULL,
    "logistics" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "public_id" VARCHAR(26) NOT NULL,
    "payer" VARCHAR(8) NOT NULL,
    "agreement_id" INTEGER,
    "questionnaire_id" INTEGER,
    "removed_at" TEXT,
    FOREIGN KEY ("agreement_id") REFERENCES "agreement_template" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("questionnaire_id") REFERENCES "form" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "program_template_public_id" ON "program_template" ("public_id");
CREATE INDEX "program_template_agreement_id" ON "program_template" ("agreement_id");
CREATE INDEX "program_template_questionnaire_id" ON "program_template" ("questionnaire_id");
CREATE TABLE "template_step" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "position" INTEGER NOT NULL,
    "key" VARCHAR(30) NOT NULL,
    "kind" VARCHAR(24) NOT NULL,
    "label" TEXT NOT NULL,
    "waiting_on" VARCHAR(12) NOT NULL,
    "target_days" INTEGER,
    "needs" TEXT NOT NULL,
    "public_id" VARCHAR(26) NOT NULL,
    "template_id" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    FOREIGN KEY ("template_id") REFERENCES "program_template" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "template_step_public_id" ON "template_step" ("public_id");
CREATE INDEX "template_step_template_id" ON "template_step" ("template_id");
CREATE UNIQUE INDEX "template_step_template_id_key" ON "template_step" ("template_id", "key");

-- portal
CREATE TABLE "chaser" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "on" DATE NOT NULL,
    "message_id" INTEGER,
    FOREIGN KEY ("message_id") REFERENCES "message" ("id") ON DELETE SET NULL
);
CREATE INDEX "chaser_message_id" ON "chaser" ("message_id");
CREATE UNIQUE INDEX "chaser_email_on" ON "chaser" ("email", "on");
"""


def up(migrator, db):
    for statement in SQL.split(";\n"):
        if statement.strip():
            db.execute_sql(statement)

"""Every table of the first house. Plain SQL: what peewee would generate forgets CHECK and COLLATE."""

SQL = """
-- system
CREATE TABLE "counter" (
    "queue" VARCHAR(255) NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    "value" INTEGER NOT NULL,
    PRIMARY KEY ("queue", "key")
);
CREATE TABLE "heartbeat" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" VARCHAR(255) NOT NULL,
    "seen_at" TEXT NOT NULL
);
CREATE UNIQUE INDEX "heartbeat_name" ON "heartbeat" ("name");
CREATE TABLE "kv" (
    "queue" VARCHAR(255) NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    "value" BLOB NOT NULL,
    PRIMARY KEY ("queue", "key")
);
CREATE TABLE "once" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "key" VARCHAR(64) NOT NULL,
    "at" TEXT NOT NULL,
    "location" TEXT
);
CREATE UNIQUE INDEX "once_key" ON "once" ("key");
CREATE INDEX "once_at" ON "once" ("at");
CREATE TABLE "schedule" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "queue" VARCHAR(255) NOT NULL,
    "data" BLOB NOT NULL,
    "timestamp" INTEGER NOT NULL
);
CREATE INDEX "schedule_queue_timestamp" ON "schedule" ("queue", "timestamp");
CREATE TABLE "task" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "queue" VARCHAR(255) NOT NULL,
    "data" BLOB NOT NULL,
    "priority" REAL NOT NULL
);
CREATE INDEX "task_priority_id" ON "task" ("priority" DESC, "id");

-- firm
CREATE TABLE "firm" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "zone" TEXT NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "hue" INTEGER NOT NULL,
    "logo" BLOB,
    "logo_type" TEXT,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL
);

-- accounts
CREATE TABLE "attempt" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "bucket" TEXT NOT NULL,
    "at" TEXT NOT NULL
);
CREATE INDEX "attempt_at" ON "attempt" ("at");
CREATE INDEX "attempt_bucket_at" ON "attempt" ("bucket", "at");
CREATE TABLE "user" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "role" VARCHAR(12) NOT NULL CHECK (role IN ('owner', 'coach', 'assistant')),
    "password_hash" TEXT,
    "zone" TEXT NOT NULL,
    "theme" VARCHAR(5) NOT NULL,
    "disabled_at" TEXT,
    "created_at" TEXT NOT NULL
);
CREATE UNIQUE INDEX "user_public_id" ON "user" ("public_id");
CREATE UNIQUE INDEX "user_email" ON "user" ("email");
CREATE TABLE "login_session" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "token_hash" VARCHAR(64) NOT NULL,
    "user_id" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "expires_at" TEXT NOT NULL,
    "ended_at" TEXT,
    "user_agent" TEXT NOT NULL,
    FOREIGN KEY ("user_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "login_session_public_id" ON "login_session" ("public_id");
CREATE UNIQUE INDEX "login_session_token_hash" ON "login_session" ("token_hash");
CREATE INDEX "login_session_user_id" ON "login_session" ("user_id");
CREATE TABLE "serving" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "assistant_id" INTEGER NOT NULL,
    "coach_id" INTEGER NOT NULL,
    FOREIGN KEY ("assistant_id") REFERENCES "user" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE INDEX "serving_assistant_id" ON "serving" ("assistant_id");
CREATE INDEX "serving_coach_id" ON "serving" ("coach_id");
CREATE UNIQUE INDEX "serving_assistant_id_coach_id" ON "serving" ("assistant_id", "coach_id");

-- clients
CREATE TABLE "organisation" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "name" TEXT NOT NULL,
    "website" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "search_key" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "added_by_id" INTEGER,
    FOREIGN KEY ("added_by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "organisation_public_id" ON "organisation" ("public_id");
CREATE INDEX "organisation_search_key" ON "organisation" ("search_key");
CREATE INDEX "organisation_added_by_id" ON "organisation" ("added_by_id");
CREATE TABLE "client" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "name" TEXT NOT NULL,
    "preferred_name" TEXT NOT NULL,
    "pronouns" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "phone" TEXT NOT NULL,
    "zone" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "position" TEXT NOT NULL,
    "organisation_id" INTEGER,
    "coach_id" INTEGER,
    "assistant_name" TEXT NOT NULL,
    "assistant_email" TEXT NOT NULL COLLATE NOCASE,
    "status" VARCHAR(12) NOT NULL,
    "next_step" TEXT NOT NULL,
    "waiting_on" VARCHAR(12) NOT NULL,
    "waiting_since" TEXT,
    "search_key" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "client_public_id" ON "client" ("public_id");
CREATE INDEX "client_email" ON "client" ("email");
CREATE INDEX "client_organisation_id" ON "client" ("organisation_id");
CREATE INDEX "client_coach_id" ON "client" ("coach_id");
CREATE INDEX "client_status" ON "client" ("status");
CREATE INDEX "client_search_key" ON "client" ("search_key");
CREATE INDEX "client_coach_id_status" ON "client" ("coach_id", "status");
CREATE INDEX "client_organisation_id_coach_id" ON "client" ("organisation_id", "coach_id");
CREATE TABLE "client_import" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "by_id" INTEGER NOT NULL,
    "filename" TEXT NOT NULL,
    "content" BLOB NOT NULL,
    "mapping" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "applied_at" TEXT,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "client_import_public_id" ON "client_import" ("public_id");
CREATE INDEX "client_import_by_id" ON "client_import" ("by_id");
CREATE TABLE "contact" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "organisation_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "role" VARCHAR(20) NOT NULL,
    "title" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "phone" TEXT NOT NULL,
    "search_key" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "removed_at" TEXT,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "contact_public_id" ON "contact" ("public_id");
CREATE INDEX "contact_organisation_id" ON "contact" ("organisation_id");

-- files
CREATE TABLE "document" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "client_id" INTEGER,
    "name" TEXT NOT NULL,
    "media_type" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "audience" VARCHAR(8) NOT NULL,
    "uploaded_at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "document_public_id" ON "document" ("public_id");
CREATE INDEX "document_client_id" ON "document" ("client_id");
CREATE INDEX "document_by_id" ON "document" ("by_id");
CREATE TABLE "document_content" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "document_id" INTEGER NOT NULL,
    "content" BLOB NOT NULL,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "document_content_document_id" ON "document_content" ("document_id");

-- timeline
CREATE TABLE "entry" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "client_id" INTEGER NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "sentence" TEXT NOT NULL,
    "href" TEXT NOT NULL,
    "happened_at" TEXT NOT NULL,
    "recorded_at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "entry_public_id" ON "entry" ("public_id");
CREATE INDEX "entry_client_id" ON "entry" ("client_id");
CREATE INDEX "entry_by_id" ON "entry" ("by_id");
CREATE INDEX "entry_client_id_happened_at" ON "entry" ("client_id", "happened_at");
CREATE TABLE "note" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "entry_id" INTEGER NOT NULL,
    "body" BLOB NOT NULL,
    "version" INTEGER NOT NULL,
    "edited_at" TEXT,
    "edited_by_id" INTEGER,
    FOREIGN KEY ("entry_id") REFERENCES "entry" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("edited_by_id") REFERENCES "user" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "note_entry_id" ON "note" ("entry_id");
CREATE INDEX "note_edited_by_id" ON "note" ("edited_by_id");

-- links
CREATE TABLE "link" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "token_hash" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(20) NOT NULL,
    "subject" VARCHAR(26) NOT NULL,
    "created_at" TEXT NOT NULL,
    "expires_at" TEXT NOT NULL,
    "revoked_at" TEXT
);
CREATE UNIQUE INDEX "link_token_hash" ON "link" ("token_hash");
CREATE INDEX "link_subject" ON "link" ("subject");

-- mail
CREATE TABLE "mail_server" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "host" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "security" VARCHAR(8) NOT NULL,
    "username" TEXT NOT NULL,
    "password" BLOB,
    "from_name" TEXT NOT NULL,
    "from_address" TEXT NOT NULL COLLATE NOCASE,
    "version" INTEGER NOT NULL
);
CREATE TABLE "mail_text" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "kind" VARCHAR(30) NOT NULL,
    "subject" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL
);
CREATE UNIQUE INDEX "mail_text_kind" ON "mail_text" ("kind");
CREATE TABLE "message" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "message_id" TEXT NOT NULL,
    "kind" VARCHAR(30) NOT NULL,
    "to_name" TEXT NOT NULL,
    "to_address" TEXT NOT NULL COLLATE NOCASE,
    "reply_to" TEXT NOT NULL COLLATE NOCASE,
    "subject" TEXT NOT NULL,
    "text" BLOB NOT NULL,
    "html" BLOB NOT NULL,
    "link_id" INTEGER,
    "token" BLOB,
    "client_id" INTEGER,
    "by_id" INTEGER,
    "state" VARCHAR(10) NOT NULL CHECK (state IN ('queued', 'leased', 'sent', 'failed', 'dead', 'cancelled')),
    "attempts" INTEGER NOT NULL,
    "try_at" TEXT,
    "leased_until" TEXT,
    "answer" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "sent_at" TEXT,
    FOREIGN KEY ("link_id") REFERENCES "link" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "message_public_id" ON "message" ("public_id");
CREATE UNIQUE INDEX "message_message_id" ON "message" ("message_id");
CREATE INDEX "message_link_id" ON "message" ("link_id");
CREATE INDEX "message_client_id" ON "message" ("client_id");
CREATE INDEX "message_by_id" ON "message" ("by_id");
CREATE INDEX "message_created_at" ON "message" ("created_at");
CREATE INDEX "message_state_try_at" ON "message" ("state", "try_at");
CREATE INDEX "message_client_id_created_at" ON "message" ("client_id", "created_at");

-- intake
CREATE TABLE "form" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "slug" VARCHAR(60) NOT NULL,
    "title" TEXT NOT NULL,
    "intro" TEXT NOT NULL,
    "thanks" TEXT NOT NULL,
    "coach_id" INTEGER,
    "state" VARCHAR(8) NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "form_public_id" ON "form" ("public_id");
CREATE UNIQUE INDEX "form_slug" ON "form" ("slug");
CREATE INDEX "form_coach_id" ON "form" ("coach_id");
CREATE TABLE "form_version" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "form_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "published_at" TEXT,
    FOREIGN KEY ("form_id") REFERENCES "form" ("id") ON DELETE CASCADE
);
CREATE INDEX "form_version_form_id" ON "form_version" ("form_id");
CREATE UNIQUE INDEX "form_version_form_id_number" ON "form_version" ("form_id", "number");
CREATE TABLE "submission" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "form_version_id" INTEGER NOT NULL,
    "ticket" VARCHAR(64) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "client_id" INTEGER,
    "started_at" TEXT NOT NULL,
    "submitted_at" TEXT,
    FOREIGN KEY ("form_version_id") REFERENCES "form_version" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "submission_public_id" ON "submission" ("public_id");
CREATE INDEX "submission_form_version_id" ON "submission" ("form_version_id");
CREATE UNIQUE INDEX "submission_ticket" ON "submission" ("ticket");
CREATE INDEX "submission_client_id" ON "submission" ("client_id");
CREATE TABLE "question" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "form_version_id" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "label" TEXT NOT NULL,
    "help" TEXT NOT NULL,
    "options" TEXT NOT NULL,
    "fills" VARCHAR(20) NOT NULL,
    "required" INTEGER NOT NULL,
    "coach_only" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    FOREIGN KEY ("form_version_id") REFERENCES "form_version" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "question_public_id" ON "question" ("public_id");
CREATE INDEX "question_form_version_id" ON "question" ("form_version_id");
CREATE UNIQUE INDEX "question_form_version_id_position" ON "question" ("form_version_id", "position");
CREATE TABLE "answer" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "submission_id" INTEGER NOT NULL,
    "question_id" INTEGER NOT NULL,
    "value" BLOB NOT NULL,
    "document_id" INTEGER,
    FOREIGN KEY ("submission_id") REFERENCES "submission" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("question_id") REFERENCES "question" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE SET NULL
);
CREATE INDEX "answer_submission_id" ON "answer" ("submission_id");
CREATE INDEX "answer_question_id" ON "answer" ("question_id");
CREATE INDEX "answer_document_id" ON "answer" ("document_id");
CREATE UNIQUE INDEX "answer_submission_id_question_id" ON "answer" ("submission_id", "question_id");

-- boards
CREATE TABLE "board" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "slug" VARCHAR(20) NOT NULL,
    "revision" INTEGER NOT NULL
);
CREATE UNIQUE INDEX "board_slug" ON "board" ("slug");
CREATE TABLE "stage" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "board_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "meaning" VARCHAR(20),
    "position" INTEGER NOT NULL,
    "target_days" INTEGER,
    "hidden" INTEGER NOT NULL,
    FOREIGN KEY ("board_id") REFERENCES "board" ("id") ON DELETE RESTRICT
);
CREATE UNIQUE INDEX "stage_public_id" ON "stage" ("public_id");
CREATE INDEX "stage_board_id" ON "stage" ("board_id");
CREATE UNIQUE INDEX "stage_board_id_position" ON "stage" ("board_id", "position");
CREATE UNIQUE INDEX "stage_board_id_meaning" ON "stage" ("board_id", "meaning");
CREATE TABLE "card" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "board_id" INTEGER NOT NULL,
    "stage_id" INTEGER NOT NULL,
    "client_id" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "entered_at" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    FOREIGN KEY ("board_id") REFERENCES "board" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("stage_id") REFERENCES "stage" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "card_public_id" ON "card" ("public_id");
CREATE INDEX "card_board_id" ON "card" ("board_id");
CREATE INDEX "card_stage_id" ON "card" ("stage_id");
CREATE INDEX "card_client_id" ON "card" ("client_id");
CREATE UNIQUE INDEX "card_stage_id_position" ON "card" ("stage_id", "position");
CREATE UNIQUE INDEX "card_board_id_client_id" ON "card" ("board_id", "client_id");
CREATE TABLE "move" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "card_id" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "from_stage_id" INTEGER,
    "to_stage_id" INTEGER,
    "from_position" INTEGER NOT NULL,
    "entered_at" TEXT NOT NULL,
    "status" VARCHAR(12) NOT NULL,
    "waiting_on" VARCHAR(12) NOT NULL,
    "next_step" TEXT NOT NULL,
    "waiting_since" TEXT,
    "at" TEXT NOT NULL,
    "by_id" INTEGER NOT NULL,
    FOREIGN KEY ("card_id") REFERENCES "card" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("from_stage_id") REFERENCES "stage" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("to_stage_id") REFERENCES "stage" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE RESTRICT
);
CREATE INDEX "move_card_id" ON "move" ("card_id");
CREATE INDEX "move_from_stage_id" ON "move" ("from_stage_id");
CREATE INDEX "move_to_stage_id" ON "move" ("to_stage_id");
CREATE INDEX "move_by_id" ON "move" ("by_id");
CREATE UNIQUE INDEX "move_card_id_version" ON "move" ("card_id", "version");
"""


def up(migrator, db):
    for statement in SQL.split(";\n"):
        if statement.strip():
            db.execute_sql(statement)

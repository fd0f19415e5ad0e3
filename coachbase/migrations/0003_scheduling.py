"""Availability, other calendars, sessions with their ledger, requests, polls, plans and cohorts."""

SQL = """
-- what was there
ALTER TABLE "engagement" ADD COLUMN "cancel_hours" INTEGER NOT NULL DEFAULT 24;
ALTER TABLE "engagement" ADD COLUMN "late_is_charged" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "engagement" ADD COLUMN "place_kind" VARCHAR(6) NOT NULL DEFAULT '';
ALTER TABLE "engagement" ADD COLUMN "place" TEXT NOT NULL DEFAULT '';
ALTER TABLE "program_template" ADD COLUMN "cancel_hours" INTEGER NOT NULL DEFAULT 24;
ALTER TABLE "program_template" ADD COLUMN "late_is_charged" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "message" ADD COLUMN "method" VARCHAR(8) NOT NULL DEFAULT '';
ALTER TABLE "message" ADD COLUMN "calendar" BLOB;

-- availability
CREATE TABLE "availability" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "coach_id" INTEGER NOT NULL,
    "before_minutes" INTEGER NOT NULL,
    "after_minutes" INTEGER NOT NULL,
    "notice_hours" INTEGER NOT NULL,
    "horizon_days" INTEGER NOT NULL,
    "increment" INTEGER NOT NULL,
    "daily_most" INTEGER NOT NULL,
    "weekly_most" INTEGER NOT NULL,
    "country" VARCHAR(40) NOT NULL,
    "place_kind" VARCHAR(6) NOT NULL,
    "place" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "availability_coach_id" ON "availability" ("coach_id");
CREATE TABLE "kind_terms" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "coach_id" INTEGER NOT NULL,
    "kind" VARCHAR(10) NOT NULL,
    "minutes" INTEGER,
    "before_minutes" INTEGER,
    "after_minutes" INTEGER,
    "notice_hours" INTEGER,
    "daily_most" INTEGER,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE INDEX "kind_terms_coach_id" ON "kind_terms" ("coach_id");
CREATE UNIQUE INDEX "kind_terms_coach_id_kind" ON "kind_terms" ("coach_id", "kind");
CREATE TABLE "hours" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "coach_id" INTEGER NOT NULL,
    "weekday" INTEGER NOT NULL,
    "begins" INTEGER NOT NULL,
    "ends" INTEGER NOT NULL,
    "kinds" TEXT NOT NULL,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE INDEX "hours_coach_id" ON "hours" ("coach_id");
CREATE TABLE "special_day" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "coach_id" INTEGER NOT NULL,
    "first" DATE NOT NULL,
    "last" DATE NOT NULL,
    "begins" INTEGER,
    "ends" INTEGER,
    "why" TEXT NOT NULL,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "special_day_public_id" ON "special_day" ("public_id");
CREATE INDEX "special_day_coach_id" ON "special_day" ("coach_id");
CREATE TABLE "trip" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "coach_id" INTEGER NOT NULL,
    "first" DATE NOT NULL,
    "last" DATE NOT NULL,
    "zone" TEXT NOT NULL,
    "place" TEXT NOT NULL,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "trip_public_id" ON "trip" ("public_id");
CREATE INDEX "trip_coach_id" ON "trip" ("coach_id");
CREATE TABLE "holiday" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "coach_id" INTEGER NOT NULL,
    "on" DATE NOT NULL,
    "name" TEXT NOT NULL,
    "is_worked" INTEGER NOT NULL,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE INDEX "holiday_coach_id" ON "holiday" ("coach_id");
CREATE UNIQUE INDEX "holiday_coach_id_on" ON "holiday" ("coach_id", "on");

-- feeds
CREATE TABLE "feed" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "coach_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "kind" VARCHAR(6) NOT NULL,
    "address" BLOB NOT NULL,
    "username" TEXT NOT NULL,
    "password" BLOB,
    "etag" TEXT NOT NULL,
    "warning" TEXT NOT NULL,
    "answer" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "leased_until" TEXT,
    "next_at" TEXT,
    "ok_at" TEXT,
    "created_at" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "feed_public_id" ON "feed" ("public_id");
CREATE INDEX "feed_coach_id" ON "feed" ("coach_id");
CREATE TABLE "busy" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "feed_id" INTEGER NOT NULL,
    "begins_at" TEXT NOT NULL,
    "ends_at" TEXT NOT NULL,
    "is_all_day" INTEGER NOT NULL,
    FOREIGN KEY ("feed_id") REFERENCES "feed" ("id") ON DELETE CASCADE
);
CREATE INDEX "busy_feed_id" ON "busy" ("feed_id");
CREATE INDEX "busy_feed_id_begins_at" ON "busy" ("feed_id", "begins_at");

-- sessions
CREATE TABLE "coaching_session" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "uid" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "coach_id" INTEGER NOT NULL,
    "client_id" INTEGER,
    "engagement_id" INTEGER,
    "kind" VARCHAR(10) NOT NULL,
    "title" TEXT NOT NULL,
    "starts_at" TEXT NOT NULL,
    "ends_at" TEXT NOT NULL,
    "before_minutes" INTEGER NOT NULL,
    "after_minutes" INTEGER NOT NULL,
    "zone" TEXT NOT NULL,
    "place_kind" VARCHAR(6) NOT NULL,
    "place" TEXT NOT NULL,
    "state" VARCHAR(14) NOT NULL,
    "via" VARCHAR(10) NOT NULL,
    "reason" TEXT NOT NULL,
    "moves" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "ended_at" TEXT,
    "by_id" INTEGER,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "coaching_session_public_id" ON "coaching_session" ("public_id");
CREATE UNIQUE INDEX "coaching_session_uid" ON "coaching_session" ("uid");
CREATE INDEX "coaching_session_coach_id" ON "coaching_session" ("coach_id");
CREATE INDEX "coaching_session_client_id" ON "coaching_session" ("client_id");
CREATE INDEX "coaching_session_engagement_id" ON "coaching_session" ("engagement_id");
CREATE INDEX "coaching_session_by_id" ON "coaching_session" ("by_id");
CREATE INDEX "coaching_session_coach_id_starts_at" ON "coaching_session" ("coach_id", "starts_at");
CREATE INDEX "coaching_session_client_id_starts_at" ON "coaching_session" ("client_id", "starts_at");
CREATE INDEX "coaching_session_state_ends_at" ON "coaching_session" ("state", "ends_at");
CREATE TABLE "attendee" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "session_id" INTEGER NOT NULL,
    "role" VARCHAR(8) NOT NULL,
    "client_id" INTEGER,
    "contact_id" INTEGER,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "zone" TEXT NOT NULL,
    "answer" VARCHAR(12) NOT NULL,
    "answered_at" TEXT,
    "sequence" INTEGER NOT NULL,
    "left_at" TEXT,
    "was_there" INTEGER,
    FOREIGN KEY ("session_id") REFERENCES "coaching_session" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("contact_id") REFERENCES "contact" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "attendee_public_id" ON "attendee" ("public_id");
CREATE INDEX "attendee_session_id" ON "attendee" ("session_id");
CREATE INDEX "attendee_client_id" ON "attendee" ("client_id");
CREATE INDEX "attendee_contact_id" ON "attendee" ("contact_id");
CREATE TABLE "hold" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "coach_id" INTEGER NOT NULL,
    "starts_at" TEXT NOT NULL,
    "ends_at" TEXT NOT NULL,
    "expires_at" TEXT NOT NULL,
    "about" VARCHAR(26) NOT NULL,
    "words" TEXT NOT NULL,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "hold_public_id" ON "hold" ("public_id");
CREATE INDEX "hold_coach_id" ON "hold" ("coach_id");
CREATE INDEX "hold_expires_at" ON "hold" ("expires_at");
CREATE INDEX "hold_about" ON "hold" ("about");
CREATE INDEX "hold_coach_id_starts_at" ON "hold" ("coach_id", "starts_at");
CREATE TABLE "ledger_entry" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "engagement_id" INTEGER NOT NULL,
    "session_id" INTEGER,
    "entry" VARCHAR(14) NOT NULL,
    "count" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("session_id") REFERENCES "coaching_session" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE INDEX "ledger_entry_engagement_id" ON "ledger_entry" ("engagement_id");
CREATE INDEX "ledger_entry_session_id" ON "ledger_entry" ("session_id");
CREATE INDEX "ledger_entry_by_id" ON "ledger_entry" ("by_id");

-- scheduling
CREATE TABLE "request" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "client_id" INTEGER NOT NULL,
    "engagement_id" INTEGER,
    "coach_id" INTEGER NOT NULL,
    "kind" VARCHAR(10) NOT NULL,
    "minutes" INTEGER NOT NULL,
    "from_on" DATE,
    "until_on" DATE,
    "state" VARCHAR(10) NOT NULL,
    "session_id" INTEGER,
    "asked_at" TEXT NOT NULL,
    "reminders" INTEGER NOT NULL,
    "reminded_at" TEXT,
    "unsuited_at" TEXT,
    "by_id" INTEGER,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("session_id") REFERENCES "coaching_session" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "request_public_id" ON "request" ("public_id");
CREATE INDEX "request_client_id" ON "request" ("client_id");
CREATE INDEX "request_engagement_id" ON "request" ("engagement_id");
CREATE INDEX "request_coach_id" ON "request" ("coach_id");
CREATE INDEX "request_session_id" ON "request" ("session_id");
CREATE INDEX "request_by_id" ON "request" ("by_id");

-- invitations
CREATE TABLE "reminder" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "attendee_id" INTEGER NOT NULL,
    "kind" VARCHAR(12) NOT NULL,
    "starts_at" TEXT NOT NULL,
    "message_id" INTEGER,
    FOREIGN KEY ("attendee_id") REFERENCES "attendee" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("message_id") REFERENCES "message" ("id") ON DELETE SET NULL
);
CREATE INDEX "reminder_attendee_id" ON "reminder" ("attendee_id");
CREATE INDEX "reminder_message_id" ON "reminder" ("message_id");
CREATE UNIQUE INDEX "reminder_attendee_id_kind_starts_at" ON "reminder" ("attendee_id", "kind", "starts_at");
CREATE TABLE "reply_box" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "host" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "security" VARCHAR(8) NOT NULL,
    "username" TEXT NOT NULL,
    "password" BLOB NOT NULL,
    "folder" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "validity" INTEGER NOT NULL,
    "last_uid" INTEGER NOT NULL,
    "looked_at" TEXT,
    "answer" TEXT NOT NULL
);

-- polls
CREATE TABLE "poll" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "engagement_id" INTEGER NOT NULL,
    "coach_id" INTEGER NOT NULL,
    "kind" VARCHAR(10) NOT NULL,
    "title" TEXT NOT NULL,
    "minutes" INTEGER NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "expires_at" TEXT NOT NULL,
    "session_id" INTEGER,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("session_id") REFERENCES "coaching_session" ("id") ON DELETE SET NULL,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "poll_public_id" ON "poll" ("public_id");
CREATE INDEX "poll_engagement_id" ON "poll" ("engagement_id");
CREATE INDEX "poll_coach_id" ON "poll" ("coach_id");
CREATE INDEX "poll_session_id" ON "poll" ("session_id");
CREATE INDEX "poll_by_id" ON "poll" ("by_id");
CREATE TABLE "poll_slot" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "poll_id" INTEGER NOT NULL,
    "starts_at" TEXT NOT NULL,
    "hold_id" INTEGER,
    FOREIGN KEY ("poll_id") REFERENCES "poll" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("hold_id") REFERENCES "hold" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "poll_slot_public_id" ON "poll_slot" ("public_id");
CREATE INDEX "poll_slot_poll_id" ON "poll_slot" ("poll_id");
CREATE INDEX "poll_slot_hold_id" ON "poll_slot" ("hold_id");
CREATE UNIQUE INDEX "poll_slot_poll_id_starts_at" ON "poll_slot" ("poll_id", "starts_at");
CREATE TABLE "voter" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "poll_id" INTEGER NOT NULL,
    "client_id" INTEGER,
    "contact_id" INTEGER,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL COLLATE NOCASE,
    "zone" TEXT NOT NULL,
    "note" TEXT NOT NULL,
    "asked_at" TEXT,
    "answered_at" TEXT,
    "reminders" INTEGER NOT NULL,
    "reminded_at" TEXT,
    FOREIGN KEY ("poll_id") REFERENCES "poll" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("contact_id") REFERENCES "contact" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "voter_public_id" ON "voter" ("public_id");
CREATE INDEX "voter_poll_id" ON "voter" ("poll_id");
CREATE INDEX "voter_client_id" ON "voter" ("client_id");
CREATE INDEX "voter_contact_id" ON "voter" ("contact_id");
CREATE TABLE "vote" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "voter_id" INTEGER NOT NULL,
    "slot_id" INTEGER NOT NULL,
    "suits" INTEGER NOT NULL,
    FOREIGN KEY ("voter_id") REFERENCES "voter" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("slot_id") REFERENCES "poll_slot" ("id") ON DELETE CASCADE
);
CREATE INDEX "vote_voter_id" ON "vote" ("voter_id");
CREATE INDEX "vote_slot_id" ON "vote" ("slot_id");
CREATE UNIQUE INDEX "vote_voter_id_slot_id" ON "vote" ("voter_id", "slot_id");

-- planning
CREATE TABLE "proposal" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "kind" VARCHAR(10) NOT NULL,
    "coach_id" INTEGER NOT NULL,
    "engagement_id" INTEGER,
    "first" DATE NOT NULL,
    "last" DATE,
    "reason" TEXT NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "applied_at" TEXT,
    "mails_at" TEXT,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "proposal_public_id" ON "proposal" ("public_id");
CREATE INDEX "proposal_coach_id" ON "proposal" ("coach_id");
CREATE INDEX "proposal_engagement_id" ON "proposal" ("engagement_id");
CREATE INDEX "proposal_by_id" ON "proposal" ("by_id");
CREATE TABLE "proposed_session" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "proposal_id" INTEGER NOT NULL,
    "session_id" INTEGER,
    "client_id" INTEGER,
    "kind" VARCHAR(10) NOT NULL,
    "minutes" INTEGER NOT NULL,
    "before" TEXT,
    "after" TEXT,
    "exception" TEXT NOT NULL,
    "chosen" INTEGER NOT NULL,
    FOREIGN KEY ("proposal_id") REFERENCES "proposal" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("session_id") REFERENCES "coaching_session" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "proposed_session_public_id" ON "proposed_session" ("public_id");
CREATE INDEX "proposed_session_proposal_id" ON "proposed_session" ("proposal_id");
CREATE INDEX "proposed_session_session_id" ON "proposed_session" ("session_id");
CREATE INDEX "proposed_session_client_id" ON "proposed_session" ("client_id");

-- cohorts
CREATE TABLE "cohort" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "name" TEXT NOT NULL,
    "coach_id" INTEGER NOT NULL,
    "seats" INTEGER NOT NULL,
    "minutes" INTEGER NOT NULL,
    "place_kind" VARCHAR(6) NOT NULL,
    "place" TEXT NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "by_id" INTEGER,
    FOREIGN KEY ("coach_id") REFERENCES "user" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("by_id") REFERENCES "user" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "cohort_public_id" ON "cohort" ("public_id");
CREATE INDEX "cohort_coach_id" ON "cohort" ("coach_id");
CREATE INDEX "cohort_by_id" ON "cohort" ("by_id");
CREATE TABLE "seat" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "cohort_id" INTEGER NOT NULL,
    "client_id" INTEGER NOT NULL,
    "engagement_id" INTEGER,
    "number" INTEGER NOT NULL,
    "since" TEXT NOT NULL,
    FOREIGN KEY ("cohort_id") REFERENCES "cohort" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("engagement_id") REFERENCES "engagement" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "seat_public_id" ON "seat" ("public_id");
CREATE INDEX "seat_cohort_id" ON "seat" ("cohort_id");
CREATE INDEX "seat_client_id" ON "seat" ("client_id");
CREATE INDEX "seat_engagement_id" ON "seat" ("engagement_id");
CREATE UNIQUE INDEX "seat_cohort_id_client_id" ON "seat" ("cohort_id", "client_id");
CREATE UNIQUE INDEX "seat_cohort_id_number" ON "seat" ("cohort_id", "number");
CREATE TABLE "meeting" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "public_id" VARCHAR(26) NOT NULL,
    "cohort_id" INTEGER NOT NULL,
    "session_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "topic" TEXT NOT NULL,
    "makes_up_id" INTEGER,
    "version" INTEGER NOT NULL,
    FOREIGN KEY ("cohort_id") REFERENCES "cohort" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("session_id") REFERENCES "coaching_session" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("makes_up_id") REFERENCES "meeting" ("id") ON DELETE SET NULL
);
CREATE UNIQUE INDEX "meeting_public_id" ON "meeting" ("public_id");
CREATE INDEX "meeting_cohort_id" ON "meeting" ("cohort_id");
CREATE UNIQUE INDEX "meeting_session_id" ON "meeting" ("session_id");
CREATE INDEX "meeting_makes_up_id" ON "meeting" ("makes_up_id");
CREATE TABLE "material" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "meeting_id" INTEGER NOT NULL,
    "document_id" INTEGER NOT NULL,
    FOREIGN KEY ("meeting_id") REFERENCES "meeting" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("document_id") REFERENCES "document" ("id") ON DELETE CASCADE
);
CREATE INDEX "material_meeting_id" ON "material" ("meeting_id");
CREATE INDEX "material_document_id" ON "material" ("document_id");
CREATE UNIQUE INDEX "material_meeting_id_document_id" ON "material" ("meeting_id", "document_id");

-- what active programs bought
INSERT INTO "ledger_entry" ("engagement_id", "entry", "count", "reason", "at")
    SELECT "id", 'bought', "sessions", "name", "created_at" FROM "engagement"
    WHERE "state" <> 'draft' AND "sessions" > 0;
"""


def up(migrator, db):
    for statement in SQL.split(";\n"):
        if statement.strip():
            db.execute_sql(statement)

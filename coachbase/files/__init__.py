"""Stored documents: in the database, encrypted, handed out as attachments only."""

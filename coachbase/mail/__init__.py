"""The outbox: every message as a row with its fate; the firm's texts; the SMTP settings."""

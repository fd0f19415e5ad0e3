"""A client's development plan: a text with versions that coach and assistant write."""

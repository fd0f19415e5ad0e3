"""Clients, their own assistants, sponsor organisations and contacts; the wall of who may see whom."""

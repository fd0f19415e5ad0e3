"""Reminders of what is overdue, and late fees."""

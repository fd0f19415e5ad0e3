"""A program as one client runs it: terms, sponsor contacts, onboarding steps and what comes when."""

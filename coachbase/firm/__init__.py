"""The coaching firm itself: its name, zone, currency, colour and logo. Everything else stands on it."""

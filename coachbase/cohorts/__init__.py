"""Group programs: seats, a series of sessions, who was there, what was handed out."""

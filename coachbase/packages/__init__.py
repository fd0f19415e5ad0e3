"""What a coach needs before a debrief, as one PDF; and the client's copy of it."""

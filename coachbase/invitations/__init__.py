"""What goes into other people's calendars: invitations by mail, replies to them, reminders, feeds."""

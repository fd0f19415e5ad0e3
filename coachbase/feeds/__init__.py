"""Reading a coach's other calendars: busy times without titles, and how far to trust them."""

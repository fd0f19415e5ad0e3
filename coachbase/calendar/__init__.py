"""The calendar page: all sessions of the coaches one works for, by week, by month, as a list."""

"""Booking, moving, cancelling and holding times by one path."""

"""Asking clients to book: what is asked for, until it is booked by whatever door or withdrawn."""

"""What a rule says when it says no."""


class Refused(Exception):
    """A rule said no. The text is a sentence for the person who asked; nothing was changed."""


class Stale(Refused):
    """Somebody saved a newer version of this text since it was opened."""


class RefusedAndNoted(Refused):
    """A rule said no, and the try itself is noted: what the action wrote so far is kept (see db.atomic)."""


class TooMany(Refused):
    """Asked too often; the sentence says when to come back."""


class AlreadyDone(Exception):
    """This very form was submitted before and has taken effect; see db.atomic."""

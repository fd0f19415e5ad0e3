"""A practice made of fiction, so that every page has something to show."""


def fill() -> str:
    """Fill an empty practice; what was made, in one sentence."""
    return "Nothing was made yet."

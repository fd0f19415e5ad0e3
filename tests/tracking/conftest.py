"""The practice of tests/raters, and what a vendor says about it."""

from tests.raters.conftest import (  # noqa: F401 (fixtures)
    assessment,
    eq360,
    invited,
    listed,
    monday,
    program,
    stock,
)

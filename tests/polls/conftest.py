"""Bob's program with Alice, where Sam is to meet them; it is Monday 23 November, eight in the morning in London."""

from tests.scheduling.conftest import monday, place, program  # noqa: F401 (fixtures)

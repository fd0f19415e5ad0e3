"""A package of ten reports with twenty pages each: read, numbered and bound as the worker does it, in its own process.

What this process holds more at the end is what the web server would: the pages themselves pass through it.
"""

import resource
import time
from pathlib import Path

from coachbase import binding, paper
from tests.packages import pdfs

REPORTS, PAGES = 10, 20
MADE_AT = "2026-11-03T14:05:00+00:00"


def made(reports: list[bytes]) -> bytes:
    """The reports bound under numbered feet."""
    total, number, parts = REPORTS * PAGES, 1, []
    for place, content in enumerate(reports, start=1):
        sheaf = binding.read(content)
        strips = [{"width": width, "number": f"{number + at} / {total}"} for at, width in enumerate(sheaf.widths)]
        data = {"made_at": MADE_AT, "left": f"Report {place}", "high": binding.STRIP, "strips": strips}
        parts.append(binding.Part(f"Report {place}", sheaf, paper.render("strips", data)))
        number += sheaf.pages
    return binding.bind(parts, title="Package", author="Northbank", made_at="D:20261103140500Z")


def taken(times: int) -> tuple[list[float], int, float]:
    """Milliseconds, turn by turn; the size of the package in bytes; and the MB this process holds more than before."""
    words = "Every scale is read against the others, and none of them alone. " * 40
    reports = [pdfs.report(words, pages=PAGES) for _ in range(REPORTS)]
    made(reports)  # the process beside this one is up
    before, spans, size = _held(), [], 0
    for _ in range(times):
        start = time.perf_counter()
        size = len(made(reports))
        spans.append((time.perf_counter() - start) * 1000)
    return spans, size, _held() - before


def _held() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1_000_000

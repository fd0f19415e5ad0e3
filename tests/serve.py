"""`python -m tests.serve …` is `python app.py …`, with templates that any process of the tests has compiled before.

A server of the tests lives for a second or two; without this it spends most of it on compiling the same templates.
BEGINS_AT, a moment, is what its clock shows when it starts.
"""

import os
import sys
from datetime import datetime
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache

COMPILED = Path(__file__).resolve().parents[1] / ".pytest_cache" / "templates"


def keep_compiled_templates() -> None:
    """For every application made from here on. Jinja itself compiles anew what was changed."""
    COMPILED.mkdir(parents=True, exist_ok=True)
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(COMPILED))}


if __name__ == "__main__":
    from coachbase.cli import main

    keep_compiled_templates()
    if begins_at := os.environ.get("BEGINS_AT"):
        import time_machine

        time_machine.travel(datetime.fromisoformat(begins_at)).start()
    sys.exit(main())

"""coachbase: `python app.py --help`; for a WSGI server of your own, `app:create_app()`."""

import sys

from coachbase import create_app

__all__ = ["create_app"]

if __name__ == "__main__":
    from coachbase.cli import main

    sys.exit(main())

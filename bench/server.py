"""The app as `python app.py serve` runs it, with a bare Flask route beside it on the same server, and queries counted.

Run by run.py: `python bench/server.py`, settings from the environment.
"""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from flask import Flask
from playhouse.cysqlite_ext import CySqliteDatabase
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from coachbase import create_app, serve
from coachbase.config import Config
from coachbase.db import database


def bare(scratch: Path) -> Flask:
    """What Flask costs on this machine when it does nothing, and what one row costs that must survive a power cut."""
    app = Flask("hello")
    app.get("/")(lambda: "hello")
    rows = CySqliteDatabase(scratch, pragmas={"journal_mode": "wal", "synchronous": "full"})
    rows.execute_sql("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, at TEXT)")
    app.get("/row", endpoint="row")(lambda: str(rows.execute_sql("INSERT INTO row (at) VALUES ('now')").lastrowid))
    return app


def count_queries(app: Flask) -> None:
    """Tell in a header how many statements an answer took; the worker's, in its own thread, do not count."""
    plain, counted = database.execute_sql, threading.local()

    def counting(*args, **kwargs):
        counted.queries = getattr(counted, "queries", 0) + 1
        return plain(*args, **kwargs)

    database.execute_sql = counting
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: setattr(counted, "queries", 0))

    @app.after_request
    def tell(response):
        response.headers["X-Queries"] = str(counted.queries)
        return response


if __name__ == "__main__":
    config = Config.from_env()
    app = create_app(config)
    if "--count" in sys.argv:
        count_queries(app)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/hello": bare(config.data / "bare.sqlite3")})
    sys.exit(serve.serve(app, config, with_worker=True))

"""The `coachbase` command: serve, worker, migrate, sample, check."""

import argparse
import logging
import sys
from collections.abc import Sequence

from . import create_app
from .config import VERSION, Config, ConfigError
from .errors import Refused


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; whatever stops it says why in one line and gives an exit code other than 0."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("huey").setLevel(logging.WARNING)
    try:
        return chosen.run(Config.from_env(), chosen) or 0
    except (ConfigError, Refused) as error:
        print(f"coachbase: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python app.py", description="coachbase, the desk of a coaching firm.")
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="command")
    for run, text in (
        (serve, "serve pages, with the worker in the same process"),
        (worker, "run the background worker alone"),
        (migrate, "make the database, or bring it to today's shape"),
        (sample, "fill an empty practice with fiction to try things out"),
        (check, "look whether the database is sound"),
    ):
        command = commands.add_parser(run.__name__, help=text, description=text)
        command.set_defaults(run=run)
        if run is serve:
            command.add_argument("--no-worker", action="store_true", help="leave the worker to a process of its own")
    return parser


def serve(config: Config, chosen: argparse.Namespace) -> int:
    from .serve import serve as run

    return run(create_app(config), config, with_worker=not chosen.no_worker)


def worker(config: Config, chosen: argparse.Namespace) -> int:
    from .serve import work

    return work(create_app(config))


def migrate(config: Config, chosen: argparse.Namespace) -> int:
    from . import schema

    applied = schema.migrate(config)
    print(f"{len(applied)} migrations applied." if applied else "The database is up to date.")
    return 0


def sample(config: Config, chosen: argparse.Namespace) -> int:
    from .sample import fill

    app = create_app(config)
    with app.app_context():
        print(fill())
    return 0


def check(config: Config, chosen: argparse.Namespace) -> int:
    from .check import findings

    create_app(config)
    found = list(findings())
    for line in found:
        print(line)
    print("The database is sound." if not found else f"{len(found)} findings.")
    return 1 if found else 0

"""Everything here happens in the world of tests/safety/world.py instead of the small cast."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from coachbase import create_app, jobs
from coachbase.config import Config
from coachbase.db import database
from tests.conftest import Browser
from tests.safety.people import People, arrive
from tests.safety.world import World, build


@pytest.fixture(scope="session")
def furnished(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    """A folder with the world in it, to be copied, and what stands where."""
    folder = tmp_path_factory.mktemp("world") / "data"
    shutil.copytree(migrated, folder)
    app = create_app(Config(data=folder, base_url="http://localhost"))
    world = build()
    arrive(app, world)
    jobs.huey.storage.flush_queue()
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder, world


@pytest.fixture
def config(furnished: tuple[Path, World], tmp_path: Path) -> Config:
    folder = tmp_path / "data"
    shutil.copytree(furnished[0], folder)
    return Config(data=folder, base_url="http://localhost")


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """Guards are taken off here to see what happens, so each test has an application of its own."""
    return own_app


@pytest.fixture
def world(furnished: tuple[Path, World]) -> World:
    return furnished[1]


@pytest.fixture
def people(app: Flask, world: World) -> People:
    """`people["vera"]` is a browser as Vera left it; strangers and holders of links are among them."""
    return People(app, world)


@pytest.fixture
def sign_in(people: People) -> Callable[[str], Browser]:
    return people.__getitem__

"""Vendored files are what their authors published: each is listed with its version, licence and hash."""

import base64
import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = [ROOT / "static" / "vendor", ROOT / "tests" / "browser" / "vendor"]


def listed(folder):
    """file name -> (version, licence, sha384) as CHECKSUMS has it"""
    lines = (folder / "CHECKSUMS").read_text().splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return {name: (version, licence, checksum) for name, version, licence, checksum in rows}


def sha384(path):
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_vendored_file_matches_its_listed_hash(folder):
    expected = {name: checksum for name, (_, _, checksum) in listed(folder).items()}
    assert {path.name: sha384(path) for path in folder.glob("*.js")} == expected


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_vendored_file_brings_its_licence(folder):
    for name in listed(folder):
        licence = folder / f"{name.split('.')[0].removesuffix('-ext')}.LICENSE.txt"
        assert licence.read_text().strip(), f"{name} has no licence text"


def test_the_version_in_the_list_is_the_version_in_the_file():
    # idiomorph writes no version into its file, so its hash has to speak for it.
    says_its_version = {"htmx.min.js": 'version:"{}"', "Sortable.min.js": "Sortable {} ", "axe.min.js": "axe v{}\n"}
    for folder in FOLDERS:
        for name, (version, _, _) in listed(folder).items():
            if name in says_its_version:
                assert says_its_version[name].format(version) in (folder / name).read_text()

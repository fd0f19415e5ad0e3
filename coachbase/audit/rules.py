"""What is worth a line when somebody opens it."""

from enum import StrEnum


class What(StrEnum):
    CODE = "code"
    FILE = "file"
    PACKAGE = "package"
    SETTING = "setting"


LABELS = {What.CODE: "Access code", What.FILE: "File", What.PACKAGE: "Package", What.SETTING: "Setting"}
ICONS = {What.CODE: "key", What.FILE: "file", What.PACKAGE: "archive", What.SETTING: "settings"}

"""axe-core, asked about one page: what breaks WCAG 2.2 AA and common good practice."""

from pathlib import Path

SOURCE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# Off by default in axe, yet WCAG 2.2 AA asks for it.
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}

DARK = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}


def violations(page) -> list[str]:
    """One line for each rule broken: its name, what it wants, and the elements that break it.

    A page is built the same in both themes, so of the dark one only the contrast is asked.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(SOURCE)
    options = DARK if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else OPTIONS
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{rule['id']}: {rule['help']} — {', '.join(element_of(node) for node in rule['nodes'])}" for rule in found]


def element_of(node) -> str:
    return f"{node['html'][:160]} ({'; '.join(check['message'] for check in node['any'] + node['all'] + node['none'])})"

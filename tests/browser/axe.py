"""axe-core, asked about one page: what breaks WCAG 2.2 AA and common good practice."""

from pathlib import Path

SOURCE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# Off by default in axe, yet WCAG 2.2 AA asks for it.
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


def violations(page, *rules: str) -> list[str]:
    """One line for each rule broken, of all or of these: its name, what it wants, and the elements that break it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(SOURCE)
    options = OPTIONS | ({"runOnly": {"type": "rule", "values": rules}} if rules else {})
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{rule['id']}: {rule['help']} — {', '.join(element_of(node) for node in rule['nodes'])}" for rule in found]


def element_of(node) -> str:
    return f"{node['html'][:160]} ({'; '.join(check['message'] for check in node['any'] + node['all'] + node['none'])})"

"""The rights (ACLs) that docs/operations.md lists."""

from support.harness import ROOT


def documented():
    """The rows of the table: {command: {(right, resource): what its absence leads to}}."""
    page = (ROOT / "docs/operations.md").read_text()
    table = page.split("| command | right | on | without it |\n")[1].split("\n\n")[0]
    rights = {}
    for row in table.splitlines()[1:]:
        command, right, resource, absence = (cell.strip() for cell in row.strip("|").split("|"))
        rights.setdefault(command.strip("`"), {})[right, resource.removeprefix("the ")] = absence
    return rights

"""Trees given as child → parent."""

from collections.abc import Iterable


def subtree(links: Iterable[tuple[str, str | None]], root: str) -> frozenset[str]:
    """A node and everything below it, from (child, parent) links. A ring, which nobody should make, is walked once."""
    children: dict[str, list[str]] = {}
    for child, parent in links:
        if parent is not None:
            children.setdefault(parent, []).append(child)
    found: set[str] = set()
    ends = [root]
    while ends:
        current = ends.pop()
        if current not in found:
            found.add(current)
            ends.extend(children.get(current, ()))
    return frozenset(found)

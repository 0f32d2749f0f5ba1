"""Where something can be spoilt: every place in a document of dicts and lists."""

from typing import Any


def inner(node: Any) -> list[tuple[Any, Any]]:
    """Every place in a document, as what holds it and its key there."""
    found = []
    for key in [*node] if isinstance(node, dict) else range(len(node)):
        found.append((node, key))
        if isinstance(node[key], (dict, list)):
            found += inner(node[key])
    return found

"""What a page of HTML refers to, and the names that it gives."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """The links, names and tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        found = dict(attrs)
        self.tags.append((tag, found))
        self.links += [it for name in ("href", "src") if (it := found.get(name))]
        self.names += [it for it in [found.get("id")] if it]

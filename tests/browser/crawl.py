"""A walk through the portal: from link to link, until every page has been seen."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from fastapi import FastAPI
from playwright.async_api import Page

from tests.unit.web.test_rights_of_routes import doors_of

LIKE_EACH_OTHER = 3
"""Of pages of one route, so many are looked at."""
START = "/"
ASIDE = re.compile(
    r"^/(sign-in|sign-out|setup|invitation|assets|api)\b|/(download|export|flow-file)\b|\.[^/]+$"
)
"""What is no page of somebody who has signed in, or is saved as a file."""

_ADDRESSES = """
() => [...document.querySelectorAll("a[href], [hx-get]")]
  .filter((each) => !each.hasAttribute("download"))
  .map((each) => ["hx-get", "href"].map((name) => each.getAttribute(name)).find(Boolean))
  .filter(Boolean)
"""
_SETTLED = """
() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  for (const box of document.querySelectorAll("main details")) box.open = true;
  for (const each of document.querySelectorAll("main :is(a, [tabindex])"))
    each.focus({preventScroll: true});
  document.activeElement?.blur?.();
  done(true);
})))
"""
"""Open what is closed, and pass over everything that tells more when it has the focus."""


@dataclass
class Walk:
    """Where somebody has been.

    Attributes:
        routes: paths of pages, as the application has them, such as ``/calls/{call_id}``.
        seen: how many addresses of each route.
        visited: the addresses, in order.
        unknown: addresses that no route takes, by the page that has them.
    """

    routes: list[str]
    seen: Counter[str] = field(default_factory=Counter)
    visited: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)

    async def pages(self, page: Page, *more: str) -> AsyncIterator[str]:
        """Open page after page; each address once it is drawn.

        Args:
            page: of somebody who has signed in.
            more: addresses to begin with, besides the first page.
        """
        waiting, met = deque([START, *more]), {START, *more}
        while waiting:
            address = waiting.popleft()
            route = self.route(address)
            if route is None or self.seen[route] >= LIKE_EACH_OTHER:
                continue
            self.seen[route] += 1
            self.visited.append(address)
            answer = await page.goto(address)
            assert answer is not None
            assert answer.status < 500, f"{address}: {answer.status}"
            await page.evaluate(_SETTLED)
            yield address
            for found in await self._found(page, address):
                if found not in met:
                    met.add(found)
                    waiting.append(found)

    async def _found(self, page: Page, address: str) -> Iterable[str]:
        addresses = []
        for link in await page.evaluate(_ADDRESSES):
            whole = urlsplit(urljoin(page.url, link))
            if whole.netloc != urlsplit(page.url).netloc or ASIDE.search(whole.path):
                continue
            if self.route(whole.path) is None:
                self.unknown.setdefault(whole.path, address)
            addresses.append(whole.path + (f"?{whole.query}" if whole.query else ""))
        return addresses

    def route(self, address: str) -> str | None:
        """The route that takes it; None: none does."""
        path = urlsplit(address).path
        return next((each for each in self.routes if pattern(each).fullmatch(path)), None)

    @property
    def missed(self) -> set[str]:
        """Routes of which no page was found."""
        return {route for route in self.routes if not self.seen[route]}


def walk(app: FastAPI) -> Walk:
    """A walk over all pages that the application has."""
    pages = [
        door.path for door in doors_of(app)
        if door.method == "GET" and door.as_page and not ASIDE.search(door.path)
    ]  # fmt: skip
    return Walk(sorted(set(pages), key=lambda path: ("{" in path, path)))


def pattern(route: str) -> re.Pattern[str]:
    """What the addresses of a route look like."""
    parts = re.split(r"\{[^}]*\}", route)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))

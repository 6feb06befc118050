"""Debian's Chromium, driven: the console and the self-service page as a person sees them.

It runs without a screen and is told to speak to nobody but this machine; whatever a page asks of anybody else
is kept, and a test wants that to be nothing. What the content security policy stopped is kept as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.support.components import need

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
WIDE, NARROW = (1440, 900), (390, 844)
PATIENCE_MS = 30_000
"""For a page on a busy machine."""

HERE = frozenset({"localhost", "127.0.0.1", ""})


@dataclass
class Watch:
    """What pages did that they should not."""

    elsewhere: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Look at a page from now on."""
        page.on("request", lambda request: self._asked(request.url))
        page.on("console", lambda message: self._said(message.text))
        page.on("pageerror", lambda error: self.violations.append(str(error)))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "about", "blob") and (parts.hostname or "") not in HERE:
            self.elsewhere.append(url)

    def _said(self, text: str) -> None:
        if "Content Security Policy" in text or "Refused to" in text:
            self.violations.append(text)


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium; a missing one is said loudly."""
    need("chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield launched
        launched.close()


def context(launched: Any, *, size: tuple[int, int] = WIDE, **options: Any) -> BrowserContext:
    """A visitor with a window of this size."""
    width, height = size
    made: BrowserContext = launched.new_context(
        viewport={"width": width, "height": height}, ignore_https_errors=True, **options
    )
    made.set_default_timeout(PATIENCE_MS)
    return made

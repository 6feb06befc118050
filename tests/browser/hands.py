"""Whose hands a journey is made with: a mouse on a desk, a thumb on a phone, or a keyboard and nothing else.

Journeys say what is done; how it is done is said here, so that each of them is made by everybody (product
7.2: works with the keyboard, on a phone-sized screen).
"""

from dataclasses import dataclass
from typing import Protocol

from playwright.sync_api import Locator

from tests.support import chromium

MOST_TABS = 250
"""Whoever has to press Tab more often than this does not get there."""

FOCUSED = "element => document.activeElement !== document.body && document.activeElement.contains(element)"


class Hand(Protocol):
    """What somebody can do to a page.

    Attributes:
        name: apart from every other hand's, for what a journey makes. size: of the window.
    """

    name: str
    size: tuple[int, int]

    def press(self, found: Locator) -> None:
        """A button, a link, or what opens and closes."""

    def fill(self, found: Locator, text: str) -> None:
        """A field, instead of what stands in it."""

    def tick(self, found: Locator) -> None:
        """A box, the other way round than it was."""

    def choose(self, found: Locator, label: str) -> None:
        """One of several."""


@dataclass(frozen=True)
class Pointer:
    """A mouse, or a thumb."""

    name: str
    size: tuple[int, int]

    def press(self, found: Locator) -> None:
        found.click()

    def fill(self, found: Locator, text: str) -> None:
        found.fill(text)

    def tick(self, found: Locator) -> None:
        found.click()

    def choose(self, found: Locator, label: str) -> None:
        found.select_option(label=label)


@dataclass(frozen=True)
class Keyboard:
    """Tab, Enter, Space and letters."""

    name: str
    size: tuple[int, int]

    def press(self, found: Locator) -> None:
        self._reach(found)
        found.page.keyboard.press("Enter")

    def fill(self, found: Locator, text: str) -> None:
        self._reach(found)
        found.page.keyboard.press("Control+A")
        found.page.keyboard.type(text)

    def tick(self, found: Locator) -> None:
        self._reach(found)
        found.page.keyboard.press("Space")

    def choose(self, found: Locator, label: str) -> None:
        self._reach(found)
        found.page.keyboard.type(label)

    def _reach(self, found: Locator) -> None:
        """Go there with Tab; once around the page at most."""
        found.wait_for()
        for _ in range(MOST_TABS):
            if found.evaluate(FOCUSED):
                return
            found.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not get to {found}")


KEYBOARD = Keyboard("keyboard", chromium.WIDE)
HANDS: tuple[Hand, ...] = (
    Pointer("mouse", chromium.WIDE),
    Pointer("thumb", chromium.NARROW),
    KEYBOARD,
)

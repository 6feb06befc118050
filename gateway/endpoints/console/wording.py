"""The console's language (product 7.2): every text of a template goes through ``_`` and is found in a
catalogue.

A language is a folder of TOML tables, one for each page group, from the English text to the other one; the
standard library reads them and a reviewer reads them as they stand: no build step and no binary file. English
has a table of the terms that are names in the API. A text that is missing is shown in English, and a test
lists it. Plurals are two texts with ``{n}``, which English and German need; a language with more forms adds
its rule to ``Language``.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the console.

    Attributes:
        code: BCP 47; what ``Accept-Language`` and ``lang`` say.
        name: in the language itself.
        texts: English text to this language's.
    """

    code: str
    name: str
    texts: Mapping[str, str]

    def text(self, english: str, /, **values: object) -> str:
        """The text with its values; what has no translation stays English."""
        found = self.texts.get(english, english)
        return found.format(**values) if values else found

    def plural(self, n: int, one: str, many: str, /, **values: object) -> str:
        """``one`` or ``many``, with ``{n}``."""
        return self.text(one if n == 1 else many, n=n, **values)


@cache
def languages() -> Mapping[str, Language]:
    """All languages by their code, English first."""
    folders = [each for each in files(__package__).joinpath("words").iterdir() if each.is_dir()]
    found = {}
    for folder in sorted(folders, key=lambda each: (each.name != FALLBACK, each.name)):
        tables = [tomllib.loads(each.read_text(encoding="utf-8")) for each in folder.iterdir()]
        name = next(table["name"] for table in tables if "name" in table)
        texts = {english: text for table in tables for english, text in table["texts"].items()}
        found[folder.name] = Language(folder.name, name, texts)
    return found


def chosen(cookie: str, accepted: str) -> Language:
    """The language that somebody chose, else the first that the browser asks for and we have.

    Args:
        cookie: a code, or anything. accepted: an ``Accept-Language`` header (RFC 9110 12.5.4).
    """
    known = languages()
    if cookie in known:
        return known[cookie]
    for code in _by_preference(accepted):
        if code in known:
            return known[code]
    return known[FALLBACK]


def _by_preference(accepted: str) -> list[str]:
    weighed: list[tuple[float, int, str]] = []
    for part in accepted[:256].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            rank = float(weight) if weight else 1.0
        except ValueError:
            continue
        if rank > 0:
            weighed.append((-rank, len(weighed), tag.split("-")[0].lower()))
    return [code for _, _, code in sorted(weighed)]


Words = Callable[..., str]
"""``Language.text`` as templates have it."""

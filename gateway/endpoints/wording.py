"""Languages of pages (product 7.2): every text goes through ``_`` and is found in a catalogue.

A language is a folder of TOML tables, one for each page group, from the English text to the other one; the
standard library reads them and a reviewer reads them as they stand: no build step and no binary file. A text
that is missing is shown in English. Plurals are two texts with ``{n}``, which English and German need; a
language with more forms adds its rule to ``Language``.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FALLBACK = "en"

LANGUAGE = "usher-language"
"""Cookie with the code of the language that somebody chose; it says nothing about anybody."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the pages.

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


def read_languages(places: Iterable[Path]) -> Mapping[str, Language]:
    """All languages of these folders by their code, English first; a later folder adds to an earlier one."""
    read: dict[str, list[dict[str, Mapping[str, str]]]] = {}
    for place in places:
        for folder in sorted(each for each in place.iterdir() if each.is_dir()):
            tables = [tomllib.loads(each.read_text(encoding="utf-8")) for each in folder.iterdir()]
            read.setdefault(folder.name, []).extend(tables)
    codes = sorted(read, key=lambda code: (code != FALLBACK, code))
    return {code: _language(code, read[code]) for code in codes}


def _language(code: str, tables: Iterable[Mapping[str, Mapping[str, str]]]) -> Language:
    known = list(tables)
    name = next(str(table["name"]) for table in known if "name" in table)
    return Language(
        code, name, {english: text for table in known for english, text in table["texts"].items()}
    )


def chosen(known: Mapping[str, Language], cookie: str, accepted: str) -> Language:
    """The language that somebody chose, else the first that the browser asks for and we have.

    Args:
        cookie: a code, or anything. accepted: an ``Accept-Language`` header (RFC 9110 12.5.4).
    """
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

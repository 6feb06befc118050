"""The console's languages (product 7.2; ``gateway.endpoints.wording``): its catalogue is ``words/``.

English has a table of the terms that are names in the API. A test lists every text that is missing.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from gateway.endpoints import wording
from gateway.endpoints.wording import Language


@cache
def languages() -> Mapping[str, Language]:
    """All languages by their code, English first."""
    return wording.read_languages((Path(__file__).with_name("words"),))


def chosen(cookie: str, accepted: str) -> Language:
    """``gateway.endpoints.wording.chosen`` of the console's languages."""
    return wording.chosen(languages(), cookie, accepted)

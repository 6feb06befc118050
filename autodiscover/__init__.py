"""AutoDiscover: the formats in which clients ask where their mailbox is (spec/autodiscover.md, product 2).

Pure: no I/O, no clock, no chance. ``FORMATS`` is the list of what is spoken; a further format is a module
with the functions of ``model.Format`` and one entry here.
"""

from autodiscover import autoconfig, json2, pacc, pox, soap
from autodiscover.model import Format

FORMATS: tuple[Format, ...] = (pox, soap, json2, autoconfig, pacc)


def match(path: str) -> Format | None:
    """The format that is spoken at this path, None when it is no discovery path."""
    return next((candidate for candidate in FORMATS if candidate.matches(path)), None)

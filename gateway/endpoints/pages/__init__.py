"""Pages that stand by themselves, to be printed or kept: HTML without a script, and with its style within
(T22).

Everything in them is escaped by the template engine, and what would not simply be shown - controls, marks
that turn letters round, characters without width - is spelled out in a mark of its own. The policy that goes
with a page allows its own style by its hash, and nothing else.
"""

import base64
import hashlib
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gateway.records.texts import marked

STYLE = "report.css"


def render(template: str, **values: Any) -> str:
    """A page of this package."""
    return _pages.get_template(template).render(style=Markup(_style), **values)  # noqa: S704 - our own file


def shown(value: object) -> Markup:
    """A value as it is safe to read: on one line, escaped, nothing hidden."""
    if value is None or value == "":
        return Markup("&ndash;")
    if isinstance(value, bool):
        return Markup("yes" if value else "no")  # noqa: S704 - one of two words
    if isinstance(value, datetime):
        return Markup(value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"))  # noqa: S704 - digits
    text = str(value.value if isinstance(value, Enum) else value)
    parts = (Markup("<mark>{}</mark>").format(part) if strange else part for part, strange in marked(text))
    return Markup("").join(parts)


def _environment() -> Environment:
    pages = Environment(
        loader=PackageLoader("gateway.endpoints", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["shown"] = shown
    return pages


_pages = _environment()
_style = _pages.loader.get_source(_pages, STYLE)[0] if _pages.loader else ""
_digest = base64.b64encode(hashlib.sha256(_style.encode()).digest()).decode("ascii")

POLICY = (
    f"default-src 'none'; style-src 'sha256-{_digest}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)
"""The Content-Security-Policy of every page here."""

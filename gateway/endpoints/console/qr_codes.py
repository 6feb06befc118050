"""Pictures that a phone's camera reads (ISO/IEC 18004): an authenticator's secret, a profile's address."""

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """``text`` as SVG that stands in a page as it is."""
    drawn = segno.make_qr(text).svg_inline(scale=5, border=4, omitsize=False, svgclass=None, lineclass=None)
    return Markup(drawn)  # noqa: S704 - segno's own SVG

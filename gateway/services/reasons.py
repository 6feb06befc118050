"""Why an administrator does something: free text for the audit trail (product 5.5, 8).

A full wipe erases a person's own pictures as well, so it is never ordered without a word why.
"""

import unicodedata

from gateway.errors import malformed
from mdm.device import WipeKind

MAXIMUM_REASON = 512
"""Characters: some sentences, or a link to a ticket."""

NEEDED = "A full wipe needs a reason."
FORM = f"At most {MAXIMUM_REASON} characters, without control characters."


def tidy_reason(reason: str) -> str:
    """A reason in its stored form; empty is good. GatewayError MALFORMED otherwise."""
    tidy = unicodedata.normalize("NFC", reason.strip())
    if len(tidy) > MAXIMUM_REASON or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in tidy):
        raise malformed("reason", FORM)
    return tidy


def wipe_reason(kind: WipeKind, reason: str) -> str:
    """The reason of a wipe; GatewayError MALFORMED for a full one without."""
    tidy = tidy_reason(reason)
    if kind is WipeKind.DEVICE and not tidy:
        raise malformed("reason", NEEDED)
    return tidy

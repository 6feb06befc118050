"""Secrets that the gateway draws for people, and what is kept of them (product 7.6, 7.7; T28, T31).

Tokens are 256 bits of chance, app passwords 100 and recovery codes 80, so a plain digest keeps them: nobody
finds one by trying, and looking a digest up tells nothing by its time. Prefixes say what a secret is, to
people and to scanners.
"""

import base64
import hashlib
from collections.abc import Sequence

from gateway.services.ports import KeySource

TOKEN, SESSION, SELF = "usht_", "ushs_", "ushy_"
RECOVERY_CODES = 10
_CODE_OCTETS, _GROUP = 10, 4
_APP_OCTETS, _APP_LETTERS, _APP_GROUP = 15, 20, 5
_BASE32 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_FACTOR_OCTETS = 20
"""As long as the hash that makes the codes (RFC 4226, 4)."""


def draw_token(keys: KeySource, prefix: str) -> str:
    """``prefix`` and 32 octets in 43 characters."""
    return prefix + base64.urlsafe_b64encode(_octets(keys)).decode().rstrip("=")


def is_session(credential: str) -> bool:
    """Whether the id of a credential is a session's, behind which there is a person."""
    return credential.startswith("s-")


def digest_of(secret: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def draw_recovery_codes(keys: KeySource) -> Sequence[str]:
    """Ten codes of sixteen letters and digits, in groups that can be typed."""
    return [_grouped(_base32(keys, _CODE_OCTETS)) for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str) -> str:
    """What is kept of a recovery code, however it is typed; empty for what cannot be one."""
    letters = "".join(each for each in code.upper() if each.isalnum())
    return digest_of(letters) if len(letters) == _CODE_OCTETS * 8 // 5 else ""


def draw_factor(keys: KeySource) -> str:
    """The secret of a second factor, in base32."""
    return _base32(keys, _FACTOR_OCTETS)


def draw_password(keys: KeySource) -> str:
    """A password for one sign-in: groups of letters and digits, of three classes whatever was drawn."""
    return "Re1-" + _grouped(_base32(keys, _CODE_OCTETS).lower())


def draw_app_password(keys: KeySource) -> str:
    """Twenty letters and digits in groups of five, a hundred bits: no person chooses it and a phone keeps it,
    so it is made for being typed once."""
    return _grouped(_base32(keys, _APP_OCTETS)[:_APP_LETTERS].lower(), _APP_GROUP)


def app_password_digest(password: str) -> str:
    """What is kept of an app password, whether its groups are typed apart or not; empty for what cannot be
    one, and then nobody has to be asked."""
    letters = password.replace("-", "").replace(" ", "").upper()
    return digest_of(letters) if len(letters) == _APP_LETTERS and _BASE32.issuperset(letters) else ""


def _octets(keys: KeySource) -> bytes:
    return bytes.fromhex(keys.identity("") + keys.identity(""))


def _base32(keys: KeySource, length: int) -> str:
    return base64.b32encode(hashlib.sha256(_octets(keys)).digest()[:length]).decode()


def _grouped(letters: str, size: int = _GROUP) -> str:
    return "-".join(letters[start : start + size] for start in range(0, len(letters), size))

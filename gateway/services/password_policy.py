"""The password policy of the built-in directory (product 1)."""

from gateway.errors import malformed

MINIMUM_LENGTH = 8
MAXIMUM_LENGTH = 63
MINIMUM_CLASSES = 3

_LATIN_1_SUPPLEMENT = range(0xA1, 0x100)
_BASIC_LATIN = range(0x20, 0x7F)

TOO_SHORT = f"The password must have at least {MINIMUM_LENGTH} characters."
TOO_LONG = f"The password must have at most {MAXIMUM_LENGTH} characters."
FOREIGN = "The password may hold only characters of Basic Latin and the Latin-1 supplement."
TOO_PLAIN = (
    f"The password must mix at least {MINIMUM_CLASSES} of: upper-case letters, lower-case letters, digits, "
    "special characters, characters of the Latin-1 supplement."
)


def require_good(password: str) -> None:
    """Refuse a password that breaks a rule.

    Raises:
        GatewayError: MALFORMED; the text names the rule, never the password.
    """
    fault = fault_of(password)
    if fault:
        raise malformed("password", fault)


def fault_of(password: str) -> str:
    """The rule that ``password`` breaks, empty when it breaks none."""
    if len(password) < MINIMUM_LENGTH:
        return TOO_SHORT
    if len(password) > MAXIMUM_LENGTH:
        return TOO_LONG
    if not all(ord(letter) in _BASIC_LATIN or ord(letter) in _LATIN_1_SUPPLEMENT for letter in password):
        return FOREIGN
    return TOO_PLAIN if len({_class_of(letter) for letter in password}) < MINIMUM_CLASSES else ""


def _class_of(letter: str) -> str:
    if ord(letter) in _LATIN_1_SUPPLEMENT:
        return "latin-1"
    if letter.isdigit():
        return "digit"
    if letter.isalpha():
        return "upper" if letter.isupper() else "lower"
    return "special"

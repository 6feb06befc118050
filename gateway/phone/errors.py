"""What can end a phone's step other than an answer."""


class PhoneError(Exception):
    """A step that could not be finished; the text is for people and holds no secret."""


class Unreachable(PhoneError):
    """No answer at all: name, connection, trust or time."""


class NotConfigured(PhoneError):
    """AutoDiscover led nowhere; ``attempts`` says where it asked and what it heard."""

    def __init__(self, address: str, attempts: tuple[str, ...]) -> None:
        super().__init__(f"nothing configures {address}: " + "; ".join(attempts))
        self.attempts = attempts


class Unexpected(PhoneError):
    """An answer that the protocol does not know at this place."""

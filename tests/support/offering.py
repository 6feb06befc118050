"""A backend that offers mail in several ways, for whatever composes from the settings."""

from gateway.config import Backend

OFFERING = Backend(
    "default",
    "https://mail.example/",
    ews_url="https://mail.example/EWS/Exchange.asmx",
    imap="mail.example:993",
    smtp="mail.example:587",
)

"""The body for ActiveSync clients (product 2.2, spec/autodiscover.md 3, eas-testsuites S01)."""

import pytest

from autodiscover.mobilesync import compose
from autodiscover.model import AddressRedirect, Endpoints, Mailbox, NotFound, Question
from autodiscover.xmltext import Element

URL = "https://usher.example/Microsoft-Server-ActiveSync"
QUESTION = Question("al@example.org")


def outline(element: Element) -> tuple[str, ...]:
    """Depth-first ``name=text``."""
    own = (f"{element.name}={element.text}" if element.text else element.name,)
    return own + tuple(
        line for child in element.children if isinstance(child, Element) for line in outline(child)
    )


@pytest.mark.requirement("MS-ASCMD_R3482", "MS-ASCMD_R3484", "MS-ASCMD_R5823")
def test_the_answer_has_exactly_the_documented_shape() -> None:
    mailbox = Mailbox("alice@example.org", "Alice Åberg", Endpoints(URL))
    assert outline(compose(QUESTION, mailbox)) == (
        "Response",
        "Culture=en:us",
        "User",
        "DisplayName=Alice Åberg",
        "EMailAddress=alice@example.org",
        "Action",
        "Settings",
        "Server",
        "Type=MobileSync",
        f"Url={URL}",
        f"Name={URL}",
    )


def test_without_a_display_name_the_address_is_shown() -> None:
    lines = outline(compose(QUESTION, Mailbox("alice@example.org", "", Endpoints(URL))))
    assert "DisplayName=alice@example.org" in lines


def test_a_redirect_names_the_address_to_start_again_with() -> None:
    lines = outline(compose(QUESTION, AddressRedirect("alice@example.org")))
    assert lines[-2:] == ("Action", "Redirect=alice@example.org")
    assert "EMailAddress=al@example.org" in lines


@pytest.mark.requirement("MS-ASCMD_R3818", "MS-ASCMD_R4001")
def test_an_unknown_address_is_an_error_inside_action_and_its_status_is_not_1() -> None:
    lines = outline(compose(QUESTION, NotFound()))
    assert lines[:5] == ("Response", "Culture=en:us", "Action", "Error", "Status=2")

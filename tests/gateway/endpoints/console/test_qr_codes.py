"""QR codes as pages show them."""

from gateway.endpoints.console.qr_codes import qr_code


def test_what_is_drawn_is_a_picture_and_nothing_that_runs_or_is_styled() -> None:
    drawn = qr_code("otpauth://totp/Usher:<b>olga</b>?secret=ABC")
    assert drawn.startswith("<svg ")
    assert "script" not in drawn
    assert "style" not in drawn
    assert "olga" not in drawn
    assert drawn != qr_code("otpauth://totp/Usher:<b>olga</b>?secret=ABD")

"""What is shown of the machine is values (product 7.3)."""

from gateway.records.machine import InstalledCertificate, MailServer


def test_a_certificate_that_cannot_be_read_has_no_dates() -> None:
    told = InstalledCertificate("a.pem", "fault", ("no certificate",))
    assert (told.names, told.not_before, told.not_after) == ((), None, None)


def test_two_readings_of_one_configuration_are_equal() -> None:
    assert MailServer("a", "h", "generic", "pass", True, True) == MailServer(
        "a", "h", "generic", "pass", encrypted=True, verified=True
    )

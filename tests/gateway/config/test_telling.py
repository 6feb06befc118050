"""What the gateway tells others, unless somebody says otherwise."""

from gateway.config.telling import MailConfig, MailSecurity, Webhooks


def test_no_mail_is_sent_before_a_server_and_a_sender_are_named() -> None:
    assert not MailConfig().configured
    assert not MailConfig(host="mail.example.org").configured
    assert MailConfig(host="mail.example.org", sender="usher@example.org").configured


def test_a_mail_server_proves_its_name_unless_somebody_lets_it_go() -> None:
    assert MailConfig().security is MailSecurity.STARTTLS
    assert Webhooks().ca_file is None

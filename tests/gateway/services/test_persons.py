"""Who is one person."""

from gateway.services.persons import same_person


def test_a_name_is_one_person_however_it_is_spelled() -> None:
    assert same_person("Root", " root ")
    assert same_person("STRASSE", "straße")
    assert not same_person("root", "second")

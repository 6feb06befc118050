"""Which certificate a name gets: the same verdict as ``names.covers``, without a search (RFC 6125 6.4)."""

from hypothesis import given
from hypothesis import strategies as st

from certs.names import covers
from certs.selection import Selection

LABELS = st.sampled_from(["a", "b", "mail", "autodiscover", "example", "org"])
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
PATTERNS = st.one_of(HOSTS, HOSTS.map("*.{}".format))


def test_the_exact_name_comes_before_the_star_whatever_stands_first() -> None:
    star, exact = (("*.example.org",), "star"), (("mail.example.org",), "exact")
    for entries in ((star, exact), (exact, star)):
        chosen = Selection(entries)
        assert chosen.find("mail.example.org") == "exact"
        assert chosen.find("autodiscover.example.org") == "star"


def test_of_two_with_one_name_the_first_is_chosen() -> None:
    assert Selection([(("a.example",), 1), (("a.example", "b.example"), 2)]).find("a.example") == 1


def test_a_star_is_one_label_and_never_a_whole_domain() -> None:
    chosen = Selection([(("*.example.org", "*.org"), 1)])
    for name in ("example.org", "a.b.example.org", ".example.org", "org", "", "x.org"):
        assert name not in chosen, name
    assert "a.example.org" in chosen
    assert 7 not in chosen


@given(st.lists(PATTERNS, max_size=6), HOSTS)
def test_what_is_found_is_what_covers(patterns: list[str], name: str) -> None:
    chosen = Selection((([pattern], pattern)) for pattern in patterns)
    found = chosen.find(name)
    assert (found is not None) == any(covers(pattern, name) for pattern in patterns)
    assert found is None or covers(found, name)


def test_a_thousand_certificates_are_no_search() -> None:
    chosen = Selection(((f"d{number}.example", f"*.d{number}.example"), number) for number in range(1000))
    for number in (0, 500, 999):
        assert chosen.find(f"d{number}.example") == chosen.find(f"autodiscover.d{number}.example") == number

"""gateway.proxy.breaker."""

from gateway.proxy.breaker import OPEN_S, OPENS_AFTER, Breaker


def broken() -> Breaker:
    breaker = Breaker()
    for _ in range(OPENS_AFTER):
        assert breaker.admits(100.0)
        breaker.failed(100.0)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row():
    breaker = Breaker()
    for _ in range(3):
        for _ in range(OPENS_AFTER - 1):
            breaker.failed(100.0)
        assert not breaker.open
        breaker.succeeded()
    assert broken().open


def test_nobody_asks_while_it_is_open():
    assert not broken().admits(100.0 + OPEN_S - 0.1)


def test_one_asks_when_the_time_is_up():
    breaker = broken()
    assert breaker.admits(100.0 + OPEN_S)
    assert not breaker.admits(100.0 + OPEN_S)


def test_it_closes_when_that_one_comes_through():
    breaker = broken()
    assert breaker.admits(100.0 + OPEN_S)
    breaker.succeeded()
    assert breaker.admits(100.0 + OPEN_S)
    assert not breaker.open


def test_it_stays_open_when_that_one_fails_and_when_nobody_hears_of_it_again():
    breaker = broken()
    assert breaker.admits(200.0)
    breaker.failed(203.0)
    assert not breaker.admits(203.0 + OPEN_S - 0.1)
    assert breaker.admits(203.0 + OPEN_S)
    assert breaker.admits(203.0 + 2 * OPEN_S)

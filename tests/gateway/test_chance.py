"""The clock and the keys: ranges and independence (T31; spec 2.1)."""

from datetime import UTC, datetime, timedelta

from gateway.chance import POLICY_KEYS, Secrets, SystemClock


def test_the_clock_is_aware_and_present() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)  # noqa: TID251 - compared with the real clock


def test_policy_keys_are_positive_signed_integers_and_fill_the_range() -> None:
    keys = [Secrets().policy_key() for _ in range(2000)]
    assert all(1 <= key <= POLICY_KEYS for key in keys)
    assert len(set(keys)) > 1990
    assert min(keys) < POLICY_KEYS // 16
    assert max(keys) > POLICY_KEYS - POLICY_KEYS // 16


def test_zero_is_never_a_policy_key() -> None:
    assert POLICY_KEYS == 2**31 - 1
    assert 0 not in {Secrets().policy_key() for _ in range(1000)}


def test_an_identity_is_its_prefix_and_128_bits() -> None:
    made = {Secrets().identity("m-") for _ in range(100)}
    assert len(made) == 100
    for one in made:
        assert one.startswith("m-")
        assert len(bytes.fromhex(one[2:])) == 16


def test_a_share_is_spread_over_the_whole_range_and_never_one() -> None:
    shares = [Secrets().share() for _ in range(1000)]
    assert all(0 <= share < 1 for share in shares)
    assert min(shares) < 0.1
    assert max(shares) > 0.9

"""Buckets as Prometheus means them: an upper bound belongs to its bucket."""

from gateway.proxy.latency import BOUNDS, Latency


def test_each_answer_is_in_one_bucket() -> None:
    latency = Latency()
    for seconds in (0.001, 0.005, 0.006, 60.0, 61.0):
        latency.note(seconds)
    assert len(latency.counts) == len(BOUNDS) + 1
    assert latency.counts[:2] == [2, 1]
    assert latency.counts[-2:] == [1, 1]
    assert sum(latency.counts) == 5
    assert round(latency.total, 3) == 121.012

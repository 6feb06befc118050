"""The server around the applications: sockets, processes, and Hypercorn with its traps worked around.

Hypercorn speaks HTTP/1.1 here (``H11Protocol``, ``HTTPStream``); how connections are accepted, watched and
closed is ours, because each of its own ways has a trap (research/perf.md 8; docs/decisions/0020).
"""

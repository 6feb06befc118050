"""Declarative files (product 7.5): a described state, the present one, and the way from one to the other.

``values`` are the words of it; ``documents`` and ``sections`` read files, ``resolving`` finds whom they name,
``plan`` compares, ``texts`` tells it and ``export`` writes a state as a file: all of it pure. ``present``,
``rehearsing`` and ``applying`` ask the REST API. Decision 0035.
"""

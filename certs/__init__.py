"""Certificate tooling: names, keys, requests, a private authority, checks of what is served (product 9.1).

Values in, values out: PEM bytes, certificates and times are arguments and results. Only keys and serial
numbers are drawn here. ``cryptography`` builds, pyOpenSSL verifies, as every client's own library would.
"""

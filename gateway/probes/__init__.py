"""Asking the world outside as a stranger would: DNS, TLS and HTTP of public names (product 2.5 and 2.6).

The only home of dnspython. Nothing here is on the path of a client's request.
"""

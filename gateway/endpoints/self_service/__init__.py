"""The self-service page on the clients' listener (product 7.8): ``door`` lets people in, ``table`` is what
they may do, ``things`` does it, ``disclosure`` is what they are told.

Pages are imported when the first one is asked for: a worker that serves phones pays nothing for them.
"""

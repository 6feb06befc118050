"""Notices as mails: their texts, their form, and the server that takes them (product 7.9; T23)."""

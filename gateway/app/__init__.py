"""The composition root: a Config becomes applications (house.md 2). The only place that knows every part.

Everything is made in the worker that uses it, after the fork: connections, threads and snapshots do not
survive one. ``clients`` serves devices and mail programs, ``redirect`` port 80, ``admin`` the administration
listener; ``prepare`` brings the database up to date before any of them starts.
"""

from gateway.app.admin import admin
from gateway.app.advertised import endpoints, route
from gateway.app.clients import Clients, clients
from gateway.app.redirecting import Redirecting, redirect
from gateway.app.use_cases import Services, database_url, domain_names, prepare, services

__all__ = [
    "Clients",
    "Redirecting",
    "Services",
    "admin",
    "clients",
    "database_url",
    "domain_names",
    "endpoints",
    "prepare",
    "redirect",
    "route",
    "services",
]

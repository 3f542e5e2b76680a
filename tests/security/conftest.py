"""Attacks go over a real connection to a real server."""

from tests.web.conftest import running, visitor

__all__ = ["running", "visitor"]

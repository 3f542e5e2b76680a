"""The edge towards browsers and programs: pages, REST, live rooms."""

from .setup import init_web

__all__ = ["init_web"]

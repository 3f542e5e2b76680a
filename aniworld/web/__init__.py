"""The edge towards browsers and programs: pages, REST, live rooms."""

from aniworld.web.setup import init_web

__all__ = ["init_web"]

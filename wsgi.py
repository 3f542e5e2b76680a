"""The WSGI application: ``gunicorn wsgi:app``, with gunicorn.conf.py. The patch must come before every other import."""

from gevent import monkey

monkey.patch_all()

import sys

from aniworld.app import create_app, start_workers
from aniworld.core.errors import AniworldError

REFUSED = 3  # gunicorn's own code for "this worker cannot start, and no other will": it ends instead of trying on

try:
    app = create_app()
    start_workers(app)
except AniworldError as error:
    print(f"Aniworld does not start: {error}", file=sys.stderr)
    sys.exit(REFUSED)

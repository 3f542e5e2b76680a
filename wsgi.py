"""The WSGI application: ``gunicorn wsgi:app``, with gunicorn.conf.py. The patch must come before every other import."""

from gevent import monkey

monkey.patch_all()

import sys

from aniworld.app import create_app, start_workers
from aniworld.core.errors import AniworldError

REFUSED = 4  # gunicorn's own code for "the application cannot be had": it ends instead of trying on (cli/serving.py)

try:
    app = create_app()
    start_workers(app)
except AniworldError as error:
    print(f"Aniworld does not start: {error}", file=sys.stderr)
    sys.exit(REFUSED)

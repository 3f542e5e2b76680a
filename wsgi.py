"""The WSGI application: ``gunicorn wsgi:app``, with gunicorn.conf.py, and ``flask --app wsgi db …``.

The patch must come before every other import.
"""

from gevent import monkey

monkey.patch_all()

import os
import sys

from flask import Flask

from aniworld.app import create_app, create_migration_app, start_workers
from aniworld.core.errors import AniworldError

REFUSED = 4  # gunicorn's own code for "the application cannot be had": it ends instead of trying on (cli/serving.py)


def make_app() -> Flask:
    """``flask db`` gets the database only; of Flask's other commands only ``run`` sets the workers going."""
    by_flask = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
    if by_flask and "db" in sys.argv:
        return create_migration_app()
    flask_app = create_app()
    if not by_flask or "run" in sys.argv:
        start_workers(flask_app)
    return flask_app


try:
    app = make_app()
except AniworldError as error:
    print(f"Aniworld does not start: {error}", file=sys.stderr)
    sys.exit(REFUSED)

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

REFUSED = 4  # gunicorn's own code for "the application cannot be loaded": it ends instead of trying on (cli/serving.py)


def flask_command() -> str | None:
    """The command after ``flask`` and its options, such as ``db``; None where another program loads the application."""
    if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
        return None
    arguments = iter(sys.argv[1:])
    for argument in arguments:
        if argument in ("-A", "--app", "-e", "--env-file"):
            next(arguments, None)
        elif not argument.startswith("-"):
            return argument
    return ""


def make_app() -> Flask:
    """``flask db`` gets the database only; of Flask's other commands only ``run`` starts the workers."""
    command = flask_command()
    if command == "db":
        return create_migration_app()
    flask_app = create_app()
    if command in (None, "run"):
        start_workers(flask_app)
    return flask_app


try:
    app = make_app()
except AniworldError as error:
    print(f"Aniworld does not start: {error}", file=sys.stderr)
    sys.exit(REFUSED)

"""The WSGI application: ``gunicorn -k gevent -w 1 wsgi:app``. The patch must come before every other import."""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

from aniworld.app import create_app, start_workers

app = create_app()
start_workers(app)

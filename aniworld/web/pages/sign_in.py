"""Sign-in and first set-up as plain forms; the pages' scripts do the same over the REST interface, without a reload."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import jsonify, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from aniworld.core.errors import AlreadyRunning, AniworldError, InvalidInput, TotpRequired, WrongCode
from aniworld.core.media import KNOWN_LANGUAGES
from aniworld.core.offload import offload
from aniworld.services.access.service import SignedIn
from aniworld.web.api.auth import address, agent, attempt
from aniworld.web.http.problems import status_of
from aniworld.web.http.services import services
from aniworld.web.i18n import labels as words
from aniworld.web.i18n.language import gettext as _
from aniworld.web.pages.templating import page
from aniworld.web.security import authentication as guards

Answer = str | tuple[str, int] | Response


def login() -> Answer:
    """The sign-in form, and what it posts."""
    goal = local_path(request.values.get("next"))
    if not services().auth.configured():
        return redirect(url_for("pages.setup"))
    if request.method != "POST" and current_user.is_authenticated:
        return redirect(goal or url_for("pages.index"))
    if request.method != "POST":
        return page("login.html", _("Sign in"), next=goal)
    try:
        guards.let_in(signed_in_by_form())
    except AniworldError as error:
        facts = {"trouble": words.translated(str(error)), "code_needed": isinstance(error, TotpRequired | WrongCode)}
        return page("login.html", _("Sign in"), next=goal, **facts), status_of(error)
    return redirect(goal or url_for("pages.index"))


def setup() -> Answer:
    """The first password; only while there is none."""
    if services().auth.configured():
        return redirect(url_for("pages.login"))
    if request.method != "POST":
        return _setup_page()
    try:
        guards.let_in(set_up_by_form())
    except AniworldError as error:
        return _setup_page(words.translated(str(error))), status_of(error)
    return redirect(url_for("pages.setup_library"))


def setup_library() -> Answer:
    """The library folder and the languages; then the first scan."""
    if request.method != "POST":
        return _library_page()
    try:
        services().config.update({"library": {"root": request.form.get("root", "")}})
        services().scan.start()
    except AlreadyRunning:
        return redirect(url_for("pages.index"))
    except AniworldError as error:
        return _library_page(_sentences(error), request.form.get("root", "")), status_of(error)
    return redirect(url_for("pages.index"))


def folder_check() -> Response:
    """Whether a folder can be the library: ``message`` says it, ``free_bytes`` how much room there is."""
    root = str((request.get_json(silent=True) or {}).get("root", ""))[:1000]
    problems = services().config.validate({"library": {"root": root}})
    if problems:
        return jsonify(ok=False, message=_together(problems))
    free = offload(free_space, Path(root))
    if free is None:
        return jsonify(ok=True, message=_("This folder will be made."))
    return jsonify(ok=True, message=_("The folder can be used. Free space:"), free_bytes=free)


def local_path(goal: str | None) -> str | None:
    """``goal`` if it is a path on this server; None for anything that could lead elsewhere."""
    if not goal or not goal.startswith("/") or goal.startswith(("//", "/\\")) or len(goal) > 2000:
        return None
    if "\\" in goal or any(ord(letter) < 32 or ord(letter) == 127 for letter in goal):
        return None
    return goal


def free_space(root: Path) -> int | None:
    """Bytes that are free where ``root`` lies; None if it is not there."""
    try:
        return shutil.disk_usage(root).free
    except OSError:
        return None


def signed_in_by_form() -> SignedIn:
    """Raises WrongPassword, TooManyTries."""
    with attempt():
        remember = request.form.get("remember") == "1"
        password, code = request.form.get("password", ""), request.form.get("code", "")[:40]
        return services().auth.login(password, remember, agent(), address(), code)


def set_up_by_form() -> SignedIn:
    """Raises InvalidInput, Forbidden, TooManyTries."""
    password, token = request.form.get("password", ""), request.form.get("setup_token")
    if password != request.form.get("repeat"):
        raise InvalidInput(_("The two passwords are not the same."))
    with attempt():
        return services().auth.setup(password, token, guards.is_local(), agent(), address())


def _setup_page(trouble: str | None = None) -> str:
    return page("setup.html", _("Welcome"), trouble=trouble, token_needed=not guards.is_local())


def _library_page(trouble: str | None = None, root: str | None = None) -> str:
    current = services().config.current
    choices = [(code, words.language_name(code)) for code in KNOWN_LANGUAGES]
    return page(
        "setup_library.html",
        _("Your library"),
        trouble=trouble,
        root=current.library.root if root is None else root,
        languages=current.download.languages,
        language_choices=choices,
    )


def _sentences(error: AniworldError) -> str:
    return _together(getattr(error, "fields", {})) or words.translated(str(error))


def _together(problems: Mapping[str, Sequence[str]]) -> str:
    return " ".join(words.translated(text) for texts in problems.values() for text in texts)


def _takes(view: Any, *methods: str) -> Any:
    view.methods = methods
    return view


ROUTES = (
    ("/login", _takes(login, "GET", "POST")),
    ("/setup", _takes(setup, "GET", "POST")),
    ("/setup/library", _takes(setup_library, "GET", "POST")),
    ("/folder-check", _takes(folder_check, "POST")),
)

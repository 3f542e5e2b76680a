"""The pages' vocabulary in the visitor's language: names of languages, settings and choices."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aniworld.core.sentences import Sentence
from aniworld.web.i18n.language import gettext as _
from aniworld.web.i18n.language import language
from aniworld.web.i18n.server_messages import form_of

_NEXT_REASON = re.compile(r"; (?=[^;:]+ \([a-z-]*\): )")
_REASON = re.compile(r"(.+?) \(([a-z-]*)\): (.+)", re.DOTALL)

LANGUAGE_NAMES: dict[str, Callable[[], str]] = {
    "ger-dub": lambda: _("German audio"),
    "ger-sub": lambda: _("German subtitles"),
    "eng-dub": lambda: _("English audio"),
    "eng-sub": lambda: _("English subtitles"),
    "jpn": lambda: _("Japanese, no subtitles"),
    "und": lambda: _("Unknown language"),
}

SECTION_NAMES: dict[str, Callable[[], str]] = {
    "library": lambda: _("Library"),
    "catalogue": lambda: _("Catalogue"),
    "download": lambda: _("Downloads"),
    "tracking": lambda: _("Tracking"),
    "schedule": lambda: _("Schedule"),
    "notifications": lambda: _("Notifications"),
    "media_server": lambda: _("Media server"),
    "logging": lambda: _("Logging"),
    "ui": lambda: _("Appearance"),
    "recycle": lambda: _("Recycle bin"),
    "backups": lambda: _("Earlier settings"),
    "backup": lambda: _("Backup"),
    "access": lambda: _("Sign-in and keys"),
    "audit": lambda: _("Audit log"),
    "about": lambda: _("About"),
}

SETTING_NAMES: dict[str, Callable[[], str]] = {
    "library.root": lambda: _("Library folder"),
    "library.link_roots": lambda: _("Folders that links may lead to"),
    "library.season_folders": lambda: _("Folder for each season"),
    "library.episode_template": lambda: _("File name template"),
    "library.recycle_days": lambda: _("Days in the recycle bin"),
    "library.write_nfo": lambda: _("Write NFO files"),
    "library.write_chapters": lambda: _("Write chapters"),
    "library.write_artwork": lambda: _("Save posters"),
    "catalogue.base_url": lambda: _("Address"),
    "catalogue.engine": lambda: _("Engine"),
    "catalogue.mirrors": lambda: _("Mirrors"),
    "catalogue.requests_per_second": lambda: _("Requests a second"),
    "catalogue.timeout_s": lambda: _("Time-out in seconds"),
    "catalogue.refresh_hours": lambda: _("Refresh after hours"),
    "download.per_hoster": lambda: _("Downloads from one hoster at the same time"),
    "download.connections_per_hoster": lambda: _("Connections to one hoster"),
    "download.fair": lambda: _("Series in turn"),
    "download.concurrency": lambda: _("Downloads at the same time"),
    "download.connections": lambda: _("Connections for one episode"),
    "download.languages": lambda: _("Languages"),
    "download.hosters": lambda: _("Hosters"),
    "download.quality": lambda: _("Quality"),
    "download.subtitles": lambda: _("Subtitles"),
    "download.speed_limit_mbps": lambda: _("Speed limit in Mbit/s"),
    "download.retry_limit": lambda: _("Automatic retries"),
    "download.stall_timeout_s": lambda: _("Stalled after seconds"),
    "download.history_limit": lambda: _("Length of the history"),
    "download.min_free_space_mb": lambda: _("Free space to leave, in MB"),
    "download.full_check": lambda: _("Check every frame"),
    "download.niceness": lambda: _("Step aside for other programs"),
    "download.auto_start": lambda: _("Start by itself"),
    "tracking.enabled": lambda: _("Look for new episodes"),
    "tracking.interval_hours": lambda: _("Hours between looks"),
    "schedule.windows": lambda: _("Download times"),
    "notifications.urls": lambda: _("Notification addresses"),
    "notifications.events": lambda: _("Occasions"),
    "notifications.wordings": lambda: _("Your own words"),
    "media_server.kind": lambda: _("Kind"),
    "media_server.url": lambda: _("Address"),
    "media_server.token": lambda: _("Key or token"),
    "media_server.library_path": lambda: _("Library folder over there"),
    "backup.enabled": lambda: _("Back up by itself"),
    "backup.interval_hours": lambda: _("Hours between backups"),
    "backup.keep": lambda: _("Backups to keep"),
    "logging.level": lambda: _("Level"),
    "logging.format": lambda: _("Form of the log"),
    "logging.file_mb": lambda: _("Size of a log file in MB"),
    "logging.files": lambda: _("Older log files"),
    "logging.audit_days": lambda: _("Days in the audit log"),
    "ui.language": lambda: _("Language"),
    "ui.theme": lambda: _("Colours"),
}

CHOICE_NAMES: dict[str, Callable[[], str]] = {
    "auto": lambda: _("Automatic"),
    "light": lambda: _("Light"),
    "dark": lambda: _("Dark"),
    "de": lambda: "Deutsch",
    "en": lambda: "English",
    "best": lambda: _("Best there is"),
    "worst": lambda: _("Smallest there is"),
    "none": lambda: _("None"),
    "files": lambda: _("Next to the video"),
    "mkv": lambda: _("Inside the video (MKV)"),
    "off": lambda: _("Off"),
    "text": lambda: _("Text"),
    "json": lambda: "JSON",
    "jellyfin": lambda: "Jellyfin",
    "plex": lambda: "Plex",
    "kodi": lambda: "Kodi",
    "download_complete": lambda: _("Download finished"),
    "download_failed": lambda: _("Download failed"),
    "scan_complete": lambda: _("Scan finished"),
    "scan_failed": lambda: _("Scan failed"),
    "series_added": lambda: _("Series added"),
    "new_episodes": lambda: _("New episodes found"),
    "catalogue_blocked": lambda: _("Catalogue asks for a browser check"),
    "health": lambda: _("Something is wrong with the server, or well again"),
}


FACT_NAMES: dict[str, Callable[[], str]] = {
    "Platform": lambda: _("Platform"),
    "Versions yt-dlp": lambda: "yt-dlp",
    "Versions ffmpeg": lambda: "ffmpeg",
    "Versions sqlite": lambda: "SQLite",
    "Paths instance": lambda: _("Folder of the application"),
    "Paths library": lambda: _("Library folder"),
    "Paths ffmpeg": lambda: _("Where ffmpeg is"),
    "Workers": lambda: _("Downloads at the same time"),
    "Started at": lambda: _("Running since"),
    "Disk path": lambda: _("Disk of"),
    "Disk total": lambda: _("Size of the disk"),
    "Disk free": lambda: _("Free on the disk"),
}


AUDIT_NAMES: dict[str, Callable[[], str]] = {
    "signed_in": lambda: _("Signed in"),
    "sign_in_failed": lambda: _("Sign-in failed"),
    "code_asked": lambda: _("Password right, code still missing"),
    "proof_failed": lambda: _("Wrong password or code while signed in"),
    "signed_out": lambda: _("Signed out"),
    "session_ended": lambda: _("Session ended"),
    "sessions_ended": lambda: _("All other sessions ended"),
    "password_set": lambda: _("Password set"),
    "password_changed": lambda: _("Password changed"),
    "key_created": lambda: _("API key made"),
    "key_revoked": lambda: _("API key revoked"),
    "key_used": lambda: _("API key used, first time that day"),
    "totp_enabled": lambda: _("Second factor turned on"),
    "totp_disabled": lambda: _("Second factor turned off"),
    "recovery_code_used": lambda: _("Recovery code used"),
    "settings_changed": lambda: _("Settings changed"),
    "settings_restored": lambda: _("Settings restored"),
    "backup_deleted": lambda: _("Backup deleted"),
    "backup_downloaded": lambda: _("Backup downloaded"),
    "backup_restored": lambda: _("Backup restored"),
    "series_removed": lambda: _("Series removed"),
    "download_removed": lambda: _("Download removed"),
    "history_cleared": lambda: _("History cleared"),
    "recycle_removed": lambda: _("Deleted from the recycle bin"),
    "recycle_emptied": lambda: _("Recycle bin emptied"),
    "calendar_opened": lambda: _("Password for calendar programs made"),
    "calendar_closed": lambda: _("Password for calendar programs revoked"),
}


def audit_name(kind: str) -> str:
    """What an entry of the audit log says was done; one without a word here is named by its kind."""
    return AUDIT_NAMES[kind]() if kind in AUDIT_NAMES else _spoken(kind)


def fact_name(label: str) -> str:
    """A fact of System in words; one without a word here is named by its own label."""
    return FACT_NAMES[label]() if label in FACT_NAMES else label


def language_name(code: str) -> str:
    """``German subtitles`` for ``ger-sub``; an unknown code as it is."""
    return LANGUAGE_NAMES[code]() if code in LANGUAGE_NAMES else code


def section_name(section: str) -> str:
    return SECTION_NAMES[section]() if section in SECTION_NAMES else _spoken(section)


def setting_name(section: str, name: str) -> str:
    """The label of a setting; a new one without a word here is named by its own name."""
    known = SETTING_NAMES.get(f"{section}.{name}")
    return known() if known else _spoken(name)


def choice_name(choice: str) -> str:
    return CHOICE_NAMES[choice]() if choice in CHOICE_NAMES else choice


def translated(text: str) -> str:
    """``text``, which stands marked for translation elsewhere, in the visitor's language."""
    if isinstance(text, Sentence):
        return _(text.form).format(**{name: _written(value) for name, value in text.values.items()})
    if not text or not isinstance(text, str):
        return text
    said = _(text)
    known = form_of(text) if said == text else None
    if not known:
        return said
    return _(known[0]).format(**{name: _filled_in(name, value) for name, value in known[1].items()})


def _filled_in(name: str, value: str) -> str:
    return _reasons(value) if name == "reasons" else translated(value)


def _reasons(text: str) -> str:
    """Each hoster's reason of ``VOE (ger-dub): …; Doodstream (ger-sub): …`` in the visitor's language."""
    return "; ".join(_REASON.sub(_reason, one) for one in _NEXT_REASON.split(text))


def _reason(found: re.Match[str]) -> str:
    hoster, language, why = found.groups()
    return f"{hoster} ({language_name(language)}): {translated(why)}"


class _GermanNumber(int):
    """``{free:,}`` with full stops between the thousands."""

    def __format__(self, form: str) -> str:
        return super().__format__(form).replace(",", ".")


def _written(value: Any) -> Any:
    if type(value) is int and language() == "de":
        return _GermanNumber(value)
    return translated(value)


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()

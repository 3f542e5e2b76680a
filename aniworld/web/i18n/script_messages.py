"""What the modules under static/ say, in the visitor's language."""

from __future__ import annotations

from aniworld.web.i18n import server_messages as told
from aniworld.web.i18n.labels import language_name
from aniworld.web.i18n.language import gettext as _
from aniworld.web.i18n.language import ngettext


def script_messages() -> dict[str, str]:
    """The sentences that the modules under static/ say. ``{word}`` is filled in by them."""
    return {
        **_general(),
        **_library(),
        **_queue(),
        **_advice(),
        **_scan(),
        **_settings(),
        **_care(),
        **_answers(),
    }


def _care() -> dict[str, str]:
    """File names, recycle bin, trials, the look for new episodes."""
    return {
        "rename_looking": _("The names are compared…"),
        "rename_going": _("Files to be renamed: {count}"),
        "rename_nothing": _("Every file has the name that it should have."),
        "rename_refused": _("No file can be renamed; the reasons stand beside them."),
        "renamed": _("Files renamed: {count}."),
        "rename_left": _("Left as they were: {count}."),
        "rename_running": _("Renaming: {current} of {total}"),
        "rename_stopped": _("Stopped; the files that are left keep their names."),
        "rename_was_undone": _("undone"),
        "rename_an_undo": _("took another one back"),
        "rename_undone": _("Files with their old names again: {count}."),
        "name_example": _("Episode"),
        "name_untitled": _("Without a title"),
        "name_special": _("Film"),
        "name_several": _("Several in one file"),
        "entry_restored": _("Back in the library: {path}"),
        "series_back": _("Back in the library, with its series: {path}"),
        "entry_deleted": _("Deleted for good."),
        "delete_entry_title": _("Delete this for good?"),
        "empty_bin_title": _("Empty the recycle bin?"),
        "empty_bin_text": _("Everything in it is deleted for good."),
        "bin_emptied": _("Entries deleted for good: {count}."),
        "woken": _("Asked again; what waited begins now."),
        "save_first": _("Save your changes first; what is saved is what is tried."),
        "trial_nothing": _("Nothing is set up yet; add an address above and save."),
        "look_never": _("No look since the server started."),
        "look_running": _("Looking: series {done} of {total}."),
        "look_done": _("Last look: {time} · series read: {looked} · new episodes: {new} · queued: {queued}"),
    }


def _answers() -> dict[str, str]:
    """What the server says, each by its own English text: clients of other kinds need that."""
    return {text: _(text) for text in (*told.SENTENCES, *told.FORMS)}


def _general() -> dict[str, str]:
    return {
        "close": _("Close"),
        "undo": _("Undo"),
        "remove": _("Remove"),
        "open": _("Open"),
        "back_online": _("Connected again. What you see is up to date."),
        "offline": _("The connection is lost. Trying again…"),
        "failed_network": _("The server does not answer. Check that it runs, then try again."),
        "failed_unknown": _("That did not work. Try again; if it stays so, look at System."),
        "copied": _("Copied."),
        "nothing_found": _("Nothing found."),
        "language_ger-dub": language_name("ger-dub"),
        "language_ger-sub": language_name("ger-sub"),
        "language_eng-dub": language_name("eng-dub"),
        "language_eng-sub": language_name("eng-sub"),
        "language_jpn": language_name("jpn"),
        "subtitles_unknown": _("unknown"),
        "subtitles_are": _("Subtitles: {languages}"),
        "theme_auto": _("Colours: automatic"),
        "theme_light": _("Colours: light"),
        "theme_dark": _("Colours: dark"),
    }


def _library() -> dict[str, str]:
    return {
        "selected": _("{count} selected"),
        "queued": _("{count} episodes queued."),
        "queued_one": _("One episode queued."),
        "queued_none": _("Nothing to queue: every chosen episode is there or queued already."),
        "skipped": _("{count} were there or queued already."),
        "skipped_one": _("One was there or queued already."),
        "show_queue": _("Show queue"),
        "scan_started": _("The scan has started."),
        "scan_running": _("A scan is running already."),
        "show_scan": _("Show scan"),
        "monitored_on": _("Monitored."),
        "monitored_off": _("No longer monitored."),
        "auto_download_on": _("Episodes that come out from now on are downloaded by themselves."),
        "auto_download_off": _("New episodes are no longer downloaded by themselves."),
        "upgrade_on": _("Episodes are replaced once they are out in a better language."),
        "upgrade_off": _("Episodes stay in the language that they have."),
        "monitored_many": _("{count} series are monitored now."),
        "monitored_many_one": _("One series is monitored now."),
        "unmonitored_many": _("{count} series are no longer monitored."),
        "unmonitored_many_one": _("One series is no longer monitored."),
        "series_added": _("“{name}” is in your library now."),
        "series_there": _("“{name}” was in your library already."),
        "series_removed": _("“{name}” was removed."),
        "series_restored": _("“{name}” is back."),
        "refreshing": _("The catalogue page is being read again."),
        "saved": _("Saved."),
        "specials_saved": _("Saved. Files that are there keep their names until you rename them."),
        "entries_saved": _("Saved. The list is read anew with these numbers."),
        "file_names": _("File names"),
        "missing": _("{count} missing"),
        "missing_one": ngettext("%(num)s missing", "%(num)s missing", 1),
        "missing_word": ngettext("missing", "missing", 2),
        "missing_word_one": ngettext("missing", "missing", 1),
        "state_missing": _("Missing"),
        "state_queued": _("Queued"),
        "state_downloading": _("Downloading"),
        "state_present": _("On disk"),
        "state_unavailable": _("Not available"),
        "remove_series_title": _("Remove “{name}”?"),
        "in_library": _("In library"),
    }


def _queue() -> dict[str, str]:
    return {
        "eta_seconds": _("{n} s left"),
        "eta_minutes": _("{n} min left"),
        "eta_hours": _("{h} h {m} min left"),
        "speed": _("{n} Mbit/s"),
        "of": _("{done} of {total}"),
        "paused_until": _("Paused until {time}"),
        "paused": _("Paused"),
        "running": _("Running"),
        "stopped": _("Stopped"),
        "waiting_until": _("Tries again at {time}"),
        "moved": _("{name} is now at place {n} of {total}."),
        "item_removed": _("{name} was taken off the queue."),
        "held_by_priority": _("The order holds within a priority. To go further, change the priority."),
        "items_removed": _("{count} items were taken off the queue."),
        "items_removed_one": _("One item was taken off the queue."),
        "items_retried": _("{count} items wait for another try."),
        "items_retried_one": _("One item waits for another try."),
        "history_cleared": _("{count} entries cleared."),
        "history_cleared_one": _("One entry cleared."),
        "phase_resolving": _("Looking for a stream"),
        "phase_transferring": _("Downloading"),
        "phase_verifying": _("Checking"),
        "phase_placing": _("Putting in place"),
        "move_up": _("Move {name} up"),
        "move_down": _("Move {name} down"),
        "move_top": _("Move {name} to the top"),
        "remove_item": _("Remove {name}"),
        "retry_item": _("Try {name} again"),
        "select_item": _("Select {name}"),
        "more_items": _("{count} more are not shown here."),
        "more_items_one": _("One more is not shown here."),
        "cancel_running_title": _("Stop this download?"),
        "cancel_running_text": _("{name} is {percent} done. What was fetched so far is thrown away."),
        "stop_download": _("Stop download"),
        "graph": _("Speed over the last minutes, now {n} Mbit/s, at most {max} Mbit/s"),
        "title_progress": _("{percent} · {count} left"),
    }


def _advice() -> dict[str, str]:
    """What can be done about a failed download, by its error code."""
    return {
        "advice_nothing_there": _(
            "There is no video of this episode in your languages. Allow another language for the series, or wait."
        ),
        "advice_link_dead": _("Every link for this episode is dead. Try again later, or allow another language."),
        "advice_site_unreachable": _(
            "The site does not answer. Check your connection and DNS, or set a mirror under Settings, Catalogue."
        ),
        "advice_catalogue_blocked": _(
            "The catalogue asks for a browser check. Open it in your browser, wait a while, or use another network."
        ),
        "advice_page_changed": _("The site looks different from what is known. An update of Aniworld may help."),
        "advice_hoster_unsupported": _(
            "The hosters of this episode cannot be read. Try another language, or wait for another hoster."
        ),
        "advice_stalled": _("The download stood still. Try again, or prefer another hoster under Settings, Downloads."),
        "advice_transfer_failed": _("The connection broke. Try again."),
        "advice_wrong_media": _("What came was not the video that was announced. Try again: another hoster is used."),
        "advice_child_died": _(
            "The download program ended by itself. Try again; System shows whether something is missing."
        ),
        "advice_disk_full": _("The disk is full. Make room, then try again."),
        "advice_library_unavailable": _(
            "The library folder cannot be written. Check that the disk is there and what you may do on it."
        ),
        "advice_address_refused": _("The link points into a private network and is not followed."),
        "advice_other": _("Try again; if it stays so, look at System."),
    }


def _scan() -> dict[str, str]:
    return {
        "scan_idle": _("No scan has run yet."),
        "scan_status_running": _("Scanning"),
        "scan_status_completed": _("Finished"),
        "scan_status_failed": _("Failed"),
        "scan_status_cancelled": _("Cancelled"),
        "scan_complete": _("Scan finished. Series: {series}, episodes missing: {missing}."),
        "scan_failed": _("Scan failed: {error}"),
        "scan_cancelled": _("The scan was cancelled."),
        "matched": _("“{folder}” belongs to “{name}” now."),
        "ignored": _("“{folder}” is left alone."),
        "taken_back": _("What you said of “{folder}” is forgotten; the scan looks at it again."),
        "phase_walk": _("Reading folders"),
        "phase_match": _("Recognising files"),
        "phase_record": _("Recording"),
        "phase_compare": _("Comparing"),
        "phase_refresh": _("Asking the catalogue"),
    }


def _settings() -> dict[str, str]:
    return {
        "settings_saved": _("Settings saved."),
        "settings_invalid": _("Some values are not right yet."),
        "unsaved_title": _("Leave without saving?"),
        "unsaved_text": _("Your changes on this page are not saved."),
        "leave": _("Leave"),
        "move_entry_up": _("Move {name} up"),
        "move_entry_down": _("Move {name} down"),
        "remove_entry": _("Remove {name}"),
        "backup_removed": _("Backup deleted."),
        "whole_begins": _("It begins …"),
        "whole_tables": _("Reading the database: {percent}"),
        "whole_check": _("Checking the file: {percent}"),
        "whole_load": _("Restoring on trial: {percent}"),
        "whole_swap": _("Putting in place: {percent}"),
        "whole_done_create": _("A backup was made: {time}."),
        "whole_done_verify": _("The backup is sound. Rows: {rows}, covers: {covers}."),
        "whole_done_restore": _("Everything was brought back: {time}. What was there before is kept as a backup."),
        "whole_restore_title": _("Bring everything back as it was?"),
        "whole_restore_text": _(
            "Database, settings and covers become those of {time}. What is there now is kept as a backup first. Running"
            " downloads are put back, and everybody has to sign in again."
        ),
        "restore_title": _("Restore this backup?"),
        "restore_same": _("It holds the same settings as now."),
        "restore_changes": _("These settings change:"),
        "restore": _("Restore"),
        "delete_backup_title": _("Delete this backup?"),
        "delete": _("Delete"),
        "session_ended": _("That session has ended."),
        "end_session_title": _("End this session?"),
        "end_session": _("End session"),
        "end_others_title": _("End all other sessions?"),
        "end_others_text": _("Every browser and program that is signed in elsewhere has to sign in again."),
        "end_others": _("End all others"),
        "others_ended": _("Sessions ended: {count}."),
        "key_made": _("Key made. Copy it now: it is shown only once."),
        "key_revoked": _("Key revoked."),
        "revoke_title": _("Revoke the key “{name}”?"),
        "revoke_text": _("Programs that use it can no longer sign in."),
        "revoke": _("Revoke"),
        "calendar_open": _("Calendar programs may read it."),
        "calendar_shut": _("No calendar program may read it."),
        "calendar_made": _("Password made. Copy it now: it is shown only once."),
        "calendar_make": _("Make password"),
        "calendar_again_title": _("Make a new password for calendar programs?"),
        "calendar_again": _("The present one is good no more; enter the new one in every program."),
        "calendar_forbid_title": _("Revoke the password for calendar programs?"),
        "calendar_forbid": _("Programs that use it can no longer read the calendar."),
        "calendar_forbidden": _("No calendar program may read the calendar any more."),
        "password_changed": _("Password changed. Every other session has ended."),
        "strength_0": _("Too short: at least 8 characters"),
        "strength_1": _("Weak"),
        "strength_2": _("Fair"),
        "strength_3": _("Good"),
        "strength_4": _("Strong"),
        "this_session": _("This browser"),
        "last_seen": _("Last seen"),
    }

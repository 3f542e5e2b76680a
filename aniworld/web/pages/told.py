"""Sentences of the server that pages say in the visitor's language: rows, logs and the REST interface keep English.

``SENTENCES`` are known by their text, ``FORMS`` have something filled in and are known by what stands around it.
"""

from __future__ import annotations

import re
from functools import cache


def _(form: str) -> str:
    """Marks ``form`` for translation."""
    return form


SENTENCES = (
    # What the REST interface and the checks often say
    _("The password is wrong."),
    _("Your password is right; enter the code of your authenticator as well."),
    _("The code is wrong, or it was used before."),
    _("Too many failed tries; wait a minute."),
    _("Sign in first."),
    _("The password is set already; sign in."),
    _("From another machine the setup token is needed; the server's log shows it."),
    _("Another series has this folder."),
    _("A folder is one name in the library, without / and \\; write the name only, such as Attack on Titan (2013)."),
    _("Scans skip folders of this name; choose another one, such as Attack on Titan (2013)."),
    _("There is no series of this key in the library."),
    _("This item is not in the queue any more."),
    _("No library folder is set; choose one in the settings."),
    _("There is nothing at this address."),
    _("Must not be empty."),
    _("Not a valid integer."),
    _("Not a valid number."),
    _("Field may not be null."),
    _("Holds control characters; write plain text in one line."),
    _("Names something twice."),
    _('Must be a list, such as ["first", "second"].'),
    _("The template is empty."),
    _("This address is malformed and is not fetched."),
    _("This address names no plain host and is not fetched."),
    _("an address without a scheme"),
    _("The folder's name holds control characters."),
    _("This is a file, not a folder."),
    _("This folder is not there; is its disk connected?"),
    _("The password holds a tab, a line break or another control character; leave it out."),
    _("No link in the library leads out of it."),
    _("Name the folders that they lead to in the settings under “Folders that links may lead to”."),
    _("Remove these links."),
    _("Write the full path of the folder, beginning at the root of the file system."),
    _("This is a folder of the system, or contains one; choose a folder of its own for the library."),
    _("The library may not lie in the application's own folders, nor contain them; choose another folder."),
    _("connection refused"),
    _("no answer in time"),
    _("its certificate is not valid"),
    _("the connection broke off"),
    _("Write a time like 07:30, up to 24:00."),
    _("German"),
    _("English"),
    _("Japanese"),
    _("Subtitles are switched off in the settings (download.subtitles)."),
    _("They hold no text."),
    _("They come as MP4, which cannot be read; only text can."),
    _("It is in the queue already."),
    _("It is in the library already."),
    _("The service took the message."),
    _("The service did not answer in time; try again later."),
    _("The service could not be reached or did not take the message; check address, token and network."),
    _("The address is not complete; compare it with Apprise's description of this service."),
    _("No media server is set; choose one first."),
    _("A look for new episodes runs already; wait for it."),
    _("A backup is being made, checked or restored; wait for its end."),
    _("A scan or a look for new episodes runs; wait for its end or cancel it, then restore."),
    _("This file is no backup of Aniworld, or it is damaged."),
    _("There is no backup of this name."),
    _("The database answers."),
    _("The database does not answer."),
    _("The database does not answer at this moment; work continues automatically once it is back."),
    _(
        "The database is read-only at this moment, for instance a standby after a failover; nothing can be changed until it accepts writes again. Work continues automatically then."
    ),
    _("The disk of the database is full; free some space on it. Work continues automatically then."),
    _(
        "The database is damaged or not an Aniworld database; stop the server and restore a backup: python -m aniworld backup restore"
    ),
    _(
        "The database file cannot be written; check the rights of the instance folder and that its disk is not mounted read-only. Work continues automatically then."
    ),
    _(
        "The database file cannot be opened, read or written; check the instance folder and its disk. Work continues automatically once it is back."
    ),
    _("A backup is being restored; nothing can be changed until that has ended. Try again in a moment."),
    _("settings"),
    _("covers"),
    _("backups"),
    _("The clocks of all processes agree."),
    _(
        "Let all machines take their time from one source (NTP). Downloads are held by the database's clock and are not affected; dates and plans are."
    ),
    _("The library can be read and written."),
    _("No library folder is set."),
    _("No source rests."),
    _("It is announced and not out yet; refresh the series to check again."),
    _("The library has no series yet; add one to have it checked."),
    _("No monitored series has a catalogue page; match their folders to a catalogue first."),
    _("No series is monitored; switch Monitor on for those that should be checked."),
    _("The clock is plausible."),
    _("Secrets are readable by their owner only."),
    # Transfers
    _("The video is cut off: its end is missing."),
    _("The video is damaged: parts of it cannot be decoded."),
    _("an unknown time"),
    _("What came is no video that can be opened."),
    _("A part of the video is missing at the hoster."),
    _("A part of the video is cut off or cannot be decrypted."),
    _("The video cannot be decrypted with the key that came with it."),
    _("The playlist is empty."),
    _("The playlist lists no video."),
    _("This is a live broadcast, which has no end that could be downloaded."),
    _("This video is protected by DRM and cannot be downloaded."),
    _("The file changes at its host while it is fetched."),
    _("The hoster sends less than 1 kB a second."),
    _("The media address keeps expiring."),
    _("ffmpeg is not installed, so no video can be checked. Install it and try again."),
    _("The transfer was killed by the system, most likely because memory ran out."),
    _("The transfer ran out of memory."),
    _("Something unforeseen went wrong; the log has the details. Retry the item."),
    _("The disk of the library is full. Make room and the download goes on."),
    _("The disk of the library does not take a file this large; use a file system without that limit."),
    _("The library's folder is no longer there. Is its disk connected?"),
    _("Another transfer of this episode has not ended yet; this one is tried again automatically."),
    _("This video is still being broadcast; try again when the broadcast has ended."),
    _("The playlist holds a data: address that cannot be read."),
    # Hosters
    # Catalogues
    _("The catalogue offers no link for this episode yet."),
    _("This is no link to a series of a known catalogue."),
    _("Must be a link of a known catalogue."),
    _("Must be the name of a catalogue."),
    # The library
    _("replaced"),
    _("is read-only"),
    _("cannot be written"),
    _("Nothing of this file name can be used."),
    _("The series name holds control characters."),
    _("This is no longer in the recycle bin."),
    # A season that the catalogue renumbered
    _("The catalogue renumbered this season; decide on the series' page which numbers count."),
    _("The catalogue renumbered this season and does not list this episode any more; add it to the queue again."),
    _("The catalogue's numbers are those of the library; there is nothing to decide."),
    _("The catalogue lists no such episode under the numbers that the library keeps."),
    _("An episode of this season is being downloaded; decide when that has ended."),
    _("Files are being renamed already; wait for the end of that."),
    _("This renaming was undone already."),
    _("A scan runs; rename when it has ended, or cancel it."),
    _("The scan's process was killed by the system, most likely because memory ran out; start it again."),
    _("The catalogue renumbered {name}; decide on its page which numbers count."),
    _("The note of this entry is damaged, so its place is not known. Move {folder} by hand, or delete the entry."),
    # Access and backups
    _("Line {line} of {file} in this backup is damaged: {why} Nothing was restored; take another backup."),
    _("Line {line} of {file} in this backup is too long; use another backup."),
    _("Line {line} of {file} in this backup is cut off; take another backup."),
    _("Your session has ended; sign in again."),
    _("This API key may read only."),
    _("There is no API key of this id."),
    _("There is no open session of this id."),
    _("There are too many sign-ins at once; try again in a few seconds."),
    _("The password contains invalid characters."),
    _("This request comes from another site and is refused."),
    _("The second factor is on already; turn it off first."),
    _("There is no second factor that waits for its first code; begin anew."),
    _("There is no password for calendar programs."),
    _("There is no address to send to; enter one first."),
    _("A test message is on its way; wait for it."),
    _("The settings are being changed by others all the time; try again in a moment."),
    _("The running downloads did not stop in time; try again in a moment."),
    _(
        "This backup comes from another installation, with another secret key; stop the server and restore it with: python -m aniworld backup restore"
    ),
    _("This backup was made by a newer Aniworld, in a form that this one does not know; update first."),
    _("The calendar could not be read; the log has the details."),
    _("Kodi did not take the wish; allow remote control via HTTP in its settings."),
    _("The database does not answer at this moment; try again, and look at the server's log if it stays so."),
    _("The database is busy with another program's work; try again in a moment."),
    _("A text is longer than the database keeps, or has a character that it cannot keep."),
    _("Holds characters that cannot be kept."),
    _("Missing data for required field."),
    _("Only an item that waits has a place in the queue."),
    # Renaming
    _("The file is not there any more; scan the library."),
    _("There is a file of this name already."),
    _("Another episode would have the same name."),
    _("It is being downloaded anew; rename it afterwards."),
    # Names that a scan does not understand
    _("The name is too long (more than 1,000 characters)."),
    _("The name says a special or a film, and the number may be an episode's."),
    _("A word stands in front of the series' name; it may be another series."),
    _("The folder names an episode, and the file another one."),
    _("The number may belong to a title."),
    _("The name says a season, but not clearly which one the number belongs to."),
    _("The folder says another season than the name."),
    _("The folder is a later part or disc of a season; its numbers may begin anew or go on."),
    _("The numbers in the name contradict each other."),
    _("The name says a film and a season."),
    _("The folder says specials or films, the name says a season."),
    _("No episode number was found in the name."),
    _("The range makes no sense."),
    _("film"),
    _("special"),
    _("The numbers may be a range, or a season and an episode."),
    _("There are two numbers in the name."),
    _("The number may be a year."),
    _("The name tells a later part of a season; its numbers may begin anew or go on."),
    _("The name goes on after the series' name; it may be another season."),
    _("The folder's name does not tell which season this number belongs to."),
    _("The second number may be another episode's, or begin a title."),
    _(
        "Specials of one season may count from 1 as those of another do: name the file S00E05, with the catalogue's number or with your own, which the series' page maps to it."
    ),
    _("The number is beyond the catalogue's."),
    _("The catalogue's counts are not known yet."),
    _("The catalogue lists no such episode in this season."),
    _("The name says a year as its season, and the catalogue has no such season."),
    _("Another special or film has this number."),
    _("It is one of several parts of an episode."),
    _("The number behind the code may be a second episode or a title."),
    _("It may be an episode of that title, or an extra."),
    _("The word for an extra may belong to the series' name."),
    _("The name tells a season and no clear number."),
    _("The number may belong to the title of a sequel."),
    _("Reading the name failed; the log has the details."),
    _("Reading it failed; the log has the details."),
    _("The scan was cancelled; what it had recorded is kept."),
    _("The scan stopped because of something unforeseen; the log has the details."),
)

FORMS = (
    # Around other sentences; the first form that fits counts
    _("No hoster worked. {reasons}"),
    _("{host} rests after failures: {why}"),
    _("These settings are not taken. {why}"),
    _("{why} Use another hoster, or retry later."),
    _("{why} It is tried again automatically; if the problem persists, use another hoster."),
    _("{why} Retry the item; if the problem persists, see the log."),
    _(
        "The same file came from this hoster twice and failed its check both times: {why} It is not fetched again. Use another hoster, or remove the item from the queue and add it again."
    ),
    # Settings
    _("Must be greater than or equal to {low} and less than or equal to {high}."),
    _("Must be one of: {choices}."),
    _("Must begin with one of: {choices}"),
    _("Length must be between {low} and {high}."),
    _("Longer than maximum length {high}."),
    _("{token} is no token; there are {tokens}."),
    _("The template needs {season} and {episode}, or {absolute}; else episodes would share a name."),
    _("The application may not write to {folder}; change its permissions or choose another folder."),
    # The network
    _("Only http and https are fetched, not {scheme}."),
    _("{host} does not accept a connection ({reason}); try again later."),
    _("{host} answers too slowly; try again later."),
    _("{host} asks to come back later (status {status}); it is tried again by itself."),
    _("{host} has a fault of its own (status {status}); try again later."),
    _("{host} refuses the page (status {status}); try again later."),
    _("{host} asks for a browser check ({sign}). Open it in a browser, wait a while, or use another network."),
    _("{why} It rests for about {minutes} more min."),
    _(
        "The name {host} cannot be resolved. Some internet providers block such sites in their DNS: use another DNS "
        "resolver, or configure a mirror of the site in the settings."
    ),
    # Catalogues and hosters
    _("The link to {hoster} leads nowhere."),
    _("The link to {hoster} is gone (status {status})."),
    _("The link to {hoster} does not open (status {status})."),
    _("The video at {host} is gone (status {status}); another hoster has to be used."),
    _("The video at {host} does not open (status {status}); another hoster has to be used."),
    _("The catalogue says that there is nothing at {address}."),
    _("The library folder {folder} is not there; is its disk connected?"),
    # Transfers
    _("The video lasts {lasts}, but {stated} seconds were announced."),
    _("The video lasts {lasts}, but one second was announced."),
    _("{count} second"),
    _("{count} seconds"),
    _("{count} time"),
    _("{count} times"),
    _("{host} sent a web page instead of a video."),
    _("{host} sent a picture instead of a part of the video."),
    _("{host} sent something else where a playlist was expected."),
    _("{host} sent an empty file."),
    _("{host} answers with other bytes than were asked for."),
    _("Nothing came for {patience}."),
    _("The episode does not count as complete in {language}. {reason}"),
    _("Not all subtitles could be had. {language}: {reason}"),
    _("The subtitles could not be kept. {reason}"),
    _("The subtitles in {language} cannot be had here. {reason}"),
    _("What {host} sent is not subtitles in a known form (WebVTT, SRT, ASS)."),
    _("They did not come within {seconds} seconds."),
    _("{host} answers with status {status}."),
    _("{host} cannot be reached."),
    _("{host} did not answer in time."),
    _("{host} refuses the connection."),
    _("{why} It was tried {times}."),
    _("{host} asks to wait {asked}."),
    _("The name {host} is not found. If your provider blocks it, another DNS server helps."),
    _("The certificate of {host} is not valid, so nothing is fetched from it."),
    _("The address at {host} is used up (status {status}); it has to be looked up again."),
    _("{host} did not send every part of the video."),
    # Hosters
    _("{host} refuses its page (status {status}); another hoster has to be used."),
    _("{host} refuses this page (status {status}); open it in a browser, or use another hoster."),
    _("{host} asks for a browser check. Open it in a browser, wait a while, or use another network or hoster."),
    _("{host} asks for a browser check or a sign-in; open it in a browser, or use another hoster."),
    _("{host} says that the video is gone (“{gone}”); another hoster has to be used."),
    _("{host} no longer has this file; another hoster has to be used."),
    _("{host} sends the browser to an address that it does not state openly; another hoster has to be used."),
    _("{host} hides its video in an obfuscated player; another hoster has to be used."),
    _("{host} hides its video, or its page has changed; another hoster is tried."),
    _("{host} does not state its video openly; another hoster has to be used."),
    _("{host} protects its video with DRM; another hoster has to be used."),
    _("The video at {host} is protected by DRM and cannot be downloaded."),
    _("{host} is not among the hosters that can be read, and its page states no video."),
    _("{host} shows no video on this page."),
    _("{host} no longer has this video (status {status})."),
    _("{host} no longer has this video."),
    _(
        "{host} leads to the private address {address} and is not fetched; if that machine is yours, name it in ANIWORLD_PRIVATE_HOSTS."
    ),
    # Catalogues
    _("The catalogue names a language that is not known: {label}."),
    _("Entries of {page} that could not be read and were left out: {count}."),
    _("The page of season {season} could not be read."),
    _("The catalogue has no video of this episode yet ({address})."),
    _(
        "{host} takes the requests for spam: there were too many. Wait a while, or allow fewer requests a second in the settings."
    ),
    _("{name} has no list of postponed episodes."),
    _("Its video is part of {code}; queue that episode instead."),
    _("It is announced for {day} and not out yet; refresh the series to check again."),
    _(
        "{sites} is cooling down after a browser check or too many requests; check again later, or press Try now on the System page."
    ),
    _(
        "Every monitored series ({count}) was read within the last {hours} h, and the catalogue's lists name nothing new."
    ),
    _(
        "The episode is not there in {wanted}; the catalogue has it in {offered}. Allow one of these languages to get it."
    ),
    _("This is no link to a series of {site}."),
    _("This is no link to a series as {host} is said to build them; see catalogue.engine in the settings."),
    _("There is no catalogue named {name}; its plug-in may be missing."),
    _("There is no catalogue named {name}, only {known}."),
    _("{name} has nothing at {address}."),
    _("{name} has no catalogue page; add it by its link."),
    _("{name} has no calendar."),
    _("{name} has no list of new episodes."),
    _("{address} has no “{selector}”: the site has changed its pages, or this is no page of it."),
    _("{address} is no page that can be read."),
    _("{address} was expected to answer with a list and did not."),
    _("{address} was expected to answer with JSON and did not."),
    _("{host} sends from address to address without an end."),
    _("“{name}” from {site} ({slug}) has the same key as this link ({other}); only one of them can be in the library."),
    # The library
    _("The library folder {root} {state} ({reason}); check its disk and its permissions."),
    _("The library folder {root} cannot be read ({reason}); is its disk connected?"),
    _("The library folder {root} is suddenly empty; is its disk connected? Nothing was marked as missing."),
    _("The library folder {root} vanished during the scan; nothing was marked as missing."),
    _("The library cannot be written to ({reason}); check the disk and its rights."),
    _("The disk of {root} is full; make room and try again."),
    _("The file system refuses this name ({reason})."),
    _("There is a file where the folder {name} is needed; move it away and try again."),
    _("{path} leads out of its folder and is not touched."),
    _("The folder belongs to {other} already."),
    _("The series has the folder {stored} already; merge the two on the disk first."),
    _("There is no folder {folder} in the library."),
    _("There is no series with the key {key}."),
    _("There is no series {key} in the library; add it first."),
    # Access and backups
    _("There are {most} keys already; revoke one that you no longer need."),
    _("There are {most} backups already; delete some that you no longer need."),
    _("The calendar of {site} is still being read; try again in a moment."),
    _("What answers there is no {name}; check the address and the kind."),
    # Counts in health
    _("The worker {name} holds {count} download and is silent."),
    _("The worker {name} holds {count} downloads and is silent."),
    _("The last backup is {count} day old."),
    _("The last backup is {count} days old."),
    _("A backup was made {count} hour ago."),
    _("A backup was made {count} hours ago."),
    _("{count} download failed for good."),
    _("{count} downloads failed for good."),
    _("{count} error stands in the log of the last hour."),
    _("{count} errors stand in the log of the last hour."),
    _("{count} episode waits, and the queue is stopped."),
    _("{count} episodes wait, and the queue is stopped."),
    _("{count} episode waits, and the queue is paused."),
    _("{count} episodes wait, and the queue is paused."),
    _("The library folder is empty, though {count} episode is known in it."),
    _("The library folder is empty, though {count} episodes are known in it."),
    _("The last scan was {count} day ago."),
    _("The last scan was {count} days ago."),
    _("yt-dlp {version} is {count} day old."),
    _("yt-dlp {version} is {count} days old."),
    # Outages
    _("The database is new although this instance is not (it has {signs}); restore a backup."),
    _("The clock of this machine is {seconds} s off the database's clock."),
    _("The clock of the worker {name} is {seconds} s off the database's clock."),
    _("The disk is full{where}; free some space on it and try again. Nothing was changed."),
    _(
        "The database file {name} was deleted or replaced while the server runs; nothing more is written. Stop the server, put the file back or restore a backup, and start it again."
    ),
    # Warnings of scans and looks
    _("One video lies outside of any series folder and is not counted; give it a folder."),
    _("{count} videos lie outside of any series folder and are not counted; give them a folder."),
    _("{name} leads nowhere; is a disk missing? Nothing of it is marked as missing."),
    _("The folder {old} of {series} is gone; {new} holds the same files. Match it if it is."),
    _("{path} cannot be read ({reason})."),
    _("{site} is left alone until the next look."),
    _(
        "{count} episodes appeared at once, which looks like a rebuilt page and not like new episodes; queue them by hand if you want them."
    ),
    _("{path} is not counted. {why}"),
    _("{folder} holds one more video whose name is not understood."),
    _(
        "{folder}: videos whose numbers name no season ({count}) get their episodes as soon as the series' catalogue page is read."
    ),
    _("{folder} holds {count} more videos whose names are not understood."),
    _("It may be episode {episode}, but the name does not say so clearly."),
    _("It is a {kind} without a number."),
    _("The catalogue has no episode {number}."),
    _("Videos that are empty (0 bytes) and count as present all the same: {names}."),
    _("The folder {name} has a name that is no valid text; rename it to have it scanned."),
    _("{name} is nested deeper than {most} folders; what lies below is not read."),
    _("{path} leads back into its own folder and is read once."),
    _("{path} is older than it was; is a disk missing? Nothing there is marked as missing."),
    _("{path} is a pipe or a device and no file; it is not counted."),
    _("{path} leads up to the library itself; it is not read."),
    _("The scan's process ended by itself (code {code}){reason}. What it had recorded is kept."),
    _("{name} in {folder} has a name that is no valid text."),
    _(
        "{path} is a link to {target}, outside of the library: its videos count, but nothing is downloaded into it. Name that folder in the settings under “Folders that links may lead to”."
    ),
    _("{path} is skipped: {sign} shows that its download is not finished."),
    _(
        "The folder {folder} is a link to {target}, outside of the library; name that folder in the settings under “Folders that links may lead to”, then retry."
    ),
    _("The folder {folder} is a link that leads nowhere; is its disk connected?"),
    _("The folder {folder} cannot be written; change its permissions or its disk, then retry."),
    _("The library folder {root} cannot be written; check its disk and its permissions."),
    _("The path of the folder {folder} is too long; give it a shorter name."),
    _("There is no folder {folder} in the library; no file was moved."),
    _("The folder {folder} is a link: it was moved, the files that it leads to stay."),
    _("Links in the library lead out of it, so that nothing is downloaded there: {named}."),
    _("Links in the library lead up to a folder that contains it, and are not read: {named}."),
    _("The folders for links of the backup are not used here: {reason}"),
    _("{path} is no path of a library."),
    _("{name} was removed"),
)


def form_of(text: str) -> tuple[str, dict[str, str]] | None:
    """The form that ``text`` has, and what is filled in; None for a sentence of no known form."""
    for form, fits in _patterns():
        if found := fits.fullmatch(text):
            return form, found.groupdict()
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((form, re.compile(_pattern(form), re.DOTALL)) for form in FORMS)


def _pattern(form: str) -> str:
    parts = re.split(r"\{(\w+)\}", form)
    return "".join(f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))

"""The words between server and child: one JSON object a line, in both directions.

To the child: the job with the server's process id first, then ``{"do": ...}`` commands. From the child:
``{"is": "progress" | "size" | "result" | "error", ...}``. No pickle, nothing that runs on being read.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aniworld.core.errors import AniworldError, ChildDied, SourceError, by_code
from aniworld.core.media import Chapter, Stream, StreamKind
from aniworld.core.subtitles import SubtitleFile, SubtitleTrack
from aniworld.transfer.protocol.advice import told
from aniworld.transfer.protocol.job import Phase, Progress, TransferJob, TransferResult


def line(message: dict[str, Any]) -> bytes:
    """One message as it goes over the pipe; always a single line of ASCII."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def job_message(job: TransferJob, parent: int) -> dict[str, Any]:
    fields = asdict(job) | {"folder": str(job.folder), "private_hosts": list(job.private_hosts)}
    fields["stream"] = asdict(job.stream) | {"headers": dict(job.stream.headers)}
    return {"job": fields, "parent": parent}


def read_job(message: dict[str, Any]) -> tuple[TransferJob, int]:
    """The job and the server's process id. Raises KeyError, TypeError or ValueError for any other message."""
    fields = dict(message["job"])
    stream = fields.pop("stream")
    fields["folder"] = Path(fields["folder"])
    fields["private_hosts"] = tuple(fields["private_hosts"])
    kind = StreamKind(stream.pop("kind"))
    chapters = tuple(Chapter(**one) for one in stream.pop("chapters"))
    subtitles = tuple(SubtitleTrack(**one) for one in stream.pop("subtitles"))
    given = Stream(kind=kind, chapters=chapters, subtitles=subtitles, **stream)
    return TransferJob(stream=given, **fields), int(message["parent"])


def progress_message(progress: Progress) -> dict[str, Any]:
    return {"is": "progress"} | asdict(progress)


def read_progress(message: dict[str, Any]) -> Progress:
    fields = {name: value for name, value in message.items() if name != "is"}
    return Progress(**(fields | {"phase": Phase(fields["phase"])}))


def result_message(result: TransferResult) -> dict[str, Any]:
    return (
        {"is": "result"} | asdict(result) | {"path": str(result.path), "audio_languages": list(result.audio_languages)}
    )


def read_result(message: dict[str, Any]) -> TransferResult:
    fields = {name: value for name, value in message.items() if name != "is"}
    fields["subtitles"] = tuple(SubtitleFile(**one) for one in fields.get("subtitles") or ())
    return TransferResult(
        **(fields | {"path": Path(fields["path"]), "audio_languages": tuple(fields["audio_languages"])})
    )


def error_message(error: AniworldError, folder: Path | None = None) -> dict[str, Any]:
    """With the working ``folder`` of a transfer, the text names no path and says what to do."""
    return {
        "is": "error",
        "code": error.code,
        "message": told(error, folder) if folder else str(error),
        "retry_after": getattr(error, "retry_after", None),
    }


def read_error(message: dict[str, Any]) -> AniworldError:
    """The error as it was raised in the child; ChildDied for a code that is not known here."""
    kind = by_code(str(message.get("code")))
    text = str(message.get("message") or "The transfer failed.")
    if issubclass(kind, SourceError):
        return kind(text, retry_after=message.get("retry_after"))
    return kind(text) if kind is not AniworldError else ChildDied(text)

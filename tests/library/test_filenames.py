"""Names as people have them, read as episodes; names.tsv holds them with the answer a person would give."""

from __future__ import annotations

from pathlib import Path


from aniworld.library.filenames import Found, NotUnderstood, read_name


def rows():
    table = Path(__file__).with_name("names.tsv").read_text("utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            path, names, want, kind, version, language = line.split("\t")
            yield path, tuple(filter(None, names.split("|"))), want, kind, version, language


def shown(answer) -> str:
    """An answer in the table's words."""
    if not isinstance(answer, Found):
        return "?" if isinstance(answer, NotUnderstood) else "-"
    coded = f"S{answer.season:02d}" + _span(answer.episodes, "E", 2) if answer.episodes else ""
    return "+".join(filter(None, (coded, _span(answer.absolute, "A", 1))))


def _span(numbers, letter, width) -> str:
    ends = dict.fromkeys((*numbers[:1], *numbers[-1:]))
    return "-".join(f"{letter}{number:0{width}d}" for number in ends)


def same(answer, want, kind, version, language) -> bool:
    if shown(answer) != want or not isinstance(answer, Found):
        return shown(answer) == want
    right_kind = answer.kind == (kind or ("special" if want.startswith("S00") else "episode"))
    return right_kind and str(answer.version) == (version or "1") and (answer.language or "") == language


def test_the_corpus_is_read_right_and_nothing_is_wrong_silently():
    cases = list(rows())
    missed = [
        (path, want, answer)
        for path, names, want, *facts in cases
        if not same(answer := read_name(path, series_names=names), want, *facts)
    ]
    wrong = [case for case in missed if not isinstance(case[2], NotUnderstood)]
    assert len(cases) >= 600
    assert not wrong
    assert len(missed) <= len(cases) * 0.02, missed

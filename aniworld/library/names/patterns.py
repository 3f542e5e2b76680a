"""The shapes of file and folder names, compiled once. What they mean is said in ``filenames``."""

from __future__ import annotations

import re
import unicodedata

_SIGNS = str.maketrans(
    {"½": ".5", "²": " 2", "³": " 3"} | {chr(0x2460 + number): f" {number + 1} " for number in range(20)}
)


def plain_text(text: str) -> str:
    """Letters and digits as a keyboard has them: ``Ⅱ`` is ``II``, ``２`` is ``2``, and ``²`` is a 2 that stands
    apart.
    """
    return text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_SIGNS))


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


VIDEO = _set("mkv mp4 avi webm m4v mov wmv flv ts m2ts mts mpg mpeg ogm ogv rmvb rm divx asf 3gp f4v")
UNFINISHED = _set("part crdownload tmp ytdl aria2 download partial filepart !qb !ut bc! opdownload temp")
# What a download that did not end leaves: ``Name.f137.mp4`` is one track, ``Name.temp.mp4``, ``Name.part.mp4`` are
# being written.
ONE_TRACK = re.compile(
    r"(?:f(?:0|[0-9]{2,4})(?:-[0-9a-z]+)*|f(?:hls|dash|https?)[\w-]*|te?mp|fftemp|part|partial|incomplete|unfinished|downloading|crdownload|opdownload|filepart|aria2|!q[bB]|!ut"
    r"|(?i:(?:[^.]*-)?tdarrcachefile-[\w-]+))"
)
BESIDE = {
    "a subtitle": _set("srt ass ssa sub idx vtt sup smi ttml"),
    "an NFO or text": _set("nfo txt md json xml url html htm log sfv md5 crc par2 torrent nzb ini db"),
    "a picture": _set("jpg jpeg png webp gif bmp tbn svg avif"),
    "audio": _set("mka mp3 flac m4a aac ac3 eac3 dts ogg opus wav"),
    "an archive or a disc image": _set("zip rar 7z tar gz iso vob ifo bup"),
    "a font": _set("ttf otf ttc"),
}
BESIDE_OF = {ext: family for family, extensions in BESIDE.items() for ext in extensions}

SKIPPED_FOLDERS = _set(
    "extras extra sample samples trailer trailers featurettes featurette scenes shorts interviews bonus nc ncop nced"
    " creditless menus menu scans fonts font ost subs subtitles untertitel artwork artbook covers cds cd music"
    " soundtrack screens proof attachments metadata"
) | {"behind the scenes", "deleted scenes", "making of", "bonus material", "nc op & ed", "creditless op & ed"}

# S01E02, s1e2, S01 E02, S01.E02, S001E002, S01EP02 — and what may follow: E03, -E03, ~E03, -03, +04, -S01E03, .S01E03,
# a space and E03. A number with a unit is none: ``S01E02-10bit``, ``S01E02-4K``. What may stand before it is looked at
# behind the S: so the search leaps from S to S, twice as fast.
CODE = re.compile(
    r"[sS](?<![A-Za-z0-9].)([0-9]{1,4})(?:[ ._-]{0,3}|x)[eE][pP]?[ ._]?([0-9]{1,5})"
    r"((?:[eE][0-9]{1,5}|[ ._][eE][0-9]{1,3}(?![0-9A-Za-z])|[-+&,][eE]?[0-9]{1,5}(?![0-9pPiIkK]|[A-DF-Za-df-z]{2})"
    r"|[ ._]?(?:[-+&,~–][ ._]?(?:[sS][0-9]{1,4})?|[sS][0-9]{1,4})[eE][pP]?[0-9]{1,5})*)(?![0-9])"
)
# ``zoos01e11``, as scene groups shorten a name: only with all of its digits.
GLUED = re.compile(r"(?<=[a-z])s([0-9]{2})e([0-9]{2,3})((?:e[0-9]{2,3})*)(?![0-9A-Za-z])")
MORE = re.compile(
    r"([-~–]|\b(?:bis|to)\b)?[ ._+&,]{0,2}(?:(?:und|and)[ ])?(?:[sS]?([0-9]{1,4})(?=[eExX])|[sS](?=[eE]))?"
    r"(?:folge[ .]?|episode[ .]?|[eExX][pP]?[ .]?)?([0-9]{1,5})",
    re.IGNORECASE,
)
# The number of ``S01E05-7`` is a second episode's, or, with a word behind it, a title's: ``7 Leben``. Tags are no
# words.
_TAGS = (
    r"ger|german|deutsch|eng|english|sub|dub|subbed|dubbed|gersub|gerdub|engsub|engdub|omu|vostfr|uncut|dl|ml|anime|bluray|bdrip|brrip"
    r"|dvdrip|webrip|web|webhd|hdtv|tvrip|bd|dvd|hd|remux|repack|proper|raw"
    r"|vost(?:fr|a|en|it|es)?|vf|vff|vorbis|subfrench|truefrench|french|fre|fra|ita(?:lian)?|spanish|esp|castellano|latino|pl|polish|rus(?:sian)?|ukr"
    r"|pt-?br|por|legendado|dublado|jap(?:anese)?|jpn|chs|cht|fastsub|subs"
)
BARE_SECOND = re.compile(
    r"(?:([&,]|(?<![^\W_])(?:und|and|en))|[-+~]|(?<![^\W_])(?:bis|to))[ ]?([0-9]+)$", re.IGNORECASE
)
_MORE_TAGS = r"complete|komplett|multi|dual|[xh]26[45]|hevc|avc|av1|xvid|aac|ac3|eac3|ddp?5?|dts|flac|opus|amzn|nf|cr|adn|uhd|sd|pdtv|dsr|blu-ray|custom|internal"
WORD_BEHIND = re.compile(
    rf"[ ._]+(?!(?:of|von)[ ._](?:[0-9]|xx))(?!(?:{_TAGS}|{_MORE_TAGS}|end|fin|final|v[0-9])(?![^\W_]))[^\W\d_]",
    re.IGNORECASE,
)
TAG_BEHIND = re.compile(rf"[ ._][0-9]{{1,3}}(?:\s*$|[ ._]+(?:{_TAGS}|{_MORE_TAGS})(?![^\W_]))", re.IGNORECASE)
CODED_MORE = re.compile(r"[ex][0-9]", re.IGNORECASE)
ORDINAL_BEFORE = re.compile(r"(?<![^\W_])[0-9]{1,3}\.\s*$")  # ``1. Bölüm 5``
PIECE_BEFORE = re.compile(r"(?<![^\W_])(?:cd|dis[ck]|dvd|part|pt)[ ._]*$", re.IGNORECASE)
OTHER_SEASON = re.compile(r"[\W_]*s[0-9]{1,4}(?![^\W_])", re.IGNORECASE)
# ``Name 2 (TV)``: a sequel that is called so.
SEQUEL = re.compile(r"(?<![^\W_])[0-9][ ._]*[\[(]TV[\])]", re.IGNORECASE)
# ``26.5.1``: no number of an episode, nor ``26`` with a channel count behind it.
THREE_PARTS = re.compile(r"(?<![0-9A-Za-z.])[0-9]{1,4}\.[0-9]\.[0-9](?![0-9A-Za-z.])")
VERSION_BEHIND = re.compile(r"(?<=[0-9])v[0-9]", re.IGNORECASE)
PAIR = re.compile(r"-([0-9]{1,4})")
PAIR_AT_END = re.compile(r" - ([0-9]{1,4})")
LONE_NUMBER = re.compile(r"(?: - [0-9]{1,3}|[ ._]0[0-9]{1,2})(?=\s*(?:$|[\[(]))")
# ``E12.5``; not ``E04.2-45`` nor ``E02.0.8.4``, which begin a title, nor ``E12.5.1``, which names channels.
HALF = re.compile(r"\.[0-9](?:v[0-9])?(?![0-9A-Za-z]|-[0-9])(?!\.[01](?![0-9])|(?:\.[0-9]){2,}(?![0-9]))")
PIECE = re.compile(r"[a-dA-D](?![A-Za-z0-9])|[ ._-]+(?:cd|dis[ck]|pt)[ ._]?[0-9](?![0-9A-Za-z])", re.IGNORECASE)
FILM_MARK = re.compile(r"[(\[](?:film|movie|kinofilm)[)\]]", re.IGNORECASE)
VERSION = re.compile(r"(?:(?<=[0-9])|[ ._\[(])v([1-9])(?![A-Za-z0-9])", re.IGNORECASE)

EXTRA_WORDS = (
    r"nc[ ._-]?(?:op|ed)[0-9]*[a-z]?|creditless|textless|trailer|teaser|preview|vorschau|sample|promo|menu|interview|featurette"
    r"|making[ ._-]of|behind[ ._-]the[ ._-]scenes|deleted[ ._-]scenes?|bloopers?|outtakes?|bonus"
    r"|(?:nc|creditless|textless|clean)[ ._-]?(?:op|ed|opening|ending)"
    r"|extras?"
)
# What each of the words holds; looked for first, because a plain search is ten times as fast.
EXTRA_SIGNS = tuple(
    _set(
        "ncop nced textless creditless trail teas preview vorschau sample promo menu interview featurette making behind"
        " deleted bloop outtake bonus clean extra scene short other"
    )
)
EXTRA_SUFFIX = re.compile(
    rf"(?<=[^\s-])[-._](?:{EXTRA_WORDS}|behindthescenes|deleted|scene|short|other)[0-9]{{0,2}}$", re.IGNORECASE
)
EXTRA_REST = re.compile(rf"[\s._\-(\[]*(?:{EXTRA_WORDS})[ ._-]?[0-9]{{0,2}}[\s._\-)\]]*(?:[\[(].*)?$", re.IGNORECASE)
NCOP = re.compile(r"(?<![A-Za-z])NC[ ._-]?(?:OP|ED)(?![A-Za-z]{2})", re.IGNORECASE)
SAMPLE_BEFORE = re.compile(
    r"samples?[0-9]?-(?=\S)|[\W_]*(?:samples?[0-9]?|trailer|teaser|preview|vorschau)[\W_]+$", re.IGNORECASE
)
EXTRA = re.compile(rf"(?<![a-z])(?:{EXTRA_WORDS})(?![a-z])", re.IGNORECASE)
EXTRA_SHORT = re.compile(
    r"(?<![A-Za-z0-9])(?:OP|ED|PV|CM|Opening|Ending)(?:[ ._-]?[0-9]{1,2}[a-z]?)?(?:v[0-9])?(?:[ ._]+Version"
    r" [A-Z0-9])?(?![A-Za-z0-9])"
)

# Behind a number these words may as well be an episode's title: ``S01E07 - Interview``.
EXTRA_TITLE = re.compile(
    r"[\s._-]+(?:promo|menu|interview|featurette|making[ ._-]of|behind[ ._-]the[ ._-]scenes"
    r"|deleted[ ._-]scenes?|bloopers?|outtakes?|bonus|extras?)(?![^\W_])",
    re.IGNORECASE,
)
EXTRA_TIGHT = re.compile(r"[-._][^\s._-]")  # ``S01E07-trailer``, as media servers name one

# What looks like a number of an episode and is none.
NOISE = re.compile(
    r"\b(?:(?!(?:19(?!20)|20)[0-9]{2}x[0-3][0-9]{2}(?![0-9]))[0-9]{3,4}[ ]?x[ ]?[0-9]{3,4}|[0-9]{3,4}[pi][0-9]{0,3}|(?:480|720|1080|2160)[ .]hi10p|[48]k|uhd|(?:8|10|12)x26[45]|[xh][ ._]?26[45]|(?:8|10|12)[ -]?bits?|hi10p?|ma10p|mp[34]|ac3d?|e-?ac3d?"
    r"|aac(?:[ ]?[0-9][ .][0-9])?|flac(?:[ ]?[0-9][ .][0-9])?|opus(?:[ ]?[0-9][ .][0-9])?|dd[p+]?[ ]?[0-9][ .][0-9]|dts(?:-hd)?(?:[ ]?[0-9][ .][0-9])?|[257][ .][01](?:ch)?"
    r"|[0-9]{2}[.,][0-9]{1,3} ?fps|[0-9]{2,3} ?fps|dvd[ ]?[0-9]|bd[ ]?[0-9]{3,4}|[0-9]+ ?mb|[0-9](?:[.,][0-9])? ?gb|av1|hevc|web-?dl|web-?rip)\b",
    re.IGNORECASE,
)
HASH = re.compile(r"[\[(][0-9A-Fa-f]{8}[\])]")
BRACKET = re.compile(r"[\[({【「『]([^\[\](){}【】「」『』]*)[\])}】」』]")
BRACKET_NUMBER = re.compile(
    r"\s*(?:(?:ep?|episode|folge|#|第)["
    r" .]?)?[0-9]{1,4}(?:v[0-9])?(?:\s*[-~]\s*[0-9]{1,4})?[話话集]?(?:\s(?:of|von)\s[0-9]{1,4})?\s*(?:end|fin|final|完|完结|終)?\s*",
    re.IGNORECASE,
)
END_BEHIND = re.compile(r"(?<=[0-9])\s*(?:end|fin|final|完结?|終)\s*$", re.IGNORECASE)
END_MARK = re.compile(r"(?<=[0-9])\s?\(\s?(?:end|fin|完结?|終)\s?\)", re.IGNORECASE)
UNDERSCORED_PAIR = re.compile(r"((?<![0-9A-Za-z])[0-9]{1,2}[xX])([0-9]{2,3})_([0-9]{2,3})(?=\s|$)")
EXTENSION_BEHIND = re.compile(r"(?<=\s)(?:mkv|mp4|avi|torrent)\s*$", re.IGNORECASE)
BRACKET_KEPT = re.compile(
    r"\b(?:menu|trailer|preview|teaser)|\b(?:ova|oad|movie|film|special)[0-9]|\b(?:film|movie|ova|oad|special|sp|staffel|season|folge|episode)\b.*[0-9]|[0-9]{1,2}x[0-9]{2}|[0-9]\.\s?staffel|\b[se]p?[0-9]{1,3}\b|第[0-9]",
    re.IGNORECASE,
)
HEIGHTS = _set("480 540 576 720 1080 1440 2160")
SIZES = frozenset(map(int, HEIGHTS)) | {
    240,
    264,
    265,
    266,
    360,
    4320,
}  # sizes and codecs: as an episode of a season each is a rarity
HEIGHT_BEHIND_NUMBER = re.compile(r"([0-9](?=[^\[(]).*?)[\[(](?:480|540|576|720|1080|1440|2160)[\])]")
PLUS_AS_SPACE = re.compile(r"(?<![0-9])\+|\+(?![0-9])")
_YEAR = r"(?:19|20)[0-9][0-9]"
YEAR = re.compile(_YEAR)
DATE = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9][0-9](?:[-. ][01]?[0-9][-."
    r" ][0-3]?[0-9]|[01][0-9][0-3][0-9])|[0-3]?[0-9][-.][01]?[0-9][-.](?:19|20)[0-9][0-9])(?![0-9])"
    r"|(?<![^\W_])[0-3]?[0-9](?:st|nd|rd|th|\.)?["
    r" .](?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zäé]*[ .](?:19|20)[0-9][0-9](?![0-9])",
    re.IGNORECASE,
)
DATED = re.compile(r"\bdate\b")  # what stands in a date's place; a number behind it is a time of day
HALF_ANYWHERE = re.compile(
    r"(?<![0-9.])[0-9]{1,4}\.[1-9](?![0-9A-Za-z])(?!\.[01](?![0-9]))|(?<![0-9.])[0-9]{1,4}\.[0-9]\.[0-9](?![0-9.])"
)

# A number that belongs to a title: ``Kaiju No. 8``, ``Vol. 2``.
NUMBER_IN_FRONT = re.compile(r"(?:^|\s)[0-9]{2,4}(?:v[0-9])?\s+-\s+$")
PADDED = re.compile(r"(?<![^\W_])0[0-9]{1,2}(?![^\W_])")
# ``050 - Special Request``; an edition or a release's tag is no title.
TITLE_BEHIND_WORD = re.compile(
    r"(?:the[ ])?(?:movies?|films?|kinofilm|spielfilm|specials?|spezial)["
    r" ](?!(?:edition|folge|episode|ep|part|teil|version|ger|german|deutsch|eng|english|sub|dub)(?![^\W_]))[^\W\d_]{2}",
    re.IGNORECASE,
)
TITLE_NUMBER = re.compile(r"\b(?:no|vol|volume|band)\b[ .]*[0-9]", re.IGNORECASE)
_SEASON = r"(?:seasons?|staffeln?|saison|temporada|temp\.|stagione|seizoen|s[äa]song|sesong|s[æa]son|sezon(?:ul|a|u)?|kausi|évad|сезон|シーズン|시즌)"

# The two commonest names without a code, read without all the rest: ``[Group] Name - 12 [1080p]`` and ``Folge 12``.
PLAIN = re.compile(
    r"(?:\[[^\[\]0-9]{1,40}\] )?(?:([^\[\](){}]{1,200}) - |(?:Folge|Episode) )([0-9]{1,3})(?: [\[(](?:[0-9]{3,4}p|[0-9A-F]{8})[\])])*"
)
_EP = r"(?:folgen?|episoden?|episodes?|episodios?|episódios?|épisodes?|epi|eps?|teil|afl(?:evering)?\.?|puntata|avsnitt|odcinek|серия|серії|cap[ií]tulo|capitolo|e|b[öo]l[üu]m|epiz[óo]da?|d[íi]l|jakso|afsnit|эпизод)"
# The words for an episode in further languages, in front of a number or behind it.
_EP_ELSEWHERE = (
    r"b[öo]l[üu]m|odcinek|odc\.|t[ậa]p|d[íi]l|epiz[óo]d[ay]?|jakso|afsnit|aflevering|afl\.|επεισόδιο|эпизод|серия|серії|серія"
    r"|الحلقة|ตอนที่|episodul|cap[ií]tulos?|capitolo"
)
_EP_BEHIND = r"folge|episode|b[öo]l[üu]m|blm|серия|серії|серія|эпизод|rész|epiz[óo]da?|d[íi]l|jakso|afsnit|avsnitt|puntata|odcinek"
_N = r"([0-9]{1,4})(?:v[0-9])?"
_WORD = r"(?:(?:folge|episode|ep?)[ .]?)"
# Further numbers: ``-02``, ``+02``, ``, 2 und 3``, `` - E02``, `` E02 E03``.
_TO = (
    rf"((?:(?:[ ]?(?:~|\+|&|,|bis|und|and|en|to)[ ]?{_WORD}?|-|[ ]?-[ ]?{_WORD}|["
    rf" ]?(?=e[0-9]){_WORD})[0-9]{{1,4}}(?:v[0-9])?(?![0-9A-DF-Za-df-z]|e(?![0-9])))*)"
    r"(?![0-9])"
)
_BARE_TO = r"((?:(?:-|\s?(?:~|\+|&|,)\s?)[0-9]{1,4}(?:v[0-9])?)*)"
SEASON_AND_EPISODE = (
    re.compile(
        rf"\b(?:{_SEASON}|st\.?|se\.?|s)[ .-]?({_YEAR}|[0-9]{{1,2}})[ ,.:\-]*(?:{_EP}[ .-]{{0,2}}|f(?=[0-9])){_N}{_TO}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b([0-9]{{1,2}})(?:\.|ª|a|º|o)?[ ]?{_SEASON}[ ,.:\-]*(?:{_EP}[ .]?)?{_N}{_TO}(?!\.[ ]?folge)(?=\s*(?:$|-|\.))",
        re.IGNORECASE,
    ),
    re.compile(r"\b([0-9]{1,2})\.[ ]?staffel[ ,.:\-]*([0-9]{1,4})\.[ ]?(?:folge|episode)(\b)", re.IGNORECASE),
    re.compile(rf"\b([0-9]{{1,2}})(?:st|nd|rd|th)[ ]season[ ,.:\-]*(?:{_EP}[ .]?){_N}{_TO}", re.IGNORECASE),
    re.compile(r"(?<![0-9A-Za-z])S([0-9]{1,2})\.([0-9]{2})(?![0-9A-Za-z])(\b)(?!\.[0-9](?![0-9]))", re.IGNORECASE),
    re.compile(r"\b([0-9]{1,2})(?:st|nd|rd|th)[ ]season[ ]([0-9]{2,3})(?:v[0-9])?(\b)(?=\s*$|\s-\s)", re.IGNORECASE),
    re.compile(
        rf"(?<![0-9A-Za-z])(?:(?<![0-9]\.)|(?<=(?<![0-9]){_YEAR}\.))[sS]?({_YEAR}|[0-9]{{1,2}})[xX]"
        r"([0-9]{2,3}|[0-9](?=[ ]?-[ ]?[0-9]{1,2}x[0-9]))(?:v[0-9])?"
        r"((?:(?:[ ._]?[-+&,~][ ._]?|[ ._])\1[xX][0-9]{1,3}|[ ._]?[-+&,~]?[ ._]?[xX][0-9]{1,3}|[ ._]?[-+&,~][ ._]?[eE][0-9]{1,3}"
        r"|[-+&][0-9]{2,3}|[ ][+&][ ][0-9]{2,3}|[ ]-[ ][0-9]{2,3}(?=\s*$))*)(?![0-9A-Za-z])"
    ),
)
# ``2x02 03``: what begins behind the last number may be one more.
EPISODE_OF_SEASON = re.compile(
    rf"\b(?:folge|episode|ep)[ .]?([0-9]{{1,4}})[ ,.(\-]*(?:{_SEASON}[ .]?|s)([0-9]{{1,2}})\b", re.IGNORECASE
)
# A season that the end of a name states: ``05 - Staffel 2``, ``Folge 05 - Name - Staffel 2``, ``Ep.05 S2``.
SEASON_BEHIND = re.compile(
    rf"(?:(?<=[0-9])[ ,]+|[ ,]*-[ ]+)(?:{_SEASON}[ .]?([0-9]{{1,2}})|S([0-9]{{1,2}})|([0-9]{{1,2}})\.["
    r" ]?staffel)(?![0-9A-Za-z])"
    rf"(?:[ .\-]*(?:{_TAGS}|{_MORE_TAGS})(?![^\W_]))*[ .\-]*$",
    re.IGNORECASE,
)
SEASON_ALONE = re.compile(
    rf"\s*(?:{_SEASON}[ .]?[0-9]{{1,2}}|S[0-9]{{1,2}}|[0-9]{{1,2}}\.[ ]?staffel)\s*", re.IGNORECASE
)
# ``[2x05-x06]``, ``[Staffel 2 Folge 5]``, ``[S2]`` in front of a name are no group's.
BRACKET_CODE = re.compile(rf"(?=[^0-9]*[0-9])(?>{_SEASON}|{_EP}|[sx]|[0-9]+|[ ._,+&~-]+)++", re.IGNORECASE)
# ``[1x02] Name - 07``: two episodes, and none is the one.
CODE_AND_NUMBER = re.compile(
    r"\W*\[[^\]]*(?<![^\W_])(?:[0-9]{1,4}x|e|folge )[0-9]{1,3}\].*\s-\s[0-9]{1,4}(?![^\W_])", re.IGNORECASE
)
SEQUEL_MARK = re.compile(r"\s*(?:II|III|IV|第[ ]?[0-9]{1,2}[ ]?[期季])\s*")
SPECIAL_MARK = re.compile(r"[(\[](?:ova|oad|special|spezial|film|movie|kinofilm)s?[)\]]", re.IGNORECASE)
# A number among words of which no series' name is known is guessed only where something says that it counts episodes.
GUESSED = re.compile(
    rf"(?<![^\W_])(?:(?:{_EP})[ .]?0*|0+)[1-9][0-9]*(?![0-9])|^\W*[0-9]{{2,3}}[ ]|^[^0-9]*$", re.IGNORECASE
)
TITLE_PART = re.compile(
    r"[^\W\d_](?:[ _]*[(\[]([0-9])[)\]]|[ _]*\(([1-9][0-9])\)|\(([0-9]{1,4})\))[\W_]*$"  # ``alert(05)>``
)
WORDS_AND_NUMBER = re.compile(r"[^\W\d_][^\d-]* [1-9][0-9]{2,3}")
PART_OF_TITLE = re.compile(r"[^\W\d_].*(?<![^\W_])(?:teil|part)[ .]*[0-9]", re.IGNORECASE)
NUMBERED_TITLE = re.compile(r"\W*nr\b", re.IGNORECASE)
# ``1of8``, ``05 von 12``: the number before, and how many there are.
NUMBER_OF = re.compile(
    r"(?<![0-9A-Za-z.])([0-9]{1,3})(?:of([0-9]{1,3})(?![0-9A-Za-z])|[ .]?(?:of|von)["
    r" .]?([0-9]{1,3})(?![0-9A-Za-z])(?=\s*(?:$|[-.(\[])))",
    re.IGNORECASE,
)
# Behind the series' name also with a title: ``14 of 21 Titel``; ``7 of 9`` may be the title.
NUMBER_OF_BEHIND_NAME = re.compile(r"\s*(?:-\s+)?([0-9]{2,3})[ ](?:of|von)[ ]([0-9]{2,3})\s[^0-9]*$", re.IGNORECASE)
# ``Season 2of5``: the season, and how many there are.
SEASON_OF_MANY = re.compile(rf"(?<![^\W_])({_SEASON}[ ][0-9]{{1,2}})of[0-9]{{1,2}}(?![0-9A-Za-z])", re.IGNORECASE)
# A number with the one that counts through all seasons, or within one, behind it: ``017 (115)``, ``29 (04)``.
TWO_COUNTS = re.compile(r"(?<![0-9A-Za-z.(])([0-9]{1,4})(?:v[0-9])?[ _]?\(([0-9]{2,4})\)")
# What a file manager adds to the second copy: ``10 (1)``, ``03(1)``.
COPY = re.compile(r"(?<=[0-9])[ ]?\([1-9]\)(?=\s*(?:[\[(]|$))")
KEYWORD = re.compile(
    rf"(?<![^\W_])(?:(?:folgen?|episoden?|episodes?|episodios?|episódios?|épisodes?|epi|eps?|nr\.?|puntata|avsnitt|{_EP_ELSEWHERE}"
    rf"|cap\.(?=[ ]?[0-9]{{1,2}}(?![0-9])))[ .#-]*|e|#){_N}{_TO}(?![A-Za-z])",
    re.IGNORECASE,
)
CJK = re.compile(r"第[ ]?([0-9]{1,4})((?:[ ]?[-~][ ]?[0-9]{1,4})?)[ ]?[話话集回화]|(?<![0-9~-])([0-9]{1,4})[話话集화]")
NUMBERED_EPISODE = re.compile(rf"(?<![0-9.])([0-9]{{1,4}})[.ao]?[ ]?(?:{_EP_BEHIND})(?![^\W_])", re.IGNORECASE)
# ``Cap.408`` is the eighth of season 4 where the name, or its folder, tells that season too.
CHAPTER = re.compile(r"(?<![^\W_])cap(?:\.[ ]?|[ ])([0-9]{3,4})(?:[ ._-]([0-9]{3,4}))?(?![0-9])", re.IGNORECASE)
CHAPTER_SEASON = re.compile(r"(?<![^\W_])(?:temporada|temp?)[ ._]*([0-9]{1,2})(?![0-9])", re.IGNORECASE)
FILM = re.compile(
    r"\b(?:the[ ])?(?:movies?|films?|kinofilm|spielfilm)\b[ #.:\-]*(0?[0-9]{1,2})?(?![0-9])", re.IGNORECASE
)
OVA = re.compile(
    r"\b(?:ova|oad|ovd)s?\b[ #.:\-]*(0?[0-9]{1,2})?(?![0-9])|\b(?:ova|oad|ovd)(0?[0-9]{1,2})\b", re.IGNORECASE
)
SPECIAL = re.compile(
    r"\b(?:specials?|spezial)\b[ #.:\-]*(?:(?:ep|folge|episode)[ .]?)?(0?[0-9]{1,2})?(?![0-9])|\bSP["
    r" ]?(0?[0-9]{1,2})\b",
    re.IGNORECASE,
)
DASHED = re.compile(
    r"(?:^|\s)-\s+#?([0-9]{1,4})(?:v[0-9])?" + _BARE_TO + r"(?=\s*$|\s+-(?:\s|$)|\s+(?:end|fin|final)\b"
    rf"|(?<=[0-9][0-9])[ .]+(?:{_TAGS}|{_MORE_TAGS})(?![^\W_]))",
    re.IGNORECASE,
)
DASHED_ZERO = re.compile(r"(?:^|\s)-\s+#?(0[0-9]{1,3})(?:v[0-9])?(?=\s+\w)()")
LEADING = re.compile(
    r"^\s*#?([0-9]{1,4})(?:v[0-9])?" + _BARE_TO + r"(?=\s*$|\s*-\s|\.\s|\s+(?:end|fin|final)\s*$)",
    re.IGNORECASE,
)
LEADING_ZERO = re.compile(r"^\s*-?\s*(0[0-9]{1,3})(?:v[0-9])?(?=\s+\w|-[^\W\d_])()")
# A version is an episode's: ``7v3``. A padded number in front of a release's tags ends the title: ``Name 04 VOSTFR``.
VERSIONED = re.compile(r"(?:^|\s)([0-9]{1,4})\s?v[2-9](?![^\W_])()", re.IGNORECASE)
COUNTS_OTHERS = re.compile(rf"(?<![^\W_])(?:{_SEASON}|s|cd|dvd|dis[ck]|track|no|nr)[ .]*$", re.IGNORECASE)
PADDED_TAGGED = re.compile(
    rf"\s(0[0-9]{{1,2}}(?=[ .]+(?:{_TAGS}|{_MORE_TAGS})(?![^\W_]))|[0-9]{{3}}(?=[ ]+vost))()", re.IGNORECASE
)
TRAILING = re.compile(
    r"(?:^|(?<!\bdate)\s)([0-9]{2,4})(?:v[0-9])?((?:(?:-|\s?(?:~|\+|&|,)\s?)[0-9]{2,4}(?:v[0-9])?)*)\s*(?:-\s*)?(?:end|fin|final)?\s*$",
    re.IGNORECASE,
)
# Behind the series' name: ``Name 12 German 1080p``, ``name-12-ger-sub``, where NOISE is gone already.
TRAILING_TAGGED = re.compile(
    rf"^[\s-]*([0-9]{{2,4}})(?:v[0-9])?()(?:[ .-]+(?:{_TAGS}|{_MORE_TAGS}|v[0-9])(?![^\W_]))*(?:\s?-[A-Za-z]\w*)?\s*$"
    r"|^[\s-]*([0-9]{2,4})(?:v[0-9])?()["
    rf" .]+(?:{_TAGS}|{_MORE_TAGS})(?![^\W_])(?!.*(?<![^\W_])[0-9]{{2,3}}(?![^\W_]))",
    re.IGNORECASE,
)
# ``Name_10_Titel``, where underscores keep the number apart as ``01`` keeps itself.
FIELD = re.compile(r"^[\s_-]*_([0-9]{2,3})(?:v[0-9])?()_(?=[^\W\d_])")

# What a name ends with: ``Toradora! 03``, ``Gift ~eternal rainbow~ 01``.
SIGNS_BEHIND_NAME = re.compile(r"^[!?~☆★♪♥]+(?=[\s_.-]|$)")
# A dot between a name that ends with a digit and a number of two digits: ``86.05``; with one it would be half a number.
DOT_BEHIND_NAME = re.compile(r"^\.(?=[0-9]{2}(?![0-9A-Za-z]))")

# ``Second Season``, ``Zweite Staffel``, ``Season Two``: seasons counted in words, which ``with_digits`` writes as
# ``Season 2``.
_COUNTED = (
    "first|erste[nr]?|one|eins",
    "second|zweite[nr]?|two|zwei|II",
    "third|dritte[nr]?|three|drei|III",
    "fourth|vierte[nr]?|four|vier|IV",
    "fifth|f(?:ü|ue)nfte[nr]?|five|f(?:ü|ue)nf|V",
    "sixth|sechste[nr]?|six|sechs|VI",
    "seventh|sieb(?:en)?te[nr]?|seven|sieben|VII",
    "eighth|achte[nr]?|eight|acht|VIII",
    "ninth|neunte[nr]?|nine|neun",
    "tenth|zehnte[nr]?|ten|zehn",
)
_NUMBER_WORDS = "|".join(f"({words})" for words in _COUNTED)
SEASON_IN_WORDS = re.compile(
    rf"(?<![^\W_])(?:(?:{_NUMBER_WORDS})[ ._](?:season|staffel)|(?:season|staffel)[ ._](?:{_NUMBER_WORDS}))(?![^\W_])",
    re.IGNORECASE,
)


# Of several seasons none is the one.
_SEASONS_IN_WORDS = re.compile(
    rf"(?:[&+,]|(?<![^\W_])(?:and|und|to|bis))\s*(?:{_NUMBER_WORDS})[ ._](?:season|staffel)", re.IGNORECASE
)


def season_in_digits(found: re.Match[str]) -> str:
    return f"Season {((found.lastindex or 1) - 1) % len(_COUNTED) + 1}"


def with_digits(text: str) -> str:
    """The text with ``Season 2`` where a season is counted in words; ``05 - Second Season`` is a title."""
    if not SEASON_WORD.search(text) or _SEASONS_IN_WORDS.search(text):
        return text
    counted = SEASON_IN_WORDS.sub(season_in_digits, text)
    return text if SEASON_BEHIND.search(counted) and not SEASON_BEHIND.search(text) else counted


SEASON_IN_NAME = re.compile(
    rf"\b{_SEASON}[ .]?([0-9]{{1,2}})\b|\b([0-9]{{1,2}})(?:st|nd|rd|th)[ ]season\b|\b([0-9]{{1,2}})(?:\.|ª|a|º|o)?["
    rf" ]?{_SEASON}\b|"
    r"(?<![A-Za-z0-9'])S([0-9]{1,2})\b|第[ ]?([0-9]{1,2})[ ]?[期季]",
    re.IGNORECASE,
)
SPECIAL_BEFORE = re.compile(r"\b(?:special|spezial|ova|oad)s?\W*$", re.IGNORECASE)
NO_PART = re.compile(
    r"\b(?:tv|uncut|uncensored|ger|german|deutsch|eng|english|sub|dub|subbed|dubbed|omu|anime|bd|dvd|web|hd)\b",
    re.IGNORECASE,
)
UNCLEAR_PART = re.compile(
    r"\b(?:part|teil|cour|arc|seasons?|staffeln?|the[ ]final|zoku|r2|kai|next|new|vol(?:ume)?|band|chapter|kapitel)\b[ .]*(?:[0-9]{1,2}|[ivx]{1,4})?\W*$"
    rf"|(?<![^\W_])(?:{_SEASON}[ .]?|s){_YEAR}\W*$"
    r"|\b(?:II|III|IV|V|VI|VII|VIII|IX)\W*$|(?:^|\s)[2-9]\W*$|-hen\W*$|第[一二三四五六七八九十]+[期季]",
    re.IGNORECASE,
)

FOLDER_SEASON = re.compile(
    rf"^(?:.*[ ._(\[-])?(?:{_SEASON}|seria)[ ._-]*([0-9]{{1,3}})(?![0-9])|^([0-9]{{1,2}})(?:\.|ª|a|º|o|-?й)?["
    rf" ]?{_SEASON}(?![^\W_])"
    r"|(?:^|.*[ ._])([0-9]{1,2})(?:st|nd|rd|th)[ ._]season\b"
    r"|^(?:.*[ ._-])?S([0-9]{1,3})(?:[ ._(\[-].*)?$|^([0-9]{1,2})$|第[ ]?([0-9]{1,2})[ ]?[期季]",
    re.IGNORECASE,
)
ORDINAL_SEASON = re.compile(
    rf"(?<![^\W_])([0-9]{{1,2}})(?:\.|ª|º|st|nd|rd|th|-?й)[ ._]?{_SEASON}[ ._-]*[0-9]", re.IGNORECASE
)
# Several seasons in one folder, and a second part of one: a bare number in it may count from either.
FOLDER_SEASONS = re.compile(
    rf"(?:{_SEASON}|S)s?[ ._]*[0-9]{{1,2}}[ ._]*(?:[-+&,;~–—]|und|and|bis|to|u\.?|y|et|thru|through)["
    rf" ._]*(?:(?:{_SEASON}|S)[ ._]*)?[0-9]{{1,2}}(?![0-9])",
    re.IGNORECASE,
)
# ``Staffel 2.5``, ``Staffel 2b``: half a season, or a part of one.
FOLDER_HALF = re.compile(
    rf"(?:{_SEASON}|(?<![^\W_])S)[ ._-]*[0-9]{{1,3}}(?:[.,][0-9](?![0-9])|[ ]?[a-d](?![^\W_]))", re.IGNORECASE
)
# A later piece of a season, or a disc, whose numbers may begin anew.
FOLDER_PIECE = re.compile(
    r"(?:part|teil|cour|dis[ck]|cd|dvd|bd|blu-ray|vol(?:ume)?\.?|band|box|pt\.?)["
    r" ._-]*(?:0*(?:[2-9]|[1-9][0-9])|II|III|IV|V|[b-d])",
    re.IGNORECASE,
)
LATER_PART = re.compile(r"\b(?:part|cour|teil)[ ._]*(?:[2-9]|II|III|IV)\b", re.IGNORECASE)
FOLDER_SPECIALS = re.compile(
    r"^(?:.*[ ._-])?(?:specials?|spezials?|sp|ovas?|oads?|ova'?s)(?:[ ._-]*(?:&|und|and|\+)["
    r" ._-]*(?:ovas?|specials?|oads?))?$",
    re.IGNORECASE,
)
# A season that a folder of specials belongs to: ``Staffel 2``, ``2. Staffel``, ``S2``; a word alone: ``Final Season``.
SEASON_SAID = re.compile(
    rf"{_SEASON}[ ._-]*([0-9]{{1,3}})(?![0-9])|(?<![0-9])([0-9]{{1,2}})(?:st|nd|rd|th|\.|ª|º)?[ ._-]*{_SEASON}"
    r"|(?<![A-Za-z0-9'])S([0-9]{1,3})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
SEASON_WORD = re.compile(rf"(?<![^\W_]){_SEASON}(?![^\W_])", re.IGNORECASE)
_ASIDE = r"(?:specials?|spezials?|sp|ovas?|oads?|filme?|movies?|extras?|bonus)"
_ONE_SEASON = rf"(?:(?:{_SEASON}|s)[ ._-]*[0-9]{{1,3}}|[0-9]{{1,2}}(?:st|nd|rd|th|\.|ª|º)?[ ._-]*{_SEASON})"
# ``Season 2 (Specials)``, ``Season 2 Extras``, ``Specials of Season 2``: what FOLDER_SPECIALS does not end with.
FOLDER_OF_SEASON = re.compile(
    rf"(?<![^\W_]){_ONE_SEASON}[\s._:-]*{_ASIDE}[\s._-]*(?:[0-9]{{3,4}}p)?\s*$"
    rf"|(?<![^\W_]){_ASIDE}[\s._:-]*(?:(?:of|from|for|von|aus|zu|zur|der)[ ])*{_ONE_SEASON}\s*$",
    re.IGNORECASE,
)
BRACKET_SIGN = re.compile(r"[\[\](){}]")
# A name that says season 0 itself.
SEASON_ZERO = re.compile(
    r"(?<![^\W_])(?:season|staffel|saison|s)[ ._]?0{1,2}(?![0-9])|(?<![0-9])0{1,2}(?:x[0-9]{2}|\.[ ]?staffel)",
    re.IGNORECASE,
)
FOLDER_FILMS = re.compile(r"^(?:.*[ ._-])?(?:filme?|movies?|kinofilme?|the movies?|spielfilme)$", re.IGNORECASE)
FOLDER_NEUTRAL = re.compile(
    r"^(?:[0-9]{3,4}p|(?:ger|german|deutsch|eng|english|jap|japanese)(?:["
    r" ._-]?(?:sub|dub|subbed|dubbed))?|omu|uncut|episoden?|folgen?|episodes|anime|serie|videos?|tv"
    r"|.*\b(?:arc|saga)\b.*|.*[0-9]{1,4}\s?-\s?[0-9]{1,4}.*)$",
    re.IGNORECASE,
)

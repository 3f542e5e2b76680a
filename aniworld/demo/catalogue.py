"""The demo's twelve series. All of them are invented; any likeness in name is chance.

Hosters: Vulkan, Streamwerk, Lichtspiel and Vidpol state their media openly, Wellenbad streams in pieces (HLS), Totholz
has lost its files, Tresor asks for a browser check, Halbmond serves half a file.
"""

from __future__ import annotations

from aniworld.demo.facts import DemoSeries, episodes

_FULL = "ger-dub:Vulkan,Streamwerk ger-sub:Lichtspiel,Vulkan eng-sub:Vidpol"
_DUB_SUB = "ger-dub:Streamwerk,Vidpol ger-sub:Vulkan"
_SUBS = "ger-sub:Vulkan,Lichtspiel eng-sub:Streamwerk"

NAUTILUS = DemoSeries(
    slug="sternenfaehre-nautilus-zwoelf",
    title="Sternenfähre Nautilus Zwölf",
    title_en="Star Ferry Nautilus Twelve",
    description=(
        "Die älteste Fähre zwischen den Ringmonden soll verschrottet werden. Ihre Besatzung – eine Pilotin mit"
        " Höhenangst, ein Maschinist, der nur mit Motoren redet, und ein blinder Passagier von neun Jahren – nimmt noch"
        " einmal Fahrgäste auf und verlässt zum ersten Mal den Fahrplan."
    ),
    year=2019,
    year_end=2022,
    genres=("Abenteuer", "Science-Fiction", "Drama"),
    fsk=12,
    seasons=(0, 1, 2),
    episodes=episodes(
        {
            1: (
                "Abfahrt, Gleis Unendlich|Departure, Track Infinity",
                "Der Lotse ohne Schatten|The Pilot Without a Shadow",
                "Größe Null|Size Zero",
                "Ein Fahrschein nach Übermorgen|A Ticket to the Day After Tomorrow",
                "Rost und Sterne|Rust and Stars",
                "Die Schleuse|The Lock",
            ),
            2: (
                "Zurück auf Anfang|Back to One",
                "Das Echo der Werft|Echo of the Yard",
                "Windstille|Becalmed",
                "Endstation|Terminus",
            ),
            0: ("Nautilus Zwölf: Der Film|Nautilus Twelve: The Movie",),
        },
        _FULL,
    ),
    more_titles=("Hoshi no Watashibune", "Nautilus XII"),
)

BAKERY = DemoSeries(
    slug="die-baeckerei-am-ende-der-zeit",
    title="Die Bäckerei am Ende der Zeit",
    title_en="The Bakery at the End of Time",
    description=(
        "Jeden Morgen um vier öffnet eine kleine Bäckerei, die es gestern noch nicht gab. Wer dort ein Brötchen kauft,"
        " bekommt eine Stunde zurück."
    ),
    year=2021,
    year_end=None,
    genres=("Alltagsleben", "Fantasy", "Komödie"),
    fsk=6,
    seasons=(1, 2),
    episodes=episodes(
        {
            1: (
                "Sauerteig|Sourdough",
                "Fünf nach vier|Five Past Four",
                "Das süße Stück|The Sweet Bit",
                "Mehl im Uhrwerk|Flour in the Clockwork",
                "Übrig vom Tage|Left from the Day",
                "Die Kundin aus dem Jahr 2240|The Customer from 2240",
                "Knusper|Crust",
                "Letzte Runde|Last Round",
            )
        },
        _DUB_SUB,
    ),
    more_titles=("Jikan no Hate no Panya",),
)

COPPER = DemoSeries(
    slug="kupferherz",
    title="Kupferherz",
    title_en="Copper Heart",
    description="In der Stadt der Dampfkessel schlägt in jeder Brust ein Uhrwerk. Nur in Idas nicht.",
    year=2023,
    year_end=2023,
    genres=("Steampunk", "Action"),
    fsk=12,
    seasons=(1,),
    episodes=episodes(
        {1: ("Anlassen|Ignition", "Druck|Pressure", "Ventil|Valve", "Grünspan|Verdigris")},
        "ger-dub:Wellenbad ger-sub:Wellenbad",
    ),
)

FOG = DemoSeries(
    slug="lautlos-im-nebelwald",
    title="Lautlos im Nebelwald",
    title_en="Silent in the Fog Forest",
    description=(
        "Wer im Nebelwald ein Wort spricht, findet den Weg nicht mehr hinaus. Drei Geschwister gehen trotzdem hinein."
    ),
    year=2020,
    year_end=2020,
    genres=("Mystery", "Horror"),
    fsk=16,
    seasons=(1,),
    episodes=episodes(
        {
            1: (
                "Ohne ein Wort|Without a Word",
                "Moos|Moss",
                "Was der Uhu weiß|What the Owl Knows",
                "Spuren|Tracks",
                "Lichtung|Clearing",
            )
        },
        "ger-dub:Totholz,Vulkan ger-sub:Vulkan>Totholz,Lichtspiel",
        other={"S01E05": "ger-dub:Totholz,Vulkan>Totholz"},
    ),
)

NEON = DemoSeries(
    slug="Neon_Yokai-Streife",
    title="Neon-Yōkai-Streife",
    title_en="Neon Yokai Patrol",
    description=(
        "Zwei Streifenpolizistinnen regeln im Viertel der Geister den Verkehr. Beide wissen nicht, dass die andere"
        " einer ist."
    ),
    year=2022,
    year_end=2024,
    genres=("Komödie", "Übernatürlich", "Krimi"),
    fsk=12,
    seasons=(0, 1),
    episodes=episodes(
        {
            1: (
                "Rotlicht für Oni|Red Light for Oni",
                "Der Fuchs fährt schwarz|The Fox Rides Free",
                "|Paper Umbrellas",
                "Nachtdienst|Night Shift",
                "Blaulicht|Blue Light",
                "Überstunden|Overtime",
            ),
            0: ("Special: Betriebsausflug|Special: Works Outing", "Neon – Der Film|Neon: The Movie"),
        },
        _SUBS,
        other={"S01E03": "eng-sub:Vidpol,Streamwerk", "S01E01": _FULL},
    ),
    more_titles=("Neon Yōkai Keira", "ネオン妖怪警邏"),
)

LIGHTHOUSE = DemoSeries(
    slug="der-letzte-leuchtturm",
    title="Der letzte Leuchtturm",
    title_en="The Last Lighthouse",
    description=(
        "Drei Filme über ein Licht, das nicht ausgehen darf, und die Menschen, die es über hundert Jahre hüten."
    ),
    year=2014,
    year_end=2018,
    genres=("Drama",),
    fsk=6,
    seasons=(0,),
    episodes=episodes({0: ("Das Feuer|The Fire", "Die Glühbirne|The Bulb", "Die Dämmerung|The Dusk")}, _DUB_SUB),
)

TEAPOT = DemoSeries(
    slug="ritter-der-sprechenden-teekanne",
    title=(
        "Ritter der sprechenden Teekanne: Wie ich im Reich der unvollendeten Straßenbahnen zum Oberkellner wurde und "
        "versehentlich die Weltuntergangsbehörde übernahm"
    ),
    title_en="Knight of the Talking Teapot",
    description="Ein Praktikant, eine Kanne, ein Formular zu viel.",
    year=2024,
    year_end=None,
    genres=("Isekai", "Komödie"),
    fsk=0,
    seasons=(1,),
    episodes=episodes(
        {
            1: (
                "Antrag auf Erteilung einer Antragserteilungsgenehmigung|Application for Permission to Apply",
                'Zug um Zug, oder: "Bitte zurückbleiben!"|Train by Train',
                "Darjeeling / Ceylon: Eine Frage der Ehre?|Darjeeling / Ceylon",
            )
        },
        _DUB_SUB,
    ),
)

GLASS = DemoSeries(
    slug="glaspalast",
    title="Glaspalast",
    title_en="Palace of Glass",
    description="Im durchsichtigsten Haus der Welt verschwindet ein Gemälde, und niemand will etwas gesehen haben.",
    year=2017,
    year_end=2018,
    genres=("Krimi",),
    fsk=12,
    seasons=(1,),
    episodes=episodes(
        {1: ("Sprung|Crack", "Spiegelung|Reflection", "Scherben|Shards")},
        "ger-dub:Tresor,Vulkan",
        other={"S01E01": "ger-dub:Tresor"},
    ),
)

REEL = DemoSeries(
    slug="die-zerrissene-filmspule",
    title="Die zerrissene Filmspule",
    title_en="The Torn Reel",
    description="Ein Vorführer sucht das Ende des Films, in dem er aufgewachsen ist.",
    year=2016,
    year_end=2016,
    genres=("Drama", "Mystery"),
    fsk=6,
    seasons=(1,),
    episodes=episodes(
        {1: ("Erster Akt|First Reel", "Der Riss|The Tear", "Abspann|Credits")},
        "ger-dub:Vulkan",
        other={"S01E02": "ger-dub:Halbmond"},
    ),
)

CATS = DemoSeries(
    slug="mondkatzen",
    title="Mondkatzen",
    title_en="Moon Cats",
    description="Auf der Rückseite des Mondes leben genau sieben Katzen. Jede hält sich für die Königin.",
    year=2010,
    year_end=2015,
    genres=("Komödie", "Kinder"),
    fsk=0,
    seasons=(1, 2, 4),
    episodes=episodes(
        {
            1: ("Miau Eins|Meow One", "Staub|Dust", "Milch|Milk", "Krater|Crater"),
            2: ("Ebbe|Low Tide", "Flut|High Tide", "Fernrohr|Telescope", "Erdaufgang|Earthrise"),
            4: ("Neumond|New Moon", "Halbmond|Half Moon", "Vollmond|Full Moon"),
        },
        "ger-dub:Vidpol,Streamwerk eng-dub:Vulkan",
        counted=True,
    ),
    more_titles=("Tsuki Neko", "Luna Cats"),
)

CLOUDS = DemoSeries(
    slug="werkstatt-der-wolken",
    title="Werkstatt der Wolken",
    title_en="The Cloud Workshop",
    description=(
        "Regen wird hier noch von Hand gemacht. Die Lehrlinge Juno und Bo bauen ihr erstes Gewitter – und verlieren es."
    ),
    year=2026,
    year_end=None,
    genres=("Fantasy", "Alltagsleben"),
    fsk=6,
    seasons=(1,),
    episodes=episodes(
        {
            1: (
                "Erste Tropfen|First Drops",
                "Nieselprüfung|Drizzle Exam",
                "Ein Gewitter auf Abwegen|A Storm Astray",
                "Heiter|Fair",
                "Föhn|Foehn",
            )
        },
        _SUBS,
        other={"S01E04": "eng-sub:Vulkan", "S01E05": ""},
    ),
    more_titles=("Kumo no Kōbō",),
)

OIL = DemoSeries(
    slug="oel-und-aether",
    title="Öl & Äther",
    title_en="Oil & Ether",
    description="Zwei Luftschiffer, ein Duell, das seit dreißig Jahren vertagt wird. <Mit Untertiteln für Wolken.>",
    year=2012,
    year_end=2013,
    genres=("Abenteuer", "Historisch"),
    fsk=12,
    seasons=(1,),
    episodes=episodes({1: ("Auftrieb|Lift", "Ballast|Ballast", "Kurs Süd-Südwest|South by Southwest")}, _FULL),
    more_titles=("Abura to Ēteru",),
)

CATALOGUE: tuple[DemoSeries, ...] = (
    NAUTILUS,
    BAKERY,
    COPPER,
    FOG,
    NEON,
    LIGHTHOUSE,
    TEAPOT,
    GLASS,
    REEL,
    CATS,
    CLOUDS,
    OIL,
)

"""Which addresses may be fetched."""

from __future__ import annotations

import pytest

from aniworld.core.addresses import AddressRule, as_browsers_ask, check_url, is_public
from aniworld.core.errors import AddressRefused

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "192.0.2.1",
    "203.0.113.9",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
    "5f00::1",
    "3fff::1",
    "",
    "no address",
    "8.8.8.8.8",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_reserved_and_wrapped_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450::5"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://host/x",
        "gopher://host",
        "javascript:alert(1)",
        "//host/x",
        "host/x",
        "",
        "http://",
        "http:///x",
        "http://user@host/",
        "http://user:pw@127.0.0.1@host/",
        "http://host\\@127.0.0.1/",
        "http://ho st/",
        "http://host/\r\nX: y",
        "http://host/\x00",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0/",
        "http://127.0.0.0x1/",
        "http://host:99999/",
        "http://host:port/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://host/" + "x" * 9000,
        None,
        7,
    ],
)
def test_addresses_that_are_no_plain_http_are_refused(url: object) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)  # type: ignore[arg-type]


def test_host_and_port_of_a_plain_address() -> None:
    assert check_url("https://aniworld.to/anime/stream/x?y=1#z") == ("aniworld.to", 443)
    assert check_url("HTTP://Host.Example:8080") == ("host.example", 8080)
    assert check_url("http://[2606:4700::1]:81/") == ("2606:4700::1", 81)
    assert check_url("http://127.0.0.1/") == ("127.0.0.1", 80)


def test_a_named_host_is_excepted_alone_or_with_its_port_only() -> None:
    rule = AddressRule.of(["127.0.0.1:8080", "media.lan", "[::1]:9000", " "])
    assert rule.allows("127.0.0.1", "127.0.0.1", 8080)
    assert not rule.allows("127.0.0.1", "127.0.0.1", 8081)
    assert rule.allows("MEDIA.lan.", "10.0.0.5", 1234)
    assert not rule.allows("other.lan", "10.0.0.5", 1234)
    assert rule.allows("::1", "::1", 9000)
    assert rule.allows("anything.example", "93.184.216.34", 80)
    assert not AddressRule().allows("localhost", "127.0.0.1", 80)


@pytest.mark.parametrize(
    ("address", "full"),
    [
        ("seg 1.ts", "https://h.example/a%20b/seg%201.ts"),
        (
            "/Fruits Basket/ä ö.ts?tok=a b&n=ü",
            "https://h.example/Fruits%20Basket/%C3%A4%20%C3%B6.ts?tok=a%20b&n=%C3%BC",
        ),
        ("a%20b%2Fc%zz.ts?q=%20", "https://h.example/a%20b/a%20b%2Fc%zz.ts?q=%20"),
        ("a|b[1]{2}^`.ts", "https://h.example/a%20b/a|b[1]%7B2%7D%5E%60.ts"),
        ('x.ts?it\'s="1"&b=[2]|{3}', "https://h.example/a%20b/x.ts?it%27s=%221%22&b=[2]|{3}"),
        ("sub\\seg.ts?a=\\b", "https://h.example/a%20b/sub/seg.ts?a=%5Cb"),
        ("\t se\n g\r.ts \x00", "https://h.example/a%20b/se%20g.ts"),
        ("//cdn.example/x y", "https://cdn.example/x%20y"),
        ("?tok=a b", "https://h.example/a%20b/list.m3u8?tok=a%20b"),
        ("Folge 1: Anfang.ts", "https://h.example/a%20b/Folge%201:%20Anfang.ts"),
        ("http:\\\\cdn.example\\x", "http://cdn.example/x"),
        ("http://cdn.example?x=a b", "http://cdn.example?x=a%20b"),
        ("日本.ts", "https://h.example/a%20b/%E6%97%A5%E6%9C%AC.ts"),
        ("data:text/plain;base64,AA==", "data:text/plain;base64,AA=="),
        ("file:///etc/passwd", "file:///etc/passwd"),
    ],
)
def test_an_address_is_asked_as_a_browser_would(address: str, full: str) -> None:
    assert as_browsers_ask(address, "https://h.example/a b/list.m3u8?t=1") == full
    assert as_browsers_ask(full) == full, "what is encoded already is not encoded again"


@pytest.mark.parametrize("address", ["http://a.example\\@10.0.0.1/", "http:\\\\10.0.0.1/x", "\\\\10.0.0.1\\x"])
def test_backslashes_hide_no_host(address: str) -> None:
    full = as_browsers_ask(address, "https://h.example/")
    host, _ = check_url(full)
    assert host == ("a.example" if "@" in address else "10.0.0.1")


def test_a_malformed_host_is_refused() -> None:
    with pytest.raises(AddressRefused, match="malformed"):
        as_browsers_ask("//[x/y", "https://h.example/")

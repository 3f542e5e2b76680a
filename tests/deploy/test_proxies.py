"""The proxy examples: understood by nginx, and none of them passes a visitor's own X-Forwarded-* on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.nginx import Nginx
from tests.deploy.people import open_folder
from tests.deploy.reading import DEPLOY, caddyfile

NGINX = {"root": DEPLOY / "nginx.conf", "subpath": DEPLOY / "nginx-subpath.conf"}
BELIEVED = ("Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix")


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@pytest.mark.parametrize("examples", [["root"], ["subpath"], ["root", "subpath"]], ids="+".join)
def test_nginx_understands_it_alone_and_beside_the_other(folder: Path, examples: list[str]) -> None:
    told = Nginx(folder, *(NGINX[name] for name in examples)).test()
    assert told.returncode == 0, told.stderr
    assert "warn" not in told.stderr and "emerg" not in told.stderr


def test_a_broken_example_would_be_noticed(folder: Path) -> None:
    broken = folder / "broken.conf"
    broken.write_text(NGINX["root"].read_text().replace("proxy_pass ", "proxy_past "))
    told = Nginx(folder, broken).test()
    assert told.returncode != 0 and "proxy_past" in told.stderr


@pytest.mark.parametrize(("example", "prefix"), [("root", '""'), ("subpath", "/aniworld")])
def test_every_header_that_is_believed_is_set_by_nginx(example: str, prefix: str) -> None:
    told = dict(re.findall(r"^\s*proxy_set_header (\S+)\s+(\S+);", NGINX[example].read_text(), re.MULTILINE))
    assert {name: told[name] for name in BELIEVED} == {
        "Host": "$http_host",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-Host": '""',
        "X-Forwarded-Prefix": prefix,
    }
    assert told["Upgrade"] == "$http_upgrade" and told["Connection"] == "$aniworld_connection"


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-subpath.conf", "Caddyfile", "traefik.yaml"])
def test_each_says_what_aniworld_has_to_be_told(name: str) -> None:
    text = (DEPLOY / name).read_text()
    for variable in ("ANIWORLD_HOSTS=", "ANIWORLD_TRUSTED_PROXIES=", "ANIWORLD_SECURE_COOKIES=true"):
        assert variable in text
    assert "127.0.0.1:5000" in text


def test_caddy_has_a_site_for_each_way_and_takes_foreign_prefixes_away() -> None:
    text = (DEPLOY / "Caddyfile").read_text()
    sites = caddyfile(text)
    assert sites["anime.example.org"] == [
        'header Strict-Transport-Security "max-age=31536000"',
        "reverse_proxy 127.0.0.1:5000",
        "reverse_proxy 127.0.0.1:5000 > header_up -X-Forwarded-Prefix",
    ]
    assert sites["home.example.org"] == [
        "redir /aniworld /aniworld/ 308",
        "handle /aniworld/*",
        "handle /aniworld/* > reverse_proxy 127.0.0.1:5000",
        "handle /aniworld/* > reverse_proxy 127.0.0.1:5000 > header_up X-Forwarded-Prefix /aniworld",
    ]
    assert all(line.startswith(("\t", "#", "}")) or line.endswith("{") for line in text.splitlines() if line)


@pytest.mark.parametrize("broken", ["a {\n", "}\n", "reverse_proxy x\n"])
def test_a_broken_caddyfile_is_noticed(broken: str) -> None:
    with pytest.raises(ValueError):
        caddyfile(broken)


@pytest.fixture(scope="module")
def traefik() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "traefik.yaml").read_text())["http"]


def test_traefik_routers_name_what_there_is(traefik: dict[str, Any]) -> None:
    assert set(traefik) == {"routers", "middlewares", "services"}
    named = {name for router in traefik["routers"].values() for name in router["middlewares"]}
    assert named == set(traefik["middlewares"]), "none is missing, none is left over"
    for router in traefik["routers"].values():
        assert router["service"] in traefik["services"]
        assert set(router) == {"rule", "entryPoints", "middlewares", "service", "tls"}
        assert router["entryPoints"] == ["websecure"] and router["tls"] == {"certResolver": "letsencrypt"}
    [server] = traefik["services"]["aniworld"]["loadBalancer"]["servers"]
    assert server == {"url": "http://127.0.0.1:5000"}


def test_traefik_sets_or_takes_away_the_prefix_on_every_way(traefik: dict[str, Any]) -> None:
    found = {}
    for name, router in traefik["routers"].items():
        for middleware in (traefik["middlewares"][one] for one in router["middlewares"]):
            wished = middleware.get("headers", {}).get("customRequestHeaders", {})
            found |= {name: wished["X-Forwarded-Prefix"]} if "X-Forwarded-Prefix" in wished else {}
    assert found == {"aniworld": "", "aniworld-subpath": "/aniworld"}


def test_traefik_adds_the_slash_and_nothing_else(traefik: dict[str, Any]) -> None:
    rule = traefik["middlewares"]["aniworld-slash"]["redirectRegex"]
    assert rule["permanent"] is True and rule["replacement"] == "${1}/"
    assert re.search(rule["regex"], "https://home.example.org/aniworld")
    assert not re.search(rule["regex"], "https://home.example.org/aniworld/")
    assert not re.search(rule["regex"], "https://home.example.org/evil/x/aniworld")

"""Media over TLS: the certificate is looked at, connections are used again, and no proxy stands between."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aniworld.core.errors import SiteUnreachable
from aniworld.core.media import StreamKind
from tests.transfer.fixtures import Ask, Videos, serve
from tests.transfer.media_server import MediaHost


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``ca.pem``, and ``host.pem`` that it signed for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("authority")
    ca_key, host_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("Test CA", "Test CA", ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=None))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    host = _certificate("127.0.0.1", "Test CA", host_key, ca_key, names)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    key = host_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "host.pem").write_bytes(key + host.public_bytes(pem))
    return folder


def _certificate(
    name: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    more: x509.ExtensionType,
) -> x509.Certificate:
    called = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(*reversed(called))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(more, critical=False)
        .sign(signer, hashes.SHA256())
    )


@pytest.fixture
def secure(authority: Path) -> Iterator[MediaHost]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "host.pem")
    host = MediaHost(context)
    yield host
    host.close()


def test_a_file_comes_over_tls_and_connections_are_used_again(
    secure: MediaHost, authority: Path, videos: Videos, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    secure.files["/v.mp4"] = videos.mp4
    result = ask(secure.url("/v.mp4"), private_hosts=(secure.address,), connections=2).run()
    assert result.path.read_bytes() == videos.mp4
    assert secure.connections <= 3


def test_a_playlist_of_many_segments_needs_few_connections(
    secure: MediaHost, authority: Path, videos: Videos, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    serve(secure, "hls", videos.hls)
    ask(secure.url("/hls/list.m3u8"), StreamKind.HLS, private_hosts=(secure.address,), connections=3).run()
    assert len(secure.requests) > 10
    assert secure.connections <= 4


def test_a_certificate_of_nobody_known_is_refused(secure: MediaHost, videos: Videos, ask: Ask) -> None:
    secure.files["/v.mp4"] = videos.mp4
    with pytest.raises(SiteUnreachable, match="certificate"):
        ask(secure.url("/v.mp4"), private_hosts=(secure.address,)).run()
    assert secure.requests == []


def test_a_certificate_for_another_name_is_refused(
    secure: MediaHost, authority: Path, videos: Videos, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    secure.files["/v.mp4"] = videos.mp4
    url = secure.url("/v.mp4").replace("127.0.0.1", "localhost")
    with pytest.raises(SiteUnreachable, match="certificate"):
        ask(url, private_hosts=("localhost",)).run()


def test_a_proxy_of_the_environment_is_not_used(
    host: MediaHost, videos: Videos, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    host.files["/v.mp4"] = videos.mp4
    assert ask("/v.mp4").run().path.read_bytes() == videos.mp4

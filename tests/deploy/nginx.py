"""A true nginx, unprivileged, on the examples as they stand: only ports, the certificate and Aniworld's address are put
in.
"""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.deploy.people import IS_ROOT, STRANGER, unprivileged
from tests.programs import program
from tests.running import free_port, until

UPSTREAM = "http://127.0.0.1:5000"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx:
    """``ports`` = {port in the example: port of this run}; ``certificate`` is what clients have to believe."""

    def __init__(self, folder: Path, *examples: Path, upstream: str = UPSTREAM) -> None:
        self.folder, self.certificate = folder, folder / "certificate.pem"
        self.ports: dict[str, int] = {}
        self._program = program("nginx")
        self._process: subprocess.Popen[bytes] | None = None
        make_certificate(self.certificate, folder / "key.pem")
        (folder / "nginx.conf").write_text(self._around([self._fitted(one.read_text(), upstream) for one in examples]))
        for path in (folder, *folder.iterdir()):
            if IS_ROOT:
                os.chown(path, STRANGER, STRANGER)

    def test(self) -> subprocess.CompletedProcess[str]:
        """``nginx -t``."""
        return subprocess.run(self._command("-t"), capture_output=True, text=True, timeout=30)

    def start(self) -> None:
        self._process = subprocess.Popen(self._command(), stderr=subprocess.DEVNULL)
        until(lambda: (self.folder / "nginx.pid").exists() or self._process.poll() is not None)
        assert self._process.poll() is None, (self.folder / "error.log").read_text()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def _command(self, *more: str) -> list[str]:
        folder = str(self.folder)
        return unprivileged(
            [self._program, "-p", folder, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log", *more]
        )

    def _fitted(self, text: str, upstream: str) -> str:
        text = re.sub(r"listen (\[::\]:)?(\d+)", lambda found: f"listen 127.0.0.1:{self._port(found)}", text)
        text = re.sub(r"/etc/letsencrypt/live/[^/]+/fullchain\.pem", str(self.certificate), text)
        text = re.sub(r"/etc/letsencrypt/live/[^/]+/privkey\.pem", str(self.folder / "key.pem"), text)
        return text.replace(UPSTREAM, upstream)

    def _port(self, found: re.Match[str]) -> int:
        return self.ports.setdefault((found[1] or "") + found[2], free_port())

    def _around(self, examples: list[str]) -> str:
        temporary = "".join(f"{name}_temp_path {self.folder}/{name};\n" for name in _TEMPORARY)
        return (
            f"daemon off;\nmaster_process off;\npid {self.folder}/nginx.pid;\nevents {{ worker_connections 64; }}\n"
            f"http {{\naccess_log off;\n{temporary}" + "\n".join(examples) + "\n}\n"
        )


def make_certificate(certificate: Path, key: Path) -> None:
    """A certificate for the examples' names and this machine, signed by itself, good for a day."""
    secret = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(name) for name in ("anime.example.org", "home.example.org", "localhost")]
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )

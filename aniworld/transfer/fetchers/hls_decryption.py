"""AES-128 in CBC mode, as HLS uses it. Imports cryptography (50 ms): only for playlists that name a key."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from aniworld.core.errors import WrongMedia

_BLOCK = 16


class Opener:
    """Decrypts one segment as it comes. Its last block is held back, for it ends in padding (RFC 8216, 4.3.2.4)."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        if len(key) != _BLOCK:
            raise WrongMedia("The key of this video is not one: it has the wrong length.")
        self._decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        self._held = b""

    def update(self, data: memoryview) -> bytes:
        plain = self._held + self._decryptor.update(data)
        self._held = plain[-_BLOCK:]
        return plain[:-_BLOCK]

    def end(self) -> bytes:
        """What was held back, without its padding. Raises WrongMedia if key or segment is wrong."""
        try:
            self._decryptor.finalize()
        except ValueError:
            raise WrongMedia("A part of the video is cut off or cannot be decrypted.") from None
        count = self._held[-1] if self._held else 0
        if not 1 <= count <= _BLOCK or self._held[-count:] != bytes([count]) * count:
            raise WrongMedia("The video cannot be decrypted with the key that came with it.")
        return self._held[:-count]

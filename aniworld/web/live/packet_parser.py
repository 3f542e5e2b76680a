"""Socket.IO packets from clients that may be hostile: whatever is no plain event becomes one that is refused."""

from __future__ import annotations

from typing import Any

from socketio.packet import ACK, CONNECT, DISCONNECT, EVENT, Packet

UNREADABLE = "unreadable"
# Handlers of the server's own making: an event of such a name would run them, and "disconnect" is no leaving.
_RESERVED = ("connect", "disconnect", "connect_error", "*")
_PLAIN = (CONNECT, DISCONNECT, EVENT, ACK)


class TextPacket(Packet):  # type: ignore[misc]
    """Text only. Binary attachments would be collected in memory without a bound."""

    data: Any

    def __init__(self, *args: Any, encoded_packet: Any = None, **more: Any) -> None:
        super().__init__(*args, encoded_packet=encoded_packet, **more)
        if encoded_packet is not None and not encoded_packet:
            self._refuse()  # an empty one is not even decoded

    def decode(self, encoded_packet: Any) -> int:
        if isinstance(encoded_packet, str):
            try:
                attachments = super().decode(encoded_packet)
            except (ValueError, TypeError, IndexError, RecursionError):
                return self._refuse()
            if self.packet_type in _PLAIN and not attachments and self._is_sound():
                if self.packet_type == EVENT and self.data[0] in _RESERVED:
                    self.data = [UNREADABLE]  # refused like any unknown event, and its sender is told
                return 0
        elif not isinstance(encoded_packet, bytes):
            return int(super().decode(encoded_packet))
        return self._refuse()

    def _is_sound(self) -> bool:
        if self.packet_type == EVENT:
            return isinstance(self.data, list) and bool(self.data) and isinstance(self.data[0], str)
        return self.packet_type != ACK or isinstance(self.data, list)

    def _refuse(self) -> int:
        self.packet_type, self.namespace, self.id, self.data = EVENT, None, None, [UNREADABLE]
        return 0

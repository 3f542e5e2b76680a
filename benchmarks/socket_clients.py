"""Many Socket.IO clients in one process: ``python -m benchmarks.socket_clients URL TOKEN NUMBER SECONDS``.

Prints how many joined and how many events came, as JSON. Speaks the wire format of Engine.IO 4 and Socket.IO 5 itself,
so that 200 clients weigh little beside the server that is measured.
"""

from gevent import monkey

monkey.patch_all()

import json
import sys
from collections import Counter

import gevent
import websocket

ROOMS = ["downloads", "download_progress"]
JOIN_WITHIN_S = 150.0


def let_in(url: str, token: str) -> websocket.WebSocket:
    """A connection that is signed in; as a browser does, it tries again where a busy server refuses it."""
    address = url.replace("http://", "ws://") + "/socket.io/?EIO=4&transport=websocket"
    while True:
        line = websocket.create_connection(address, timeout=60, origin=url)
        line.recv()
        line.send("40" + json.dumps({"token": token}))
        if line.recv().startswith("40"):
            return line
        line.close()
        gevent.sleep(1)


def client(url: str, token: str, seen: Counter) -> None:
    line = let_in(url, token)
    line.send("42" + json.dumps(["join", ROOMS]))
    seen["joined"] += 1
    while True:
        try:
            packet = line.recv()
        except websocket.WebSocketException:
            seen["lost"] += 1
            return
        if packet == "2":
            line.send("3")
        else:
            seen["events"] += 1


def main(url: str, token: str, number: int, seconds: float) -> None:
    seen: Counter = Counter()
    clients = []
    for _ in range(number):
        clients.append(gevent.spawn(client, url, token, seen))
        gevent.sleep(0.02)
    with gevent.Timeout(JOIN_WITHIN_S, False):
        while seen["joined"] < number:
            gevent.sleep(0.05)
    print(json.dumps({"joined": seen["joined"]}), flush=True)
    seen["events"] = 0  # of those that tell the state on joining nothing is counted
    gevent.sleep(seconds)
    print(json.dumps(seen), flush=True)
    gevent.killall(clients, block=False)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))

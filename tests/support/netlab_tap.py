"""What goes over port 80, byte by byte: run inside the private network as ``python -m``.

A server's own log tells what it understood; only the wire tells that a password was never sent. Each line on
standard input is answered with one line of JSON: every payload that clients have sent to port 80 since the
line before, and how many packets the kernel had to drop (then nothing is proven).
"""

import json
import select
import socket
import struct
import sys

ETH_P_IP, SOL_PACKET, PACKET_STATISTICS = 0x0800, 263, 6
SO_RCVBUFFORCE, ROOM = 33, 64 * 1024 * 1024
PACKET_HOST, TCP, PORT = 0, 6, 80


def payload(frame: bytes) -> bytes:
    """What a client says to port 80 in this Ethernet frame of IPv4; empty for anything else."""
    packet = frame[14:]
    if len(packet) < 20 or packet[9] != TCP:
        return b""
    segment = packet[(packet[0] & 15) * 4 : int.from_bytes(packet[2:4], "big")]
    if len(segment) < 20 or int.from_bytes(segment[2:4], "big") != PORT:
        return b""
    return segment[(segment[12] >> 4) * 4 :]


def drain(tap: socket.socket) -> list[str]:
    """Everything that has arrived, each packet once (loopback shows it going and coming)."""
    said = []
    while select.select([tap], [], [], 0)[0]:
        frame, address = tap.recvfrom(ROOM)
        if address[2] == PACKET_HOST and (text := payload(frame)):
            said.append(text.decode("latin-1"))
    return said


def main() -> None:
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
    tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
    tap.bind(("lo", ETH_P_IP))
    print(json.dumps("ready"), flush=True)
    said: list[str] = []
    while True:
        for source in select.select([tap, sys.stdin], [], [])[0]:
            said += drain(tap)
            if source is sys.stdin:
                if not sys.stdin.readline():
                    return
                _, dropped = struct.unpack("II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
                print(json.dumps({"said": said, "dropped": dropped}), flush=True)
                said = []


if __name__ == "__main__":
    main()

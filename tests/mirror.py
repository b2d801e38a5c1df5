"""`python -m tests.mirror PORT`: a capture agent on a test's network, which sends copies of all SIP to a port."""

import socket
import sys
from datetime import UTC, datetime
from ipaddress import ip_address

from tests.hep import packet

IPV4, UDP, SIP_PORT = 0x0800, 17, 5060
ETHERNET = 14


def main(port: int) -> None:
    """Until it is ended; a packet of this machine to itself passes twice, out and in, and is taken once."""
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4)) as mirror,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out,
    ):
        mirror.bind(("lo", IPV4))
        print("mirrored", flush=True)
        while True:
            frame, (_, _, kind, *_) = mirror.recvfrom(65_535)
            data = frame[ETHERNET:]
            header = (data[0] & 0x0F) * 4
            ports = {int.from_bytes(data[header : header + 2]), int.from_bytes(data[header + 2 : header + 4])}
            if kind == socket.PACKET_OUTGOING or data[9] != UDP or SIP_PORT not in ports:
                continue
            copy = packet(
                data[header + 8 :], str(ip_address(data[12:16])), str(ip_address(data[16:20])), datetime.now(UTC),
                port=int.from_bytes(data[header : header + 2]),
            )  # fmt: skip
            out.sendto(copy, ("127.0.0.1", port))


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""usage: import_test.py PROGRAM

`PROGRAM import` on captures made here: what becomes of a TCP conversation, of a UDP flow, of pings, of a
conversation whose begin is missing; that nothing is overwritten, and what it says of files that are none.
"""

import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = bytes([10, 9, 0, 2]), bytes([10, 9, 0, 1])


def ip(src, dst, proto, payload):
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0) + src + dst + payload


def tcp(client, seq, ack, flags, data=b"", options=b""):
    ports = (40000, 80) if client else (80, 40000)
    head = struct.pack(">HHIIBBHHH", *ports, seq, ack, (20 + len(options)) // 4 << 4, flags, 1000, 0, 0)
    src, dst = (CLIENT, SERVER) if client else (SERVER, CLIENT)
    return ip(src, dst, 6, head + options + data)


def capture(path, packets, linktype=101, magic=0xA1B2C3D4):
    """A pcap file of (milliseconds, packet)."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", magic, 2, 4, 0, 0, 65535, linktype))
        for ms, packet in packets:
            f.write(struct.pack("<IIII", 100 + ms // 1000, ms % 1000 * 1000, len(packet), len(packet)) + packet)


class Import(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.pcap = Path(self.folder.name) / "c.pcap"
        self.out = Path(self.folder.name) / "out"

    def tearDown(self):
        self.folder.cleanup()

    def run_import(self):
        return subprocess.run([sys.argv[1], "import", self.pcap, "-o", self.out], capture_output=True, text=True,
                              check=False)

    def scripts(self):
        return {p.stem: [l for l in p.read_text().splitlines() if l and not l.startswith("//")]
                for p in self.out.glob("*.scenario")}

    def test_a_client_becomes_a_peer(self):
        options = bytes([2, 4, 5, 180, 4, 2, 1, 3, 3, 7, 1, 1])
        capture(self.pcap, [
            (0, tcp(True, 1000, 0, SYN, options=options)), (0, tcp(False, 5000, 1001, SYN | ACK)),
            (1, tcp(True, 1001, 5001, ACK)), (50, tcp(True, 1001, 5001, ACK | PSH, b"x" * 10)),
            (60, tcp(False, 5001, 1011, ACK, b"y" * 3000)), (61, tcp(True, 1011, 8001, ACK)),
            (61, tcp(True, 1001, 8001, ACK | PSH, b"x" * 10)),
            (70, tcp(False, 8001, 1011, ACK | FIN)), (70, tcp(True, 1011, 8002, ACK | FIN))])
        done = self.run_import()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.scripts()["01-tcp-80"], [
            "user 0: tcp_bind port=80", "peer 0 < S port=80 win=1000 mss=1460 wscale=7 sackok=yes",
            "peer 0 < . win=1000", "user 0: tcp_accept", "+50ms", "peer 0 < P. len=10 win=1000",
            "user 0: recv fd=1 len=65535 flags=d", "+10ms", "user 0: send fd=1 len=3000 flags=d",
            "peer 0 < . win=1000", "peer 0 < P. seq=next-10 len=10 win=1000", "user 0: recv fd=1 len=65535 flags=d",
            "user 0: close fd=1", "+10ms", "peer 0 < F. win=1000"])
        replay = subprocess.run([sys.argv[1], "run", self.out / "01-tcp-80.scenario"], capture_output=True, check=False)
        self.assertEqual(replay.returncode, 0)

    def test_udp_ping_and_what_has_no_begin(self):
        udp = lambda sport, dport, n: struct.pack(">HHHH", sport, dport, 8 + n, 0) + bytes(n)
        capture(self.pcap, [
            (0, ip(CLIENT, SERVER, 17, udp(5353, 53, 40))), (1, ip(SERVER, CLIENT, 17, udp(53, 5353, 80))),
            (2, ip(CLIENT, SERVER, 1, struct.pack(">BBHI", 8, 0, 0, 0) + bytes(56))),
            (3, tcp(True, 1, 1, ACK, b"in the middle")), (4, ip(CLIENT, SERVER, 47, b"gre"))])
        done = self.run_import()
        self.assertIn("1 without their begin, 1 other packets", done.stdout)
        self.assertEqual(self.scripts(), {
            "01-udp-53": ["user 0: socket type=dgram", "user 0: bind port=53", "peer 0 < udp port=53 len=40",
                          "user 0: recv flags=d", "user 0: sendto port=30000 len=80"],
            "02-ping": ["peer 0 < icmp"]})

    def test_what_nobody_answers_has_no_listener(self):
        capture(self.pcap, [(0, tcp(True, 1000, 0, SYN)), (0, tcp(False, 0, 1001, RST | ACK))])
        self.run_import()
        self.assertEqual(self.scripts()["01-tcp-80"], ["peer 0 < S port=80 win=1000"])

    def test_a_long_conversation_is_cut(self):
        packets = [(0, tcp(True, 0, 0, SYN)), (0, tcp(False, 0, 1, SYN | ACK)), (0, tcp(True, 1, 1, ACK))]
        packets += [(0, tcp(True, 1 + i, 1, ACK, b"z")) for i in range(600)]
        capture(self.pcap, packets)
        self.assertIn("256 ops, cut", self.run_import().stdout)

    def test_refuses_in_one_line_and_writes_nothing(self):
        for content in (b"", b"no capture at all, but long enough for a header", None):
            if content is None:
                capture(self.pcap, [(0, b"")], linktype=147)
            else:
                self.pcap.write_bytes(content)
            done = self.run_import()
            self.assertEqual((done.returncode, done.stderr.count("\n"), self.out.exists()), (2, 1, False), done.stderr)

    def test_overwrites_nothing(self):
        capture(self.pcap, [(0, tcp(True, 1000, 0, SYN))])
        self.assertEqual(self.run_import().returncode, 0)
        done = self.run_import()
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

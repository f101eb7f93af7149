#!/usr/bin/env python3
"""usage: linux_hostile.py PROGRAM [--seconds N] [--rate PACKETS]

`PROGRAM serve` over TAP under attack from a network namespace of its own: SYN floods from many addresses,
scans, fragments that never complete, overlapping fragments, tiny windows, random frames, so many packets a
second. A well-behaved client beside it reads 200 KB from port 114 again and again, before and during; it must
keep half of its speed. Every pool must be full again afterwards, and nothing may be flagged.

Exit status: 0 as it should be, 1 not so, 77 this machine cannot make network namespaces.
"""

import argparse
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from linux_host import STACK, Namespace
from linux_transfers import BIG, transfer

MAC = bytes([2, 0, 0, 0, 0, 1])


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--seconds", type=int, default=15)
    p.add_argument("--rate", type=int, default=3000, help="hostile packets in a second")
    return p.parse_args()


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Attacker(threading.Thread):
    """Sends, at an even pace, packets that each draw their kind at random; the same ones each time."""

    def __init__(self, rate):
        super().__init__(daemon=True)
        self.rate, self.stopping, self.sent = rate, False, 0
        self.random = random.Random(1)
        self.to = socket.inet_aton(STACK)
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.wire.bind(("kyu0", 0))

    def run(self):
        kinds = [self.syn, self.scan, self.incomplete, self.overlapping, self.tiny_window, self.noise, self.big_udp]
        begin = time.monotonic()
        while not self.stopping:
            for packet in self.random.choice(kinds)():
                self.wire.send(packet)
                self.sent += 1
            ahead = begin + self.sent / self.rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)

    def source(self):
        return bytes([10, 77, 0, self.random.randrange(10, 250)])

    def ip(self, proto, payload, src=None, off=0, number=0):
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), number, off, 64, proto, 0)
        head += (src or self.source()) + self.to
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        return MAC + bytes([2, 0, 0, 0, 9, 9]) + b"\x08\x00" + head + payload

    def tcp(self, flags, port, window=1000, seq=None):
        src = self.source()
        seq = self.random.getrandbits(32) if seq is None else seq
        segment = struct.pack(">HHIIBBHHH", self.random.randrange(1024, 65535), port, seq, self.random.getrandbits(32),
                              5 << 4, flags, window, 0, 0)
        pseudo = src + self.to + struct.pack(">BBH", 0, 6, len(segment))
        segment = segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]
        return self.ip(6, segment, src)

    def syn(self):
        return [self.tcp(0x02, self.random.choice([7, 9, 13, 114])) for _ in range(8)]

    def scan(self):
        return [self.tcp(self.random.choice([0x02, 0x01, 0x29, 0x00, 0x10, 0x04]), self.random.randrange(1, 1024))]

    def incomplete(self):
        return [self.ip(17, bytes(512), off=0x2000 | self.random.randrange(0, 100) * 64,
                        number=self.random.getrandbits(16))]

    def overlapping(self):
        src, number = self.source(), self.random.getrandbits(16)
        return [self.ip(17, bytes(512), src, 0x2000, number), self.ip(17, bytes(512), src, 0x2000 | 32, number)]

    def tiny_window(self):
        return [self.tcp(0x10, 114, window=self.random.randrange(0, 3))]

    def big_udp(self):
        return [self.ip(17, struct.pack(">HHHH", 5, self.random.randrange(1, 65535), 1008, 0) + bytes(1000))]

    def noise(self):
        frame = MAC + self.random.randbytes(6) + self.random.choice([b"\x08\x00", b"\x08\x06", b"\x12\x34"])
        return [frame + self.random.randbytes(self.random.randrange(0, 1400))]


def speed_for(seconds):
    """MB/s of the client's transfers, one after the other; and what went wrong."""
    begin, done, errors = time.monotonic(), 0, []
    while time.monotonic() - begin < seconds:
        error = transfer(0)
        if error:
            errors.append(error)
        else:
            done += BIG
    return done / 1e6 / (time.monotonic() - begin), errors


def main(args):
    with Namespace():
        server = subprocess.Popen([args.program, "serve", "--tap", "kyu0", "--address", f"{STACK}/24"],
                                  stdout=subprocess.PIPE, text=True)
        print(server.stdout.readline().strip(), flush=True)
        alone, errors = speed_for(min(60, max(3, args.seconds // 5)))
        attacker = Attacker(args.rate)
        attacker.start()
        beside, under_attack = speed_for(args.seconds)
        attacker.stopping = True
        attacker.join()
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=600)
    print(f"client alone {alone:.1f} MB/s, beside {attacker.sent / args.seconds:.0f} hostile packets a second "
          f"{beside:.1f} MB/s: {beside / alone:.0%}; {len(errors + under_attack)} transfers wrong")
    print(said.strip(), *(errors + under_attack)[:5], sep="\n")
    well = not errors and not under_attack and beside >= alone / 2
    return 0 if well and server.returncode == 0 else 1


if __name__ == "__main__":
    status = main(arguments())
    sys.stdout.flush()
    os._exit(status)

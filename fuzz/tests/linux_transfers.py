#!/usr/bin/env python3
"""A real Linux client against a server that runs the stack, in a network namespace of its own.

PROGRAM is kyufuzz, which serves over TAP, or with --board an image, on whose Ethernet the TAP device is. 100 transfers
of 200 KB from port 114, 20 at a time, every second one interrupted with unread data, so that Linux resets it. Every
byte is verified, nothing may be flagged, and every pool must be full again afterwards. With --regression or
--expect, the program has a seeded bug in it, and must end with exit status 1 and the signature in the script's header,
or that text.

Exit status: 0 as it should be, 1 not so, 77 this machine cannot make network namespaces.
"""

import argparse
import concurrent.futures
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from linux_host import STACK, Namespace, ping
from prove_regression import header

ROOT = Path(__file__).resolve().parents[2]
PARALLEL = 20
PORT = 114
BIG = 200 * 1024
INTERRUPT_AT = 50 * 1000
# Of a client that interrupts: so small that the server still has to send when the client goes, however fast it is.
RECEIVE_BUFFER = 16 * 1024


def expected(length):
    """What `big` sends: each byte is a function of its place."""
    return bytes((i ^ i >> 8 ^ i >> 16) & 255 for i in range(length))


WANTED = expected(BIG)


def hang_up(number):
    """A client that goes away while the server waits for its command: what has come is not sent, but a RST."""
    try:
        with socket.create_connection((STACK, PORT), timeout=60) as s:
            time.sleep(0.05)  # so that the server most likely waits already; it is to survive the other order too
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError as e:
        return f"hang-up {number}: {e}"
    return None


def transfer(number, interrupt_at=INTERRUPT_AT):
    """One transfer; an error text, or None. An odd one goes away in the middle."""
    interrupted = number % 2 == 1
    if interrupted and interrupt_at == 0:
        return hang_up(number)
    try:
        with socket.socket() as s:
            s.settimeout(60)
            if interrupted:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            s.connect((STACK, PORT))
            s.sendall(b"big\n")
            got = bytearray()
            while len(got) < (interrupt_at if interrupted else BIG + 1):
                piece = s.recv(65536)
                if not piece:
                    break
                got += piece
            if interrupted:
                # Wait for more to lie unread, so that close() resets.
                s.recv(1, socket.MSG_PEEK)
    except OSError as e:
        return f"transfer {number}: {e}"
    if bytes(got) != WANTED[: len(got)]:
        return f"transfer {number}: bytes differ"
    if not interrupted and len(got) != BIG:
        return f"transfer {number}: {len(got)} of {BIG} bytes"
    return None


def ask(port, request, until=None):
    """All that a server answers; up to `until`, where it does not close by itself."""
    with socket.create_connection((STACK, port), timeout=30) as s:
        s.sendall(request)
        got = b""
        while piece := s.recv(65536):
            got += piece
            if until and until in got:
                break
        return got


def small_talk():
    """Every server and every command but `big`, once; what did not answer as it should."""
    text = bytes(range(256)) * 16
    wrong = []
    if ask(7, text, until=text) != text:
        wrong.append("echo")
    if not re.fullmatch(rb"up \d+\.\d s\r\n", ask(13, b"")):
        wrong.append("daytime")
    if ask(PORT, b"lots 3\nq\n") != b"line 1 of 3\r\nline 2 of 3\r\nline 3 of 3\r\n":
        wrong.append("lots")
    if b"locker count:" not in ask(PORT, b"stat\nq\n"):
        wrong.append("stat")
    if b"commands: big" not in ask(PORT, b"nix\nq\n"):
        wrong.append("help")
    wrong += [f"ping of {size} bytes" for size in (0, 1, 56, 1468) if not ping(size)]
    return wrong


def all_transfers(args):
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        return [e for e in pool.map(lambda n: transfer(n, args.interrupt_at), range(args.transfers)) if e]


def transfers_until_it_dies(server, args):
    """The server is expected to: nobody waits for the clients that it leaves hanging."""
    for n in range(PARALLEL):
        threading.Thread(target=transfer, args=(n, args.interrupt_at), daemon=True).start()
    server.wait(timeout=120)
    return []


def show_resets():
    out = subprocess.run(["nstat", "-az", "TcpOutRsts", "TcpEstabResets"], capture_output=True, text=True, check=False)
    print("\n".join(l for l in out.stdout.splitlines() if "Tcp" in l))


def command_of(args):
    address = f"{STACK}/24"
    if args.board:
        return [ROOT / "ci" / "board", "run", args.program, "--net", "tap=kyu0", "--address", address]
    return [args.program, "serve", "--tap", "kyu0", "--address", address]


def wait_until_it_serves(server):
    """What it said before, and the line that names its address."""
    said = ""
    while line := server.stdout.readline():
        said += line
        if re.match(r"(serving|address) [\d.]+", line):
            break
    return said


def main(args):
    with Namespace(), tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(
            command_of(args), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        said = wait_until_it_serves(server)
        errors = transfers_until_it_dies(server, args) if args.expect else small_talk() + all_transfers(args)
        show_resets()
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        said += server.communicate(timeout=120)[0]
        log.seek(0)
        print(said.strip(), log.read().strip()[-2000:], sep="\n")
    if args.expect:
        print("expected", args.expect)
        return 0 if server.returncode == 1 and args.expect in said else 1
    print(f"{args.transfers} transfers and the small talk: {len(errors)} not as they should be", *errors[:5], sep="\n")
    return 0 if not errors and server.returncode == 0 else 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--board", action="store_true", help="PROGRAM is an image of the board")
    parser.add_argument("--regression", help="the script whose seeded bug the program has")
    parser.add_argument("--expect", help="what it says when it dies")
    parser.add_argument("--transfers", type=int, default=100)
    parser.add_argument("--interrupt-at", type=int, default=INTERRUPT_AT, metavar="BYTES",
                        help="0: before the client has asked for anything")
    args = parser.parse_args()
    if args.regression:
        args.expect = f"signature: {header(args.regression)['signature']}"
    return args


if __name__ == "__main__":
    status = main(arguments())
    sys.stdout.flush()
    os._exit(status)  # without the clients that still wait for a dead server

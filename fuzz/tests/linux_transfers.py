#!/usr/bin/env python3
"""usage: linux_transfers.py PROGRAM [REGRESSION]

A real Linux client against `PROGRAM serve` over TAP, in a network namespace of its own: 100 transfers of
200 KB from port 114, 20 at a time, every second one interrupted with unread data, so that Linux resets it.
Every byte is verified, nothing may be flagged, and every pool must be full again afterwards. With
REGRESSION, PROGRAM has that script's seeded bug in it, and must report the signature in its header.

Exit status: 0 as it should be, 1 not so, 77 this machine cannot make network namespaces.
"""

import concurrent.futures
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading

from linux_host import STACK, Namespace, ping
from prove_regression import header

TRANSFERS, PARALLEL = 100, 20
PORT = 114
BIG = 200 * 1024
INTERRUPT_AT = 50 * 1000
# Of a client that interrupts: so small that the server still has to send when the client goes, however fast it is.
RECEIVE_BUFFER = 16 * 1024


def expected(length):
    """What `big` sends: each byte is a function of its place."""
    return bytes((i ^ i >> 8 ^ i >> 16) & 255 for i in range(length))


WANTED = expected(BIG)


def transfer(number):
    """One transfer; an error text, or None. An odd one goes away in the middle."""
    interrupted = number % 2 == 1
    try:
        with socket.socket() as s:
            s.settimeout(60)
            if interrupted:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            s.connect((STACK, PORT))
            s.sendall(b"big\n")
            got = bytearray()
            while len(got) < (INTERRUPT_AT if interrupted else BIG + 1):
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


def all_transfers():
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        return [e for e in pool.map(transfer, range(TRANSFERS)) if e]


def transfers_until_it_dies(server):
    """The server is expected to: nobody waits for the clients that it leaves hanging."""
    for n in range(PARALLEL):
        threading.Thread(target=transfer, args=(n,), daemon=True).start()
    server.wait(timeout=120)
    return []


def show_resets():
    out = subprocess.run(["nstat", "-az", "TcpOutRsts", "TcpEstabResets"], capture_output=True, text=True, check=False)
    print("\n".join(l for l in out.stdout.splitlines() if "Tcp" in l))


def main(program, regression=None):
    with Namespace(), tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(
            [program, "serve", "--tap", "kyu0", "--address", f"{STACK}/24"], stdout=subprocess.PIPE, stderr=log, text=True
        )
        print(server.stdout.readline().strip())
        errors = transfers_until_it_dies(server) if regression else small_talk() + all_transfers()
        show_resets()
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=120)
        log.seek(0)
        print(said.strip(), log.read().strip()[-2000:], sep="\n")
    if regression:
        wanted = f"signature: {header(regression)['signature']}"
        print("expected", wanted)
        return 0 if server.returncode == 1 and wanted in said else 1
    print(f"{TRANSFERS} transfers and the small talk: {len(errors)} not as they should be", *errors[:5], sep="\n")
    return 0 if not errors and server.returncode == 0 else 1


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # without the clients that still wait for a dead server

#!/usr/bin/env python3
"""usage: linux_lossy.py PROGRAM [--megabytes N] [--streams N] [--loss PERCENT] [--jitter MS] [--buffers BYTES]
                       [--connections N]

Linux against `PROGRAM serve` over TAP on a wire that loses, doubles, delays and reorders frames, in a network
namespace of its own. Bytes go through the echo server, so both ways; their hashes must be equal. Then many
connections are opened at once and closed. Every pool must be full again afterwards.

Exit status: 0 as it should be, 1 not so, 77 this machine cannot make network namespaces.
"""

import argparse
import concurrent.futures
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

from linux_host import STACK, Namespace, ping

ECHO = 7
TIMEOUT = 600


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--megabytes", type=float, default=2, help="each way, over all streams")
    p.add_argument("--streams", type=int, default=10)
    p.add_argument("--loss", type=float, default=10)
    p.add_argument("--jitter", type=int, default=50)
    p.add_argument("--buffers", type=int, default=65536)
    p.add_argument("--connections", type=int, default=100)
    p.add_argument("--pools", default="best", help="plain, where a thousand connections need more pages than Linux maps")
    return p.parse_args()


def write_all(s, data):
    try:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the reader will see why


def stream(number, size):
    """Sends `size` bytes and reads them back; an error text, or None."""
    sent, got = hashlib.sha256(), hashlib.sha256()
    data = random.Random(number).randbytes(size)
    sent.update(data)
    try:
        with socket.create_connection((STACK, ECHO), timeout=TIMEOUT) as s:
            writer = threading.Thread(target=write_all, args=(s, data))
            writer.start()
            length = 0
            while piece := s.recv(65536):
                got.update(piece)
                length += len(piece)
            writer.join()
    except OSError as e:
        return f"stream {number}: {e}"
    if length != size or sent.digest() != got.digest():
        return f"stream {number}: {length} of {size} bytes, hashes {'equal' if sent.digest() == got.digest() else 'differ'}"
    return None


def touch(number, ready):
    """Opens, has one byte echoed, waits until all are open, closes. One that fails ends the others' waiting."""
    error = None
    try:
        with socket.create_connection((STACK, ECHO), timeout=TIMEOUT) as s:
            s.sendall(b"x")
            if s.recv(1) == b"x":
                ready.wait(TIMEOUT)
            else:
                error = f"connection {number}: no echo"
    except threading.BrokenBarrierError:
        return None
    except OSError as e:
        error = f"connection {number}: {e}"
    if error:
        ready.abort()
    return error


def udp_echo(count):
    """So many datagrams at once; how many come back, each as it was sent."""
    back = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.connect((STACK, ECHO))
        for i in range(count):
            s.send(i.to_bytes(4, "big") * 100)
        try:
            while back < count:
                got = s.recv(2048)
                back += got == got[:4] * 100
        except TimeoutError:
            pass
    return back


def in_parallel(n, call):
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        return [e for e in pool.map(call, range(n)) if e]


def main(args):
    room = max(args.streams, args.connections)
    wire = ["--loss", str(args.loss), "--duplicate", "1" if args.loss else "0", "--jitter", str(args.jitter)]
    with Namespace():
        server = subprocess.Popen(
            [args.program, "serve", "--tap", "kyu0", "--address", f"{STACK}/24", "--connections", str(room), "--buffers",
             str(args.buffers), "--pools", args.pools, *wire], stdout=subprocess.PIPE, text=True)
        print(server.stdout.readline().strip(), flush=True)
        begin = time.monotonic()
        size = int(args.megabytes * 1e6 / args.streams)
        errors = in_parallel(args.streams, lambda n: stream(n, size))
        took = time.monotonic() - begin
        print(f"{args.megabytes:g} MB each way over {args.streams} streams, loss {args.loss:g}%, jitter {args.jitter} ms: "
              f"{took:.1f} s, {args.megabytes / took:.2f} MB/s, {len(errors)} wrong", *errors[:5], sep="\n", flush=True)
        begin = time.monotonic()
        ready = threading.Barrier(args.connections)
        errors += in_parallel(args.connections, lambda n: touch(n, ready))
        print(f"{args.connections} connections open at once: {time.monotonic() - begin:.1f} s", flush=True)
        back = udp_echo(2000)
        print(f"UDP echo flood: {back} of 2000 came back", flush=True)
        if back == 0:
            errors.append("no datagram came back")
        if not args.loss:
            errors += [f"ping of {n} bytes" for n in (1472, 1473, 8000, 20000) if not ping(n)]
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=TIMEOUT)
    print(said.strip(), *errors[:5], sep="\n")
    return 0 if not errors and server.returncode == 0 and "every pool is full again" in said else 1


if __name__ == "__main__":
    status = main(arguments())
    sys.stdout.flush()
    os._exit(status)

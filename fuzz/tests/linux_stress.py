#!/usr/bin/env python3
"""usage: linux_stress.py PROGRAM [--seconds N] [--seed N]

`PROGRAM`, which is kyu_stress, over TAP, with Linux in a network namespace of its own as its peers: clients that
connect to whatever listens, talk, and close or reset; servers that take what the stack's threads connect to.

Exit status: 0 nothing found, 1 something found, 77 this machine cannot make network namespaces.
"""

import argparse
import os
import random
import socket
import struct
import subprocess
import sys
import threading

from linux_host import CLIENT, STACK, Namespace

PORTS = (7, 9, 13, 114, 114, 114, 80)  # of Kyu's servers, and of what the stack's threads open
CLIENTS = 6
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() resets


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--seconds", type=int, default=10)
    p.add_argument("--seed", type=int, default=1)
    return p.parse_args()


def converse(s, r):
    """Sends and reads a little; what goes wrong is the other side's right."""
    s.settimeout(r.choice([0.01, 0.1, 1]))
    try:
        for _ in range(r.randrange(4)):
            s.sendall(r.choice([b"stat\n", b"lots 20\n", b"big\n", r.randbytes(r.randrange(1, 5000))]))
            s.recv(r.randrange(1, 20000))
        if r.random() < 0.3:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        elif r.random() < 0.3:
            s.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def client(seed, ending, counts):
    r = random.Random(seed)
    while not ending.is_set():
        with socket.socket() as s:
            s.settimeout(1)
            try:
                s.connect((STACK, r.choice(PORTS)))
            except OSError:
                ending.wait(0.005)
                continue
            counts["opened"] += 1
            converse(s, r)


def server(seed, ending, counts):
    r = random.Random(seed)
    with socket.create_server((CLIENT, 80), backlog=64) as listener:
        listener.settimeout(0.2)
        while not ending.is_set():
            try:
                s, _ = listener.accept()
            except OSError:
                continue
            counts["accepted"] += 1
            with s:
                converse(s, r)


def datagrams(seed, ending, counts):
    r = random.Random(seed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((CLIENT, 53))
        s.settimeout(0.01)
        while not ending.is_set():
            try:
                data, who = s.recvfrom(2048)
                s.sendto(r.choice([data, r.randbytes(40)]), who)
                counts["datagrams"] += 1
            except OSError:
                pass
            s.sendto(r.randbytes(r.randrange(1400)), (STACK, r.choice([7, 53, 67])))


def main(args):
    ending, counts = threading.Event(), {"opened": 0, "accepted": 0, "datagrams": 0}
    with Namespace():
        stress = subprocess.Popen([args.program, "--tap", "kyu0", "--address", f"{STACK}/24", "--pace", "5",
                                   "--seconds", str(args.seconds), "--seed", str(args.seed)])
        peers = [client] * CLIENTS + [server, datagrams]
        threads = [threading.Thread(target=p, args=(args.seed * 100 + i, ending, counts), daemon=True)
                   for i, p in enumerate(peers)]
        for t in threads:
            t.start()
        status = stress.wait()
        ending.set()
        for t in threads:
            t.join(5)
    print(f"Linux opened {counts['opened']} connections, accepted {counts['accepted']}, "
          f"answered {counts['datagrams']} datagrams; kyu_stress: exit status {status}")
    alive = counts["opened"] > 0 and counts["accepted"] > 0
    return 0 if status == 0 and alive else 1


if __name__ == "__main__":
    status = main(arguments())
    sys.stdout.flush()
    os._exit(status)

"""What a release image carries and costs, measured over a TAP device by a Linux client: ci/board measure."""

import os
import re
import socket
import subprocess
import sys
import time

import emulator
from command import ROOT, CannotRun

sys.path.insert(0, str(ROOT / "fuzz" / "tests"))
from linux_host import STACK, Namespace, ping  # noqa: E402
from linux_transfers import BIG, PORT, transfer  # noqa: E402

UPLOAD, ROUNDS, PINGS, IDLE_SECONDS, TRANSFERS = 20 << 20, 50, 200, 10, 100


class Session:
    """A running image, and the lines that its console has said."""

    def __init__(self, image):
        self.lines = []
        command = emulator.qemu(image, "tap=kyu0", [f"address={STACK}/24"])
        self.console = emulator.Console(command, self.lines.append)
        self.wait_for(r"address ")

    def wait_for(self, pattern, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.lines:
                if m := re.match(pattern, line):
                    return m
            time.sleep(0.01)
        raise CannotRun(f"the image does not say {pattern!r}")

    def ask(self, command, pattern):
        self.lines.clear()
        self.console.type(command + "\n")
        return self.wait_for(pattern)

    def busy_of(self, seconds):
        """Milliseconds busy, and switches, of an idle board in that time."""
        pattern = r"processor: (\d+) ms up, (\d+) ms idle, (\d+) switches"
        before = [int(v) for v in self.ask("processor", pattern).groups()]
        time.sleep(seconds)
        after = [int(v) for v in self.ask("processor", pattern).groups()]
        up, idle, switches = (b - a for a, b in zip(before, after))
        return (up - idle) / up, switches * 1000 / up


def megabytes_per_second(n, seconds):
    return f"{n / seconds / 1e6:.1f} MB/s"


def download():
    started = time.monotonic()
    for n in range(0, 2 * ROUNDS, 2):
        if error := transfer(n):
            raise CannotRun(error)
    return megabytes_per_second(ROUNDS * BIG, time.monotonic() - started)


def upload():
    with socket.create_connection((STACK, 9), timeout=60) as s:
        started = time.monotonic()
        s.sendall(bytes(UPLOAD))
        s.shutdown(socket.SHUT_WR)
        while s.recv(1):
            pass
        return megabytes_per_second(UPLOAD, time.monotonic() - started)


def round_trip():
    started = time.monotonic()
    for _ in range(PINGS):
        ping(56)
    return f"{(time.monotonic() - started) / PINGS * 1e6:.0f} us"


def stacks(session):
    session.ask("threads", r"that is all")
    most = {}
    for line in session.lines:
        if m := re.match(r"thread (\S+): priority \d+, (\d+) of (\d+) bytes of stack", line):
            most[m[1]] = max(most.get(m[1], 0), int(m[2]))
    return most


def size(image):
    out = subprocess.run(["arm-none-eabi-size", image], capture_output=True, text=True, check=True).stdout
    text, data, bss = (int(v) for v in out.splitlines()[1].split()[:3])
    return f"{text} bytes of code, constants and names, {data} initialised, {bss} zero or of stacks"


def table(image):
    rows = []
    with Namespace():
        session = Session(image)
        rows.append((f"from the board ({ROUNDS} x 200 KB, port {PORT})", download()))
        rows.append((f"to the board ({UPLOAD >> 20} MiB, port 9)", upload()))
        rows.append((f"ping, 56 bytes, mean of {PINGS}", round_trip()))
        for n in range(TRANSFERS):
            transfer(n)
        busy, switches = session.busy_of(IDLE_SECONDS)
        rows.append((f"idle for {IDLE_SECONDS} s", f"{busy * 100:.2f} % busy, {switches:.0f} thread switches/s"))
        rows += [(f"stack of {name}, most", f"{used} bytes") for name, used in sorted(stacks(session).items())]
        rows.append((f"image {os.path.basename(image)}", size(image)))
        session.console.type("stop\n")
        status = session.console.wait()
        rows.append(("pools after all of it", "full again" if status == 0 else "not full again"))
    return "\n".join(["| what | measured |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])

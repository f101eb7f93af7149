"""ci/board: runs an image of the board, in QEMU's orangepi-pc.

  ci/board run kyu                       the release, with its servers forwarded from 127.0.0.1
  ci/board run kyu --net tap=tap0 --address 10.0.0.2/24
  ci/board replay                        every regression and seed, as TAP
  ci/board replay --image kyu-replay FILE...
  ci/board replay --serial /dev/ttyUSB0  a real board's console

The image's console is this command's; SIGTERM and SIGINT tell it to stop. Exit status: the image's own (0: it
stopped, and every pool was full again; 1: it panicked, found something, or did not say all that it had announced), 2: it could not run.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORWARDED = {"tcp": {114: 11400, 7: 10700, 9: 10900, 13: 11300}, "udp": {7: 10700}}


class CannotRun(Exception):
    """Ends the program with exit status 2 and one line."""


def network(net):
    """QEMU's options for --net: none, user, or tap=DEVICE."""
    if net == "none":
        return ["-nic", "user,restrict=on"]
    if net == "user":
        forwards = [f"hostfwd={p}:127.0.0.1:{h}-:{b}" for p, ports in FORWARDED.items() for b, h in ports.items()]
        return ["-nic", ",".join(["user", *forwards])]
    m = re.fullmatch(r"tap=([\w.-]{1,15})", net)
    if not m:
        raise CannotRun(f"--net {net}: none, user, or tap=DEVICE")
    return ["-nic", f"tap,ifname={m[1]},script=no,downscript=no"]


def qemu(image, net="none", arguments=(), icount=False, more=()):
    """The command that boots `image`; `arguments` are what boot/arguments.h reads."""
    words = ",".join(["enable=on,target=native,arg=kyu", *(f"arg={a}" for a in arguments)])
    command = ["qemu-system-arm", "-M", "orangepi-pc", "-display", "none", "-serial", "stdio", "-monitor", "none"]
    command += ["-semihosting-config", words, "-kernel", str(image), *network(net), *more]
    return command + (["-icount", "shift=0,sleep=off"] if icount else [])


def image_path(image):
    """A file as it is; a name is an image of the board preset, which is built first."""
    if Path(image).is_file():
        return Path(image)
    if "/" in image or not re.fullmatch(r"[\w.-]+", image):
        raise CannotRun(f"{image}: no such image")
    if subprocess.run([ROOT / "ci" / "build", "board", f"{image}.elf"], check=False).returncode != 0:
        raise CannotRun(f"{image}: no such image, or it does not build")
    return ROOT / "build" / "board" / "board" / f"{image}.elf"


class Console:
    """A running image: what it says goes to `sink` by lines, and it can be told to stop."""

    def __init__(self, command, sink):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.sink = sink
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.sink(line.decode("utf-8", "replace").rstrip("\r\n"))

    def type(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended

    def wait(self):
        status = self.process.wait()
        self.reader.join()
        return status


def pump_stdin(console):
    while line := sys.stdin.readline():
        console.type(line)


def run(args):
    arguments = list(args.argument)
    if args.address:
        arguments.append(f"address={args.address}")
    elif args.net == "user":
        arguments.append("address=10.0.2.15/24")
    image = image_path(args.image)
    console = Console(qemu(image, args.net, arguments, args.icount), lambda line: print(line, flush=True))
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: console.type("stop\n"))
    threading.Thread(target=pump_stdin, args=(console,), daemon=True).start()
    return console.wait()


class Results:
    """The lines of a replay, as they come: what each input gave, and whether all of it was told."""

    LINE = re.compile(r"(not )?ok (\d+) - (\S+) # (?:digest=([0-9a-f]{16})|finding=(.+))$")

    def __init__(self):
        self.planned, self.digests, self.findings, self.status, self.out_of_order = None, {}, {}, None, False

    def line(self, text):
        if m := re.fullmatch(r"1\.\.(\d+)", text):
            self.planned = int(m[1])
        elif m := self.LINE.match(text):
            self.out_of_order |= int(m[2]) != len(self.digests) + len(self.findings) + 1
            (self.findings if m[1] else self.digests)[m[3]] = m[5] or m[4]
        elif m := re.fullmatch(r"exit status (\d+)", text):
            self.status = int(m[1])

    def missing(self):
        """Why these are not a whole replay's; None: they are."""
        told = len(self.digests) + len(self.findings)
        if self.planned is None:
            return "it never began"
        if told != self.planned or self.out_of_order:
            return f"{told} of {self.planned} inputs came to an end"
        return None if self.status is not None else "it did not end"


INPUTS_ADDRESS = 0x47000000  # __inputs_start of board/boot/image.ld


def pack(files, archive, root=ROOT / "corpus"):
    command = [sys.executable, ROOT / "board" / "replay" / "make_inputs.py", "-o", archive, "--root", root, *files]
    if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise CannotRun("an input cannot be read")


def replay_in_qemu(image, files, sink):
    """Replays `files`, or the image's own corpus where there are none; what came of it."""
    results = Results()

    def line(text):
        results.line(text)
        sink(text)

    with tempfile.TemporaryDirectory() as folder:
        more = []
        if files:
            archive = Path(folder) / "inputs.bin"
            pack(files, archive)
            more = ["-device", f"loader,file={archive},addr={INPUTS_ADDRESS:#x},force-raw=on"]
        Console(qemu(image, more=more), line).wait()
    return results


def replay_from_serial(device, sink):
    """Reads a board's console until its replay has ended."""
    results = Results()
    subprocess.run(["stty", "-F", device, "115200", "raw", "-echo"], check=False)
    try:
        with open(device, encoding="utf-8", errors="replace") as console:
            while results.status is None and (line := console.readline()):
                results.line(line.rstrip("\r\n"))
                sink(line.rstrip("\r\n"))
    except OSError as e:
        raise CannotRun(f"{device}: {e.strerror}") from e
    return results


def replay(args):
    def show(line):
        print(line, flush=True)

    if args.serial:
        results = replay_from_serial(args.serial, show)
    else:
        results = replay_in_qemu(image_path(args.image), args.files, show)
    if why := results.missing():
        print(f"ci/board: {why}", file=sys.stderr)
    return 1 if why or results.findings else 0


def main(argv):
    parser = argparse.ArgumentParser(
        prog="ci/board", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("run", help="boot an image in QEMU, with its console here")
    p.add_argument("image", help="a file, or the name of one of the board's images: kyu, kyu-guard, ...")
    p.add_argument("--net", default="user", help="none, user (default; servers at 127.0.0.1), or tap=DEVICE")
    p.add_argument("--address", help="as 10.0.0.2/24; DHCP, where the network is a TAP device and this is left out")
    p.add_argument("--argument", action="append", default=[], metavar="NAME=VALUE", help="what the image may ask for")
    p.add_argument("--icount", action="store_true", help="virtual time by instructions, not the host's clock")
    p = commands.add_parser("replay", help="replay inputs on the board, as TAP")
    p.add_argument("files", nargs="*", help="scripts or binary inputs; every regression and seed, where there are none")
    p.add_argument("--image", default="kyu-replay-guard", help="kyu-replay, kyu-replay-guard (default), or a file")
    p.add_argument("--serial", metavar="DEVICE", help="read a real board's console instead")
    args = parser.parse_args(argv)
    try:
        return {"run": run, "replay": replay}[args.command](args)
    except CannotRun as e:
        print(f"ci/board: {e}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # without the thread that still reads the console

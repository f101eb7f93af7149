"""ci/board: runs an image of the board, in QEMU's orangepi-pc.

  ci/board run kyu                       the release, with its servers forwarded from 127.0.0.1
  ci/board run kyu --net tap=tap0 --address 10.0.0.2/24

The image's console is this command's; SIGTERM and SIGINT tell it to stop. Exit status: the image's own (0: it
stopped, and every pool was full again; 1: it panicked or found something), 2: it could not run.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORWARDED = {"tcp": {114: 11400, 7: 10700, 9: 10900, 13: 11300}, "udp": {7: 10700}}


class CannotRun(Exception):
    """Ends the program with exit status 2 and one line."""


def network(net):
    """QEMU's options for --net: none, user, or tap=DEVICE."""
    if net == "none":
        return ["-nic", "none"]
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
    args = parser.parse_args(argv)
    try:
        return {"run": run}[args.command](args)
    except CannotRun as e:
        print(f"ci/board: {e}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # without the thread that still reads the console

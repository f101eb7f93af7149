"""ci/board: runs an image of the board, in QEMU's orangepi-pc.

  ci/board run kyu                       the release, with its servers forwarded from 127.0.0.1
  ci/board run kyu --net tap=tap0 --address 10.0.0.2/24
  ci/board replay                        every regression and seed, as TAP
  ci/board replay --image kyu-replay FILE...
  ci/board replay --serial /dev/ttyUSB0  a real board's console
  ci/board measure                       throughput, idle cost, size and stacks, as a table

The image's console is this command's; SIGTERM and SIGINT tell it to stop. Exit status: the image's own (0: it
stopped, and every pool was full again; 1: it panicked, found something, or did not say all that it had announced),
2: it could not run.
"""

import argparse
import os
import signal
import sys
import threading

import board_measure
from command import CannotRun, OneLineParser
from emulator import Console, image_path, network, qemu, replay_from_serial, replay_in_qemu


def pump_stdin(console):
    while line := sys.stdin.readline():
        console.type(line)


def run(args):
    network(args.net)  # refused before anything is built
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


def measure(args):
    print(board_measure.table(image_path(args.image)))
    return 0


def main(argv):
    parser = OneLineParser(
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
    p = commands.add_parser("measure", help="what a release costs and carries, over a TAP device from Linux")
    p.add_argument("image", nargs="?", default="kyu")
    try:
        args = parser.parse_args(argv)
        return {"run": run, "replay": replay, "measure": measure}[args.command](args)
    except CannotRun as e:
        print(f"ci/board: {e}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # without the thread that still reads the console

"""The board in QEMU: how an image is booted, and what its console says."""

import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from command import ROOT, CannotRun, die_with_parent

FORWARDED = {"tcp": {114: 11400, 7: 10700, 9: 10900, 13: 11300}, "udp": {7: 10700}}


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
    """A file as it is; a name is an image of the board's presets, which is built first."""
    if Path(image).is_file():
        return Path(image)
    if "/" in image or not re.fullmatch(r"[\w.-]+", image):
        raise CannotRun(f"{image}: no such image")
    preset = "board-kasan" if "kasan" in image else "board"
    build = subprocess.run([ROOT / "ci" / "build", preset, f"{image}.elf"], check=False)
    if build.returncode != 0:
        raise CannotRun(f"{image}: no such image, or it does not build")
    return image_file(image, preset)


def image_file(image, preset):
    return ROOT / "build" / preset / "board" / f"{image}.elf"


class Console:
    """A running image: what it says goes to `sink` by lines, and it can be told to stop."""

    def __init__(self, command, sink):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent
        )
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

    def wait(self, seconds=None):
        """The exit status; None: it did not end in that time, and was killed."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = None
        self.reader.join()
        return status


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


REPLAY_SECONDS = 1200  # of the host's: the image has a watchdog of its own for each input
INPUTS_ADDRESS = 0x47000000  # inputs_start of board/boot/image.ld


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
        Console(qemu(image, more=more), line).wait(REPLAY_SECONDS)
    return results


def replay_from_serial(device, sink):
    """Reads a board's console until its replay has ended, or the line is gone."""
    results = Results()
    try:
        console = open(device, "rb", buffering=0)
    except OSError as e:
        raise CannotRun(f"{device}: {e.strerror}") from e
    with console:
        subprocess.run(["stty", "-F", device, "115200", "raw", "-echo"], stderr=subprocess.DEVNULL, check=False)
        for line in lines_of(console):
            results.line(line)
            sink(line)
            if results.status is not None:
                break
    return results


def lines_of(console):
    pending = b""
    while True:
        try:
            more = console.read(4096)
        except OSError:  # a device that was pulled out
            return
        if not more:
            return
        *lines, pending = (pending + more).split(b"\n")
        yield from (line.decode("utf-8", "replace").rstrip("\r") for line in lines)

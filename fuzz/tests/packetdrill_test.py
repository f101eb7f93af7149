"""usage: packetdrill_test.py LIBRARY

Drives libkyu_packetdrill.so by its interface, as packetdrill does: a handshake, data both ways, calls that
block on another thread, and virtual time.
"""

import ctypes
import errno
import socket
import struct
import sys
import threading
import time
import unittest

LOCAL, REMOTE = "192.168.0.1", "192.0.2.1"
MEMBERS = ("userdata free socket bind listen accept connect read readv recv recvfrom recvmsg write writev send sendto "
           "sendmsg fcntl ioctl close shutdown getsockopt setsockopt poll netdev_send netdev_receive usleep "
           "gettimeofday epoll_create epoll_ctl epoll_wait pipe splice").split()
SYN, ACK, PSH = 0x02, 0x10, 0x08
BYTE_COUNTS = {"read", "readv", "recv", "recvfrom", "recvmsg", "write", "writev", "send", "sendto", "sendmsg"}


class Interface(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in MEMBERS]


class Host:
    def __init__(self, path):
        self.table = Interface()
        ctypes.CDLL(path).packetdrill_interface_init(None, ctypes.byref(self.table))

    def call(self, name, *args):
        result = ctypes.c_ssize_t if name in BYTE_COUNTS else ctypes.c_int
        signature = [ctypes.c_void_p] + [ctypes.c_int if isinstance(a, int) else ctypes.c_void_p for a in args]
        function = ctypes.CFUNCTYPE(result, *signature, use_errno=True)(getattr(self.table, name))
        ctypes.set_errno(0)
        return function(self.table.userdata, *args)

    def end(self):
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.table.free)(self.table.userdata)

    def send(self, packet):
        function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
        function(self.table.netdev_send)(self.table.userdata, packet, len(packet))

    def receive(self):
        """The next packet, and the microsecond at which it left."""
        buf = ctypes.create_string_buffer(2048)
        count, when = ctypes.c_size_t(len(buf)), ctypes.c_longlong(0)
        self.call("netdev_receive", buf, ctypes.cast(ctypes.byref(count), ctypes.c_void_p),
                  ctypes.cast(ctypes.byref(when), ctypes.c_void_p))
        return buf.raw[:count.value], when.value

    def now(self):
        tv = struct.pack("qq", 0, 0)
        buf = ctypes.create_string_buffer(tv)
        self.call("gettimeofday", buf, None)
        seconds, us = struct.unpack("qq", buf.raw[:16])
        return seconds * 1000000 + us


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def segment(seq, ack, flags, payload=b"", sport=40000, dport=8080):
    src, dst = socket.inet_aton(REMOTE), socket.inet_aton(LOCAL)
    tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 65535, 0, 0) + payload
    pseudo = src + dst + struct.pack(">BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + src + dst
    return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + tcp


def parse(packet):
    _, _, seq, ack, off, flags = struct.unpack(">HHIIBB", packet[20:34])
    return seq, ack, flags, packet[20 + (off >> 4) * 4:]


def sockaddr(addr, port):
    raw = struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + socket.inet_aton(addr) + bytes(8)
    return ctypes.create_string_buffer(raw, 16)


def wait_until_asleep(thread):
    """As packetdrill waits for a call that blocks: until the kernel says several times that it sleeps."""
    asleep = 0
    while asleep < 20:
        with open(f"/proc/self/task/{thread.native_id}/stat", encoding="ascii") as f:
            asleep = asleep + 1 if f.read().rsplit(")", 1)[1].split()[0] == "S" else 0
        time.sleep(0.005)


class Packetdrill(unittest.TestCase):
    def setUp(self):
        self.host = Host(sys.argv[1])
        self.listener = self.host.call("socket", socket.AF_INET, socket.SOCK_STREAM, 0)
        self.assertEqual(self.host.call("bind", self.listener, sockaddr(LOCAL, 8080), 16), 0)
        self.assertEqual(self.host.call("listen", self.listener, 5), 0)

    def tearDown(self):
        self.host.end()

    def handshake(self):
        self.host.send(segment(100, 0, SYN))
        seq, ack, flags, _ = parse(self.host.receive()[0])
        self.assertEqual((ack, flags), (101, SYN | ACK))
        self.host.send(segment(101, seq + 1, ACK))
        return seq + 1

    def test_data_goes_both_ways(self):
        ours = self.handshake()
        fd = self.host.call("accept", self.listener, None, None)
        self.assertGreaterEqual(fd, 0)
        self.host.send(segment(101, ours, ACK | PSH, b"hello"))
        buf = ctypes.create_string_buffer(100)
        self.assertEqual(self.host.call("read", fd, buf, 100), 5)
        self.assertEqual(buf.raw[:5], b"hello")
        self.assertEqual(self.host.call("write", fd, ctypes.create_string_buffer(b"world", 5), 5), 5)
        seq, ack, flags, payload = parse(self.host.receive()[0])
        self.assertEqual((seq, ack, flags, payload), (ours, 106, ACK | PSH, b"world"))

    def test_flags_are_the_hosts(self):
        ours = self.handshake()
        fd = self.host.call("accept", self.listener, None, None)
        buf = ctypes.create_string_buffer(8)
        self.assertEqual(self.host.call("recv", fd, buf, 8, int(socket.MSG_DONTWAIT)), -1)
        self.assertEqual(ctypes.get_errno(), errno.EAGAIN)
        self.host.send(segment(101, ours, ACK | PSH, b"hello"))
        self.assertEqual(self.host.call("recv", fd, buf, 8, int(socket.MSG_PEEK)), 5)
        self.host.send(segment(106, ours, ACK | PSH, b"all"))
        self.assertEqual(self.host.call("recv", fd, buf, 8, int(socket.MSG_WAITALL)), 8)
        self.assertEqual(buf.raw, b"helloall")
        self.assertEqual(self.host.call("recv", fd, buf, 8, int(socket.MSG_ERRQUEUE)), -1)
        self.assertEqual(ctypes.get_errno(), errno.EOPNOTSUPP)

    def test_a_blocked_call_ends_when_its_packet_comes(self):
        accepted = []
        calling = threading.Event()

        def accept():
            calling.set()
            accepted.append((self.host.call("accept", self.listener, None, None), self.host.now()))

        caller = threading.Thread(target=accept)
        caller.start()
        calling.wait()
        wait_until_asleep(caller)
        self.host.call("usleep", 250000)
        self.handshake()
        came = self.host.now()
        self.host.call("usleep", 700000)
        caller.join(timeout=60)
        self.assertEqual(len(accepted), 1)
        self.assertGreaterEqual(accepted[0][0], 0)
        self.assertLess(abs(accepted[0][1] - came), 1000)  # although the clock has gone on since

    def test_time_is_virtual(self):
        fd = self.host.call("socket", socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0)
        self.assertEqual(self.host.call("connect", fd, sockaddr(REMOTE, 80), 16), -1)
        self.assertEqual(ctypes.get_errno(), errno.EINPROGRESS)
        times = [self.host.receive()[1] for _ in range(4)]
        self.assertEqual([round((b - a) / 1e6) for a, b in zip(times, times[1:])], [1, 2, 4])

    def test_poll_times_out_and_tells_of_a_bad_descriptor(self):
        fds = ctypes.create_string_buffer(struct.pack("=ihh", self.listener, 1, 0), 8)
        self.assertEqual(self.host.call("poll", fds, 1, 0), 0)
        fds = ctypes.create_string_buffer(struct.pack("=ihh", 55, 1, 0), 8)
        self.assertEqual(self.host.call("poll", fds, 1, 1000), 1)
        self.assertEqual(struct.unpack("=ihh", fds.raw)[2], 0x20)

    def test_what_it_does_not_have_is_enosys(self):
        self.assertEqual(self.host.call("epoll_create", 1), -1)
        self.assertEqual(ctypes.get_errno(), errno.ENOSYS)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

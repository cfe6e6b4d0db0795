"""A link between this network and a new, empty one, on which every packet takes a while.

Makes a TUN device here and one in a network namespace of its own, reads packets from each and writes them to the other
after a delay. TCP knows nothing of it: windows, acknowledgements and congestion control work as over any long link.
There is no limit on the rate but what this process can carry, and no loss.

Nothing has to be tidied up: both devices go with this process, which ends when its standard input does, and the
namespace with the last process in it. Programs enter it by this process's id, which is told.

    relay.py ONE_WAY_MS MTU      prints one line of JSON when the link is up; exit code 3 when it can't be had
"""

import collections
import ctypes
import fcntl
import json
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
PACKETS_AT_ONCE = 64
QUEUE_PACKETS = 20000


def open_tun(address, mtu):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    answer = fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"millrace%d", IFF_TUN | IFF_NO_PI))
    name = answer[:16].rstrip(b"\0").decode()
    run("ip", "addr", "add", address + "/30", "dev", name)
    run("ip", "link", "set", name, "mtu", str(mtu), "txqueuelen", str(QUEUE_PACKETS), "up")
    return fd


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def leave_network():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace can be made")


def settings():
    found = {}
    for name in ("ipv4/tcp_rmem", "ipv4/tcp_wmem", "ipv4/tcp_congestion_control"):
        with open("/proc/sys/net/" + name) as file:
            found[name.split("/")[1]] = " ".join(file.read().split())
    return found


class Direction:
    """Packets from one device to the other, in their order."""

    def __init__(self, source, sink, delay):
        self.source, self.sink, self.delay = source, sink, delay
        self.waiting = collections.deque()

    def receive(self, now, mtu):
        due = now + self.delay
        for _ in range(PACKETS_AT_ONCE):
            try:
                self.waiting.append((due, os.read(self.source, mtu)))
            except BlockingIOError:
                return

    def send(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            try:
                os.write(self.sink, self.waiting[0][1])
            except BlockingIOError:
                return
            self.waiting.popleft()


def relay(near, far, delay, mtu):
    directions = {near: Direction(near, far, delay), far: Direction(far, near, delay)}
    poll = select.epoll()
    for fd in (near, far, sys.stdin.fileno()):
        poll.register(fd, select.EPOLLIN)
    while True:
        dues = [each.waiting[0][0] for each in directions.values() if each.waiting]
        timeout = max(0.0, min(dues) - time.monotonic()) if dues else None
        for fd, _ in poll.poll(timeout):
            if fd in directions:
                directions[fd].receive(time.monotonic(), mtu)
            elif not os.read(fd, 4096):
                return
        now = time.monotonic()
        for each in directions.values():
            each.send(now)


def main():
    delay, mtu = float(sys.argv[1]) / 1000, int(sys.argv[2])
    network = "198.18.%d." % (os.getpid() % 256)
    try:
        near = open_tun(network + "1", mtu)
        here = settings()
        leave_network()
        run("ip", "link", "set", "lo", "up")
        far = open_tun(network + "2", mtu)
    except (OSError, subprocess.CalledProcessError) as error:
        print("%s" % error, file=sys.stderr)
        sys.exit(3)
    print(json.dumps({"pid": os.getpid(), "far": network + "2", "settings": [here, settings()]}), flush=True)
    relay(near, far, delay, mtu)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

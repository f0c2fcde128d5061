"""Ports of loopback that nobody else takes between the choice and the listening.

They lie below those that the system gives to outgoing connections (from 32768 on), so no client's own end gets one, not
even while a server that was killed is started again. Of each two one is for use; the other stays bound by this process,
which tells other tests of this machine that the pair is taken."""
import random
import socket

FIRST, LAST = 10000, 19999  # single ports
BLOCKS_FIRST, BLOCKS_LAST, BLOCK = 20000, 27999, 20  # rows of them, for clusters
_held = []


def _bound(port):
    """A socket that holds the port, or None."""
    one = socket.socket()
    try:
        one.bind(("127.0.0.1", port))
        return one
    except OSError:
        one.close()
        return None


def _take(first, last, size):
    """The first of `size` free ports in a row, held by the last of them."""
    places = list(range(first, last - size + 2, size))
    random.SystemRandom().shuffle(places)  # a test that sets its own seed must not choose as another one does
    for place in places:
        holder = _bound(place + size - 1)
        others = [_bound(port) for port in range(place, place + size - 1)] if holder else []
        for one in filter(None, others):
            one.close()
        if holder and all(others):
            _held.append(holder)
            return place
        if holder:
            holder.close()
    raise SystemExit("no port of %d to %d is free" % (first, last))


def free_port():
    return _take(FIRST, LAST, 2)


def free_block():
    """The first of BLOCK - 1 ports in a row."""
    return _take(BLOCKS_FIRST, BLOCKS_LAST, BLOCK)

# SPDX-License-Identifier: Apache-2.0
"""A flood that is dropped by the firewall, xdp-filter, nftables and iptables with ipset, in turn; and one that nothing meets.

    run firewall-peers [PACKETS [ROUNDS [SIZES]]]

In two network namespaces of its own with a cable between them: 500,000 packets, 7 rounds, 1, 1000 and 1000000 addresses unless
given. A round asks each of them once, in another order each time. The kernel sends the packets itself (test run with live
frames) and receives them on the same CPU, so a time is that of both; `sender` is the same flood into a cable whose other end
takes nothing, and it is taken off the others. The sources of packets are drawn from all that are blocked, by chance.

xdp-filter adds one address with each call and has room for 10,000. Each one says how many packets it has dropped: one that
dropped less than all is no measurement. Packages: xdp-tools nftables iptables ipset ethtool. Set MEROPS_BUILT=debug to use that build.
"""
import contextlib
import os
import random
import re
import statistics
import subprocess
import sys

import measure

NEEDS = ["firewall-bench"]
NEAR, FAR = f"merops-near-{os.getpid()}", f"merops-far-{os.getpid()}"
FIRST = 0x0B000000  # 11.0.0.0
STRANGER = 0xC6120001  # 198.18.0.1
STEP = 13


def bench():
    if os.environ.get("MEROPS_BUILT") == "debug":
        return str(measure.PROGRAMS.parent / "debug" / "firewall-bench")
    return measure.program("firewall-bench")


def inside(space, *command, text=None, check=True):
    done = subprocess.run(["nsenter", f"--net=/run/netns/{space}", *command], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[:300]}")
    return done.stdout


def addresses(count):
    for number in range(count):
        value = FIRST + number * STEP
        yield f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


@contextlib.contextmanager
def cable():
    quiet = "for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done 2> /dev/null; ip link set lo up"
    try:
        for space in (NEAR, FAR):
            subprocess.run(["ip", "netns", "add", space], check=True)
            inside(space, "sh", "-c", quiet)
        inside(NEAR, "ip", "link", "add", "veth0", "address", "02:00:00:00:00:01", "type", "veth", "peer", "name",
               "veth1", "address", "02:00:00:00:00:02", "netns", FAR)
        inside(NEAR, "ip", "link", "set", "veth0", "up")
        inside(FAR, "ip", "link", "set", "veth1", "up")
        inside(FAR, "ip", "addr", "add", "10.77.0.2/8", "dev", "veth1")
        # Sources are from everywhere.
        inside(FAR, "sh", "-c", "for f in all veth1; do echo 0 > /proc/sys/net/ipv4/conf/$f/rp_filter; done; "
               "ip route add default dev veth1")
        yield
    finally:
        for space in (NEAR, FAR):
            subprocess.run(["ip", "netns", "del", space], stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def helper(*words):
    """A part of firewall-bench in the far namespace, while it is wanted; the result is a list that gets what it says at its end."""
    process = subprocess.Popen(["nsenter", f"--net=/run/netns/{FAR}", bench(), *map(str, words)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    said = []
    try:
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"firewall-bench {words[0]} did not begin")
        yield said
    finally:
        process.stdin.close()
        said += process.stdout.read().split()
        process.wait()


@contextlib.contextmanager
def receiving():
    """The other end takes frames without an XDP program."""
    inside(FAR, "ethtool", "-K", "veth1", "gro", "on")
    try:
        yield
    finally:
        inside(FAR, "ethtool", "-K", "veth1", "gro", "off", check=False)


@contextlib.contextmanager
def merops(size, dropped):
    with helper("guard", "veth1", size, FIRST) as said:
        yield
    dropped.append(int(said[-1]))


@contextlib.contextmanager
def xdp_filter(size, dropped):
    inside(FAR, "xdp-filter", "load", "-m", "native", "-f", "ipv4", "veth1")
    try:
        for address in addresses(size):
            inside(FAR, "xdp-filter", "ip", "-m", "src", address)
        yield
        found = re.search(r"XDP_DROP\s+(\d+) pkts", inside(FAR, "xdp-filter", "status"))
        dropped.append(int(found[1]) if found else 0)
    finally:
        inside(FAR, "xdp-filter", "unload", "veth1", check=False)


@contextlib.contextmanager
def nftables(size, dropped):
    text = ("table netdev merops {\n set bad { type ipv4_addr; elements = { " + ", ".join(addresses(size)) + " } }\n"
            " chain in { type filter hook ingress device veth1 priority 0; ip saddr @bad counter drop; }\n}\n")
    inside(FAR, "nft", "-f", "-", text=text)
    try:
        with receiving():
            yield
        chain = inside(FAR, "nft", "list", "chain", "netdev", "merops", "in")
        dropped.append(int(re.search(r"packets (\d+)", chain)[1]))
    finally:
        inside(FAR, "nft", "delete", "table", "netdev", "merops", check=False)


@contextlib.contextmanager
def ipset(size, dropped):
    lines = [f"create bad hash:ip maxelem {max(size, 65536)} hashsize {max(1024, size)}"]
    inside(FAR, "ipset", "restore", text="\n".join(lines + [f"add bad {each}" for each in addresses(size)]) + "\n")
    rule = ["raw", "-A", "PREROUTING", "-m", "set", "--match-set", "bad", "src", "-j", "DROP"]
    try:
        inside(FAR, "iptables", "-t", *rule)
        with receiving():
            yield
        chain = inside(FAR, "iptables", "-t", "raw", "-nvxL", "PREROUTING")
        dropped.append(int(re.search(r"^\s*(\d+)\s+\d+\s+DROP", chain, re.M)[1]))
    finally:
        inside(FAR, "iptables", "-t", "raw", "-F", check=False)
        inside(FAR, "ipset", "destroy", "bad", check=False)


def flood(packets, sources, first):
    return float(inside(NEAR, "taskset", "-c", "0", bench(), "flood", "veth0", str(packets), str(sources), str(first)))


def sender(packets, size):
    return flood(packets, size, FIRST)


def run(arguments):
    packets = int(arguments[0]) if arguments else 500_000
    rounds = int(arguments[1]) if len(arguments) > 1 else 7
    sizes = [int(word) for word in arguments[2].split(",")] if len(arguments) > 2 else [1, 1000, 1_000_000]
    with cable():
        for size in sizes:
            drops(packets, rounds, size)
        misses(packets, rounds)
    return 0


def drops(packets, rounds, size):
    peers = {"Merops": merops, "xdp-filter": xdp_filter, "nftables": nftables, "iptables + ipset": ipset}
    if size > 1000:
        del peers["xdp-filter"]
    times, without = {name: [] for name in peers}, []
    for _ in range(rounds):
        without.append(sender(packets, size))
        order = list(peers)
        random.shuffle(order)
        for name in order:
            dropped = []
            try:
                with peers[name](size, dropped):
                    flood(packets // 10, size, FIRST)
                    took = flood(packets, size, FIRST)
            except RuntimeError as error:
                print(f"{name}: not measured: {error}", file=sys.stderr)
                del peers[name], times[name]
                continue
            if dropped[0] < packets + packets // 10:
                print(f"{name}: {dropped[0]} of {packets + packets // 10} packets were dropped", file=sys.stderr)
            else:
                times[name].append(took)
    base = statistics.median(without)
    print(f"{size} addresses: ns a packet, median (95 %); the sender takes {measure.shown(without)}")
    net = {name: [value - base for value in values] for name, values in times.items() if values}
    for name, values in net.items():
        ratio = statistics.median(values) / statistics.median(net["Merops"]) if "Merops" in net else float("nan")
        print(f"  {name:17} {measure.shown(times[name])}, without the sender {measure.shown(values)}, {ratio:.2f} of Merops")


def misses(packets, rounds):
    """Packets of 198.18.0.1 to a port that nobody reads: they go through Linux to its end."""
    @contextlib.contextmanager
    def none():
        with receiving():
            yield

    @contextlib.contextmanager
    def passing():
        with helper("attach", "veth1", "pass"):
            yield

    @contextlib.contextmanager
    def guarded():
        with helper("guard", "veth1", 1000, FIRST):
            yield

    cases = {"no program": none, "a program that passes": passing, "Merops, 1000 addresses": guarded}
    times = {name: [] for name in cases}
    for _ in range(rounds):
        order = list(cases)
        random.shuffle(order)
        for name in order:
            with cases[name]():
                flood(packets // 10, 1, STRANGER)
                times[name].append(flood(packets, 1, STRANGER))
    print("packets that nothing meets: ns a packet, median (95 %), the sender and Linux included")
    quiet = statistics.median(times["no program"])
    for name, values in times.items():
        print(f"  {name:23} {measure.shown(values)}, {100 * statistics.median(values) / quiet - 100:+.1f} %")

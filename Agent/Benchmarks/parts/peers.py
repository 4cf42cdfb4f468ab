# SPDX-License-Identifier: Apache-2.0
"""An exec, an open, a connect under Merops, bpftrace, libbpf-tools and auditd, attached in turn.

    run peers [ROUNDS [ACT...]]

Each writes what it sees to a file. A round is one after the other, nobody among them, in another order each time. The time
is CPU time of whoever does the act, its children's included: other work of the machine is not in it. The added time of a
watcher is beside the round's own quiet run; the ratio is that of the medians, with an interval by resampling the rounds.
Packages: bpftrace libbpf-tools auditd.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time

from measure import Agent, acts, cpu_per_act, cpu_seconds, end, folder, interval, shown, undisturbed

NEEDS = ["meropsd", "merops-acts"]
COUNTS = {"exec": 20, "open": 500, "connect": 50}
# So many times.
TIMES = 100
WATCH = {"exec": "process", "open": "file", "connect": "network"}
# Whose acts the audit rules are for: the rest of the machine is left alone.
USER = 4242
# What a line about such an act has in it, whoever writes it.
MARK = {"exec": b"merops-true", "open": b"merops-acts", "connect": b"merops-act"}
BPFTRACE = {
    "exec": 'tracepoint:syscalls:sys_enter_exec* { printf("%d %d %s ", pid, uid, comm); join(args->argv); }',
    "open": "tracepoint:syscalls:sys_enter_openat { @name[tid] = args->filename; @flags[tid] = args->flags; } "
    "tracepoint:syscalls:sys_exit_openat /@name[tid]/ "
    '{ printf("%d %d %s %s %d %d\\n", pid, uid, comm, str(@name[tid]), @flags[tid], args->ret); '
    "delete(@name[tid]); delete(@flags[tid]); }",
    "connect": "tracepoint:sock:inet_sock_set_state "
    '{ printf("%d %s %s %d %s %d %d\\n", pid, comm, ntop(args->saddr), args->sport, ntop(args->daddr), args->dport, '
    "args->newstate); }",
}
LIBBPF_TOOLS = {"exec": "execsnoop", "open": "opensnoop", "connect": "tcpstates"}
CALLS = {"exec": ["execve", "execveat"], "open": ["open", "openat", "openat2"], "connect": ["connect"]}


def wait_until(path, act, process):
    """Until the watcher has written a line about an act of now."""
    deadline = time.monotonic() + 60
    while True:
        start = os.path.getsize(path) if os.path.exists(path) else 0
        acts("time", act, 50, 1, user=USER)
        time.sleep(0.2)
        if os.path.exists(path):
            with open(path, "rb") as file:
                file.seek(start)
                if MARK[act] in file.read():
                    return
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"peers: {process.args} does not watch")


@contextlib.contextmanager
def nobody(act, path):
    yield None, []


def merops(settings):
    @contextlib.contextmanager
    def watch(act, path):
        output = os.path.join(path, "output")
        with open(output, "wb") as file, Agent(path, settings.format(WATCH[act]), output=file) as agent:
            wait_until(output, act, agent.process)
            yield output, [agent.process.pid]

    return watch


def tool(command):
    @contextlib.contextmanager
    def watch(act, path):
        output = os.path.join(path, "output")
        with open(output, "wb") as file:
            process = subprocess.Popen(command(act), stdout=file, stderr=subprocess.STDOUT)
            try:
                wait_until(output, act, process)
                yield output, [process.pid]
            finally:
                end(process)

    return watch


def control(*words):
    subprocess.run(["auditctl", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def audit(act, path):
    """auditd with rules for one user. Other processes get no audit context, now or later."""
    output = os.path.join(path, "audit.log")
    pathlib.Path(path, "auditd.conf").write_text(
        f"log_file = {output}\nlog_format = RAW\nflush = INCREMENTAL_ASYNC\nfreq = 50\nmax_log_file = 8192\n"
        "max_log_file_action = IGNORE\nspace_left = 75\nspace_left_action = IGNORE\nadmin_space_left = 50\n"
        "admin_space_left_action = IGNORE\ndisk_full_action = IGNORE\ndisk_error_action = IGNORE\nwrite_logs = yes\n")
    os.mkdir(os.path.join(path, "plugins.d"))
    control("-D")
    control("-a", "never,task", "-F", f"uid!={USER}")
    control("-b", "65536", "--backlog_wait_time", "0")
    process = subprocess.Popen(
        ["auditd", "-n", "-s", "enable", "-c", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kernel = [int(name) for name in os.listdir("/proc") if name.isdigit() and thread_name(name) == "kauditd"]
    try:
        time.sleep(0.5)
        words = [word for call in CALLS[act] for word in ("-S", call)]
        control("-a", "always,exit", "-F", "arch=b64", *words, "-F", f"uid={USER}")
        wait_until(output, act, process)
        yield output, [process.pid, *kernel]
    finally:
        control("-D")
        control("-a", "never,task", "-F", f"uid!={USER}")
        control("-e", "0")
        end(process, signal.SIGTERM)


def thread_name(process):
    try:
        return pathlib.Path("/proc", process, "comm").read_text().strip()
    except OSError:
        return ""


def watchers(act):
    result = {
        "nobody": nobody,
        "merops": merops("watch: [{}]\n"),
        "merops, all that it watches": merops(""),
    }
    if shutil.which("bpftrace"):
        result["bpftrace"] = tool(lambda act: ["bpftrace", "-e", BPFTRACE[act]])
    if shutil.which(LIBBPF_TOOLS[act]):
        result[LIBBPF_TOOLS[act]] = tool(lambda act: [LIBBPF_TOOLS[act]])
    if shutil.which("auditd"):
        result["auditd"] = audit
    return result


def once(watch, act, look):
    """CPU nanoseconds of an act, CPU seconds of the watcher for 100,000, bytes that it wrote of each."""
    with folder() as path:
        os.chmod(path, 0o755)
        with watch(act, path) as (output, processes):
            look()
            before, begin = cpu_seconds(*processes), time.monotonic()
            time.sleep(1)
            # What it does for the rest of the machine.
            rest = (cpu_seconds(*processes) - before) / (time.monotonic() - begin)
            size = os.path.getsize(output) if output else 0
            before, begin = cpu_seconds(*processes), time.monotonic()
            taken = cpu_per_act(act, COUNTS[act], TIMES, user=USER)
            time.sleep(0.5)
            look()
            used = cpu_seconds(*processes) - before - rest * (time.monotonic() - begin)
            number = COUNTS[act] * TIMES * (1 if act == "open" else 1.1)
            written = (os.path.getsize(output) - size if output else 0) / number
            return taken, used / number * 1e5, written


def run(arguments):
    rounds = int(arguments[0]) if arguments else 11
    for act in arguments[1:] or COUNTS:
        chosen = watchers(act)
        results = {name: [] for name in chosen}
        names = list(chosen)
        for index in range(rounds):
            for name in names[index % len(names):] + names[:index % len(names)]:
                results[name].append(undisturbed(lambda look: once(chosen[name], act, look)))
        quiet = [result[0] for result in results["nobody"]]
        print(f"{act}: {shown(quiet)} ns of CPU with nobody watching; {rounds} rounds")
        added = {name: [r[0] - q for r, q in zip(results[name], quiet)] for name in names if name != "nobody"}
        best = min((name for name in added if not name.startswith("merops")),
                   key=lambda name: statistics.median(added[name]), default=None)
        for name, values in added.items():
            cpu, size = (statistics.median(r[i] for r in results[name]) for i in (1, 2))
            line = f"  {name:27} adds {shown(values):>30} ns; {cpu:6.2f} CPU s for 100,000; {size:5,.0f} bytes an act"
            if best and name != best:
                pairs = list(zip(values, added[best]))
                ratio = lambda pairs: statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs)
                low, high = interval(pairs, ratio)
                line += f"; {ratio(pairs):.2f} ({low:.2f} to {high:.2f}) of {best}"
            print(line, flush=True)

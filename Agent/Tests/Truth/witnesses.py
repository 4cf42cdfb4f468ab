# SPDX-License-Identifier: Apache-2.0
"""Who watches the same acts: each starts, stops, and says what it saw as (process, class, what, error number or None).

None is an outcome that the witness does not say. Of an exec, what is the program, or the program with the number of arguments
and their bytes where the witness says them.
"""
import errno
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

# auditd's rules are for this login.
LOGIN = 4711
NAMES = ["rename", "chmod", "link", "symlink", "unlink"]


class Witness:
    """A program that writes what it sees into `output`."""

    command, environment = [], {}
    # The classes of acts that it watches.
    classes = set()

    def __init__(self, folder, cgroup):
        self.folder, self.cgroup = folder, cgroup
        self.output = f"{folder}/{self.name}.out"
        self.process = None

    @property
    def name(self):
        return type(self).__name__.lower()

    def missing(self):
        """Why it cannot watch here, or None."""
        return None if shutil.which(self.command[0]) else "not installed"

    def start(self):
        with open(self.output, "wb") as file, open(f"{self.output}.err", "wb") as errors:
            self.process = subprocess.Popen(self.command, stdout=file, stderr=errors, env={**os.environ, **self.environment})

    def says(self, mark):
        """Whether it has reported an act with this mark; raises what it said if it has ended."""
        if self.process.poll() is not None:
            raise EnvironmentError(pathlib.Path(f"{self.output}.err").read_text(errors="replace").strip()[-300:] or "it ended")
        return mark in self.text()

    def text(self):
        return pathlib.Path(self.output).read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def acts(self):
        for line in self.text().splitlines():
            yield from self.read(line) or ()


class Merops(Witness):
    name = "Merops"
    classes = {"open", "exec", "exit", "connect", "dns", *NAMES}
    KINDS = {"file.open": "open", "file.create": "open", "file.write": "open", "process.exec": "exec", "process.exit": "exit",
             "network.connect": "connect", "dns.query": "dns", "dns.answer": "dns", **{f"file.{name}": name for name in NAMES}}

    def __init__(self, folder, cgroup):
        super().__init__(folder, cgroup)
        file = f"{folder}/merops.yaml"
        pathlib.Path(file).write_text(
            f"socket: {folder}/merops.sock\ngroup: none\nring: 64MiB\nfiles:\n  missing: true\n  repeats: 0s\n")
        build = pathlib.Path(__file__).resolve().parents[2] / ".build"
        programs = [build / kind / "meropsd" for kind in ("release", "debug")]
        self.command = [str(next((path for path in programs if path.exists()), "meropsd")),
                        "--config", file, "--memory", "--json"]

    def read(self, line):
        try:
            event = json.loads(line)
        except ValueError:
            return  # The last one may be cut.
        kind = self.KINDS.get(event.get("event"))
        if not kind:
            return
        what, error = event.get("file.path", ""), event.get("event.errno", 0)
        if kind == "exec":
            words = event.get("process.command_args", [])
            what = event.get("process.executable.path", "") + counted(words)
        elif kind == "exit":
            what, error = str(event.get("process.exit.code", "")), 0
        elif kind == "connect":
            what = f"{event.get('destination.address')} {event.get('destination.port')}"
        elif kind == "dns":
            what = event.get("dns.question.name", "")
        yield event["process.pid"], kind, what, error


def counted(words):
    return f" {len(words)} {sum(len(word) for word in words)}"


class Strace(Witness):
    """The one that starts the workload, instead of watching the machine."""

    command = ["strace"]
    classes = {"open", "exec", "exit", "connect", *NAMES}
    CALLS = {"open": "open", "openat": "open", "openat2": "open", "creat": "open", "open_by_handle_at": "open", "execve": "exec",
             "execveat": "exec", "connect": "connect", "fchmod": "chmod", "chmod": "chmod", "fchmodat": "chmod",
             **{f"{name}{more}": name for name in NAMES for more in ("", "at", "at2")}}

    def start(self):
        os.mkdir(self.output)

    def says(self, mark):
        return True

    def prefix(self):
        calls = ",".join(f"?{call}" for call in self.CALLS)
        return ["strace", "-ff", "-y", "-v", "-s", "8192", "-e", f"trace=%process,{calls}", "-o", f"{self.output}/t"]

    def acts(self):
        texts = {int(path.rsplit(".", 1)[1]): pathlib.Path(path).read_text(errors="replace")
                 for path in glob.glob(f"{self.output}/t.*")}
        owner = {int(thread): process for process, text in texts.items()
                 for thread in re.findall(r"CLONE_THREAD.*\) = (\d+)$|=> \{parent_tid=\[(\d+)\]", text) for thread in thread if thread}
        for thread, text in texts.items():
            process = owner.get(thread, thread)
            # A thread that executes becomes the first one: the call begins in one file and ends in another.
            for line in text.splitlines():
                line = re.sub(r" <(unfinished|pid changed).*", ") = 0", line)
                yield from self.call(process, line)

    def call(self, process, line):
        if end := re.match(r"\+\+\+ exited with (\d+)", line):
            yield process, "exit", end[1], 0
        found = re.match(r"(\w+)\((.*)\)\s+= (-?\d+)(?:<(.*)>)?(?: (E\w+))?", line)
        kind = found and self.CALLS.get(found[1])
        if not kind:
            return
        error = getattr(errno, found[5]) if found[5] else 0
        texts = re.findall(r'"((?:[^"\\]|\\.)*)"', found[2])
        what = texts[-1 if kind == "symlink" else 0] if texts else ""
        if kind == "connect":
            address = re.search(r'htons\((\d+)\).*?"([^"]+)"', found[2])
            what = address and f"{address[2]} {address[1]}"
            if not what:
                return
        elif kind == "exec":
            words = re.search(r"\[(.*?)\], (?:\[|0x)", found[2])
            inside = re.findall(r'"((?:[^"\\]|\\.)*)"', words[1]) if words else []
            held = re.match(r"\d+<([^>]*)>", found[2])
            what = (what or (held[1] if held else "")) + counted(inside)
        elif found[4]:
            what = found[4]
        elif found[1] == "open_by_handle_at":
            what = ""
        elif directory := re.match(r"(?:AT_FDCWD|\d+)<([^>]*)>", found[2]):
            what = os.path.normpath(os.path.join(directory[1], what)) if what else directory[1]
        yield process, kind, what, error


class BPFTrace(Witness):
    """The form of its own tools (opensnoop.bt, execsnoop.bt): the name's address at the entry, the name at the exit."""

    name = "bpftrace"
    classes = {"open", "exec", "connect", *NAMES}
    environment = {"BPFTRACE_STRLEN": "200"}
    CALLS = [("open", "open", "filename"), ("open", "openat", "filename"), ("open", "openat2", "filename"),
             ("open", "creat", "pathname"), ("rename", "rename", "oldname"), ("rename", "renameat2", "oldname"),
             ("chmod", "chmod", "filename"), ("chmod", "fchmodat", "filename"), ("link", "link", "oldname"),
             ("link", "linkat", "oldname"), ("symlink", "symlink", "newname"), ("symlink", "symlinkat", "newname"),
             ("unlink", "unlink", "pathname"), ("unlink", "unlinkat", "pathname")]
    EXECS = [("execve", "filename"), ("execveat", "filename")]

    @property
    def command(self):
        ours = f"/cgroup == cgroupid(\"{self.cgroup}\")/"
        parts = []
        for kind, call, name in self.CALLS:
            parts.append(
                f"tracepoint:syscalls:sys_enter_{call} {ours} {{ @n[tid] = args->{name}; }} "
                f"tracepoint:syscalls:sys_exit_{call} /@n[tid]/ "
                f"{{ printf(\"{kind} %d %d %s\\n\", pid, args->ret, str(@n[tid])); delete(@n[tid]); }}")
        for call, name in self.EXECS:
            parts.append(
                f"tracepoint:syscalls:sys_enter_{call} {ours} {{ printf(\"exec %d 0 %s\\n\", pid, str(args->{name})); }}")
        parts.append(
            f"tracepoint:sock:inet_sock_set_state /args->newstate == 2 && cgroup == cgroupid(\"{self.cgroup}\")/ "
            "{ printf(\"connect %d 0 %s %d\\n\", pid, ntop(args->daddr_v6), args->dport); }")
        return ["bpftrace", "-B", "none", "-e", " ".join(parts)]

    def read(self, line):
        found = re.match(r"(\w+) (\d+) (-?\d+) (.*)", line)
        if not found or found[1] not in self.classes:
            return
        error = max(0, -int(found[3]))
        if found[1] in ("exec", "connect"):
            error = None
        yield int(found[2]), found[1], found[4].removeprefix("::ffff:"), error


class OpenSnoop(Witness):
    command, classes = ["opensnoop"], {"open"}

    def read(self, line):
        if found := re.match(r"(\d+)\s+(\S+)\s+(-?\d+)\s+(\d+)\s(.*)", line):
            yield int(found[1]), "open", found[5].strip(), int(found[4])


class ExecSnoop(Witness):
    command, classes = ["execsnoop", "-x", "-q"], {"exec"}

    def read(self, line):
        if found := re.match(r"(\S+)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+(.*)", line):
            words = [word.strip('"') for word in found[5].strip().split('" "')]
            yield int(found[2]), "exec", (words[0] if words else "") + counted(words), max(0, -int(found[4]))


class TCPConnect(Witness):
    command, classes = ["tcpconnect"], {"connect"}

    def read(self, line):
        if found := re.match(r"(\d+)\s+(\S+)\s+(\d)\s+(\S+)\s+(\S+)\s+(\d+)", line):
            yield int(found[1]), "connect", f"{found[5].removeprefix('::ffff:')} {found[6]}", None


class AuditD(Witness):
    name, classes = "auditd", {"open", "exec", "connect", *NAMES}
    NUMBERS = {2: "open", 85: "open", 257: "open", 437: "open", 304: "open", 59: "exec", 322: "exec", 42: "connect",
               82: "rename", 264: "rename", 316: "rename", 90: "chmod", 91: "chmod", 268: "chmod", 452: "chmod",
               86: "link", 265: "link", 88: "symlink", 266: "symlink", 87: "unlink", 263: "unlink"}

    def missing(self):
        if not shutil.which("auditd"):
            return "not installed"
        if os.uname().machine != "x86_64":
            return "the numbers of system calls are those of x86-64"
        status = subprocess.run(["auditctl", "-s"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        pid = re.search(r"^pid (\d+)", status, re.M)
        if not pid:
            return f"the kernel has no audit: {status.strip()[:80]}"
        return "another auditd runs here" if pid[1] != "0" else None

    @staticmethod
    def control(*words):
        subprocess.run(["auditctl", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        pathlib.Path(self.folder, "auditd.conf").write_text(
            f"log_file = {self.output}\nlog_format = RAW\nflush = INCREMENTAL_ASYNC\nfreq = 50\nmax_log_file = 8192\n"
            "max_log_file_action = IGNORE\nspace_left = 75\nspace_left_action = IGNORE\nadmin_space_left = 50\n"
            "admin_space_left_action = IGNORE\ndisk_full_action = IGNORE\ndisk_error_action = IGNORE\nwrite_logs = yes\n")
        os.makedirs(f"{self.folder}/plugins.d", exist_ok=True)
        self.control("-D")
        # Other processes of the machine get no audit context, now or later.
        self.control("-a", "never,task", "-F", f"auid!={LOGIN}")
        self.control("-b", "262144", "--backlog_wait_time", "60000")
        with open(f"{self.folder}/auditd.err", "wb") as errors:
            self.process = subprocess.Popen(
                ["auditd", "-n", "-s", "enable", "-c", self.folder], stdout=errors, stderr=errors)
        words = [word for number in self.NUMBERS for word in ("-S", str(number))]
        self.control("-a", "always,exit", "-F", "arch=b64", *words, "-F", f"auid={LOGIN}")

    def says(self, mark):
        return os.path.exists(self.output) and super().says(mark)

    def stop(self):
        if self.process is None:
            return
        self.control("-D")
        # An audit that was on once costs each new process a little, unless a rule leaves it out.
        self.control("-a", "never,task", "-F", f"auid!={LOGIN}")
        self.control("-e", "0")
        self.process.terminate()
        self.process.wait()

    def acts(self):
        records = {}
        for line in self.text().splitlines():
            if found := re.match(r"type=(\w+) msg=audit\(([^)]+)\): (.*)", line):
                records.setdefault(found[2], []).append((found[1], found[3]))
        for parts in records.values():
            yield from self.act(parts)

    def act(self, parts):
        field = lambda text, name: (re.search(rf'(?:^| ){name}=("[^"]*"|\S+)', text) or [None, ""])[1]
        call = next((text for kind, text in parts if kind == "SYSCALL"), None)
        kind = call and self.NUMBERS.get(int(field(call, "syscall")))
        if not kind:
            return
        plain = lambda text: text[1:-1] if text.startswith('"') else ("" if text == "(null)" else hexadecimal(text))
        error = max(0, -int(field(call, "exit")))
        paths = [text for type, text in parts if type == "PATH"]
        directory = next((plain(field(text, "cwd")) for type, text in parts if type == "CWD"), "")
        # The parent's directory stands before the file that was changed.
        names = [text for text in paths if field(text, "nametype") != "PARENT"] or paths
        what = plain(field(names[-1 if kind == "symlink" else 0], "name")) if names else ""
        if kind == "exec":
            words = [plain(word) for type, text in parts if type == "EXECVE" for word in re.findall(r' a\d+(?:\[\d+\])?=("[^"]*"|\S+)', text)]
            number = next((field(text, "argc") for type, text in parts if type == "EXECVE"), "0")
            if error == 0:
                what = f"{plain(field(call, 'exe'))} {number} {sum(map(len, words))}"
            else:
                what = os.path.join(directory, what)
        elif kind == "connect":
            what = next((address(field(text, "saddr")) for type, text in parts if type == "SOCKADDR"), None)
            if not what:
                return
        elif what:
            what = os.path.normpath(os.path.join(directory, what))
        yield int(field(call, "pid")), kind, what, error


def hexadecimal(text):
    try:
        return bytes.fromhex(text).decode(errors="replace")
    except ValueError:
        return text


def address(text):
    """What auditd says of a sockaddr; None unless it is one of the internet."""
    import socket
    data = bytes.fromhex(text)
    family = int.from_bytes(data[:2], "little")
    port = int.from_bytes(data[2:4], "big")
    if family == socket.AF_INET:
        return f"{socket.inet_ntop(family, data[4:8])} {port}"
    if family == socket.AF_INET6:
        return f"{socket.inet_ntop(family, data[8:24])} {port}"
    return None


ALL = [Merops, Strace, AuditD, BPFTrace, ExecSnoop, OpenSnoop, TCPConnect]

# SPDX-License-Identifier: Apache-2.0
"""Boots a kernel under QEMU on this machine's files (read-only) and runs one command there as root."""
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import kernels

FILE_SERVERS = [
    ("/usr/libexec/virtiofsd", ["--shared-dir=FILES", "--sandbox=chroot", "--cache=always", "--log-level=error"]),
    ("/usr/lib/qemu/virtiofsd", ["-o", "source=FILES,sandbox=chroot,cache=always,log_level=err"]),
]


# By Debian's name: QEMU's program, its Debian package, the machine, the console. Guests have one CPU: with two, QEMU 7.2
# crashed in three of a hundred boots.
MACHINES = {
    "amd64": ("qemu-system-x86_64", "qemu-system-x86", ["-M", "pc,memory-backend=memory"], "ttyS0"),
    "arm64": ("qemu-system-aarch64", "qemu-system-arm", ["-M", "virt,memory-backend=memory"], "ttyAMA0"),
}


class Died(Exception):
    """The guest gave no exit status."""

    def __init__(self, text, timed_out):
        super().__init__(text)
        self.timed_out = timed_out


# Folders of this machine that are empty in a guest, but for what `shown` names; see init.
EMPTY = ["tmp", "run", "var/tmp", "mnt", "root", "boot"]


def shown():
    """What tests need wherever it lies: this checkout, the folder of what is built, the toolchain."""
    swift = shutil.which("swift")
    paths = [os.getcwd(), f"{kernels.HERE}/../..", os.environ.get("MEROPS_BUILD"),
             swift and f"{os.path.dirname(os.path.realpath(swift))}/../.."]
    paths = {os.path.realpath(path) for path in paths if path}
    return sorted(path for path in paths if any(path.startswith(f"/{folder}/") for folder in EMPTY))


def missing(machine="amd64"):
    """What this machine lacks to boot guests, or None."""
    if machine == "amd64" and os.uname().machine != "x86_64":
        return "an x86-64 machine"
    if os.geteuid() != 0:
        return "root"
    emulator, package, _, _ = MACHINES[machine]
    for path, package in [(f"/usr/bin/{emulator}", package), ("/bin/busybox", "busybox-static")]:
        if not os.path.exists(path):
            return f"{path} (Debian: {package})"
    if not any(os.path.exists(path) for path, _ in FILE_SERVERS):
        return "virtiofsd (Debian: in qemu-system-common up to 12, then virtiofsd)"
    return None


# Runs the job of a guest whose first process is systemd, and ends it: as init does where there is none.
SERVICE = """\
[Unit]
Description=The job of this guest
DefaultDependencies=no
After=basic.target
[Service]
ExecStart=/bin/sh /job.run
"""
RUN = """\
{ /bin/sh /job </dev/null 2>&1; echo $? >/run/job.status; } | cat >"$(echo /dev/vport*p1)"
sync
cat /run/job.status >"$(echo /dev/vport*p2)"
echo o >/proc/sysrq-trigger
sleep 9
"""


def run(folder, command, output, **options):
    """Runs a command (a list, or a script) in a guest of the kernel unpacked in `folder`.

    `output` is called with each chunk of what it prints. Gives its exit status; raises Died without one. Options: seconds
    (`timeout`), `memory`, what is exported (`environment`), `machine`, the folder whose files it sees (`root`), and whether
    that is a Debian of its own, which it boots with systemd and may write to (`own`).
    """
    chunks = 0

    def counted(chunk):
        nonlocal chunks
        chunks += 1
        output(chunk)

    try:
        return boot(folder, command, counted, **options)
    except Died as error:
        # QEMU or the file server exited before the command printed anything: the kernel has not answered.
        if chunks or error.timed_out:
            raise
        print(f"{error}\nguest: it is started again", file=sys.stderr, flush=True)
        return boot(folder, command, output, **options)


def boot(folder, command, output, timeout=1800, memory="2G", environment=None, machine="amd64", root="/", own=False):
    processes = []
    with tempfile.TemporaryDirectory(prefix="run.", dir=kernels.VM) as work:
        job = [f"export PATH={shlex.quote(os.environ['PATH'])}:/usr/sbin:/sbin HOME=/root MEROPS_GUEST=1",
               f"cd {shlex.quote(os.getcwd())} 2>/dev/null || cd /"]
        for name, value in (environment or {}).items():
            job.append(f"export {name}={shlex.quote(value)}")
        job.append(command if isinstance(command, str) else shlex.join(command))
        with open(f"{work}/initrd", "wb") as initrd:  # archives after the first add the job
            initrd.write(open(kernels.initrd(folder, "/bin/busybox" if own else os.path.join(root, "bin/busybox")), "rb").read())
            script = "\n".join(job).encode() + b"\n"
            if own:
                # Its systemd would empty this machine's /tmp, and start its services twice.
                if os.path.realpath(root) == "/":
                    raise ValueError("a guest with systemd needs a root of its own")
                install(root, script)
                initrd.write(archive("own", b""))
            initrd.write(archive("job", script))
            paths = shown() if root == "/" else []
            initrd.write(archive("shown", "".join(f"{path}\n" for path in paths).encode()))

        server, options = next(pair for pair in FILE_SERVERS if os.path.exists(pair[0]))
        # The socket listens before QEMU starts, so QEMU need not wait.
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(f"{work}/files")
        listening.listen()
        options = [f"--fd={listening.fileno()}", *(option.replace("FILES", root) for option in options)]
        emulator, _, board, console = MACHINES[machine]
        try:
            # A process group of its own: an interrupt is for us, and we end what we started, by its id. Should we be
            # killed, the kernel ends it.
            ours = ["setpriv", "--pdeathsig", "KILL"]
            processes.append(subprocess.Popen([*ours, server, *options], pass_fds=[listening.fileno()],
                                              stdout=subprocess.DEVNULL, stderr=open(f"{work}/server.log", "w"),
                                              start_new_session=True))
            listening.close()
            guest = subprocess.Popen(
                [*ours, emulator, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", *board, "-accel", os.environ.get("MEROPS_VM_ACCEL", "tcg,thread=single"),
                 "-cpu", "max", "-smp", "1", "-m", memory,
                 "-object", f"memory-backend-memfd,id=memory,size={memory},share=on",
                 "-kernel", f"{folder}/vmlinux", "-initrd", f"{work}/initrd", "-serial", f"file:{work}/console",
                 "-append", f"console={console} quiet panic=-1 mitigations=off cryptomgr.notests no_timer_check "
                            f"lsm={os.environ.get('MEROPS_VM_LSM', 'landlock,lockdown,yama,bpf')}",
                 "-chardev", f"socket,id=files,path={work}/files",
                 "-device", "vhost-user-fs-pci,chardev=files,tag=host",
                 "-device", "virtio-serial-pci",
                 "-chardev", "stdio,id=output,signal=off", "-device", "virtserialport,chardev=output",
                 "-chardev", f"file,id=status,path={work}/status", "-device", "virtserialport,chardev=status"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
            processes.append(guest)
            watchdog = threading.Timer(timeout, guest.kill)
            watchdog.start()
            started = time.monotonic()
            while chunk := os.read(guest.stdout.fileno(), 65536):
                output(chunk)
            guest.wait()
            watchdog.cancel()
            status = open(f"{work}/status").read().strip() if os.path.exists(f"{work}/status") else ""
            if not status:
                said = [line for name in ("server.log", "console") if os.path.exists(f"{work}/{name}")
                        for line in open(f"{work}/{name}", errors="replace").read().splitlines()[-25:]]
                timed_out = time.monotonic() - started >= timeout
                reason = "timed out" if timed_out else f"died (QEMU: {guest.returncode})"
                raise Died(f"the guest {reason}; its console ends:\n" + "\n".join(said), timed_out)
            return int(status)
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
                process.wait()


def install(root, script):
    """Puts a job into a Debian, for systemd to run it."""
    units = f"{root}/etc/systemd/system"
    os.makedirs(f"{units}/multi-user.target.wants", exist_ok=True)
    for path, text in [(f"{units}/job.service", SERVICE.encode()), (f"{root}/job.run", RUN.encode()), (f"{root}/job", script)]:
        with open(path, "wb") as file:
            file.write(text)
    link = f"{units}/multi-user.target.wants/job.service"
    if not os.path.islink(link):
        os.symlink("../job.service", link)


def archive(name, body):
    """One file as a cpio archive."""
    result = b""
    for path, mode, content in [(name, 0o100644, body), ("TRAILER!!!", 0, b"")]:
        encoded = path.encode() + b"\0"
        fields = [1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0]
        for part in (b"070701" + b"".join(b"%08X" % field for field in fields) + encoded, content):
            result += part
            result += b"\0" * (-len(result) % 4)
    return result

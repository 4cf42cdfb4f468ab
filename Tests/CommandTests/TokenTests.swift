// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Loading without being root on the machine: as root of a user namespace, with what the machine's root delegates.
@Suite(.requires(.root), .requires(kernel: "6.9"), .requires(.command("python3"))) struct TokenTests {
  @Test(arguments: ["globals", "xdp", "maps"]) func loads(object: String) throws {
    let scratch = try Scratch()
    let (file, bpffs) = (try scratch.object(object), try Scratch())
    let result = try Shell.run(
      ["python3", "-c", Self.delegate, bpffs.path, Command.path("merops"), "prog", "load", file, "--token", bpffs.path])
    #expect(result.status == 0, "\(result.output)")
    #expect(result.output.contains("verified and unloaded"))
    let refused = try Shell.run(
      ["python3", "-c", Self.delegate, bpffs.path, Command.path("merops"), "prog", "load", file])
    #expect(refused.status == 1)
    #expect(refused.output.contains("Operation not permitted"), "\(refused.output)")
  }

  @Test func noTokenIsNeededByRoot() throws {
    let scratch = try Scratch()
    let result = try Command.merops("prog", "load", try scratch.object("globals"), "--token", "/sys/fs/bpf")
    #expect(result.status == 1)
    #expect(result.output.contains("tokens work in user namespaces only"), "\(result.output)")
  }

  /// `FOLDER COMMAND...`: runs a command as root of a user namespace that has a bpffs at FOLDER, to which the machine's
  /// root delegates everything.
  private static let delegate = """
    import ctypes, os, socket, sys
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name, result):
        if result < 0:
            sys.exit(f"{name}: {os.strerror(ctypes.get_errno())}")
        return result

    folder, command = sys.argv[1], sys.argv[2:]
    outer, inner = socket.socketpair()
    child = os.fork()
    if child == 0:
        outer.close()
        call("unshare", libc.unshare(0x10000000 | 0x00020000))  # CLONE_NEWUSER, CLONE_NEWNS
        inner.send(b"1")
        inner.recv(1)  # the outside maps root
        context = call("fsopen", libc.syscall(430, b"bpf", 1))
        socket.send_fds(inner, [b"1"], [context])
        inner.recv(1)  # and says what is delegated
        mount = call("fsmount", libc.syscall(432, context, 1, 0))
        call("move_mount", libc.syscall(429, mount, b"", -100, folder.encode(), 4))
        os.execvp(command[0], command)
    inner.close()
    outer.recv(1)
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{child}/{name}", "w") as file:
            file.write("0 0 1")
    outer.send(b"1")
    context = socket.recv_fds(outer, 1, 1)[1][0]
    for name in (b"delegate_cmds", b"delegate_maps", b"delegate_progs", b"delegate_attachs"):
        call("fsconfig", libc.syscall(431, context, 1, name, b"any", 0))
    call("fsconfig", libc.syscall(431, context, 6, None, None, 0))
    outer.send(b"1")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
}

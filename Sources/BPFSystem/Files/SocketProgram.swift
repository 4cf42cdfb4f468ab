// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// A program on one socket: socket(7), `SO_ATTACH_BPF` and `SO_ATTACH_REUSEPORT_EBPF`.
package enum SocketProgram {
  /// Attaches a socket filter or, for `isReuseport`, what chooses among the sockets of a port.
  ///
  /// - Requires: Linux 3.19; reuseport 4.5, with `sk_reuseport` programs 4.19
  package static func attach(program: CInt, socket: CInt, isReuseport: Bool) throws(Errno) {
    try set(socket, isReuseport ? 52 : 50, program)
  }

  /// Takes it off again; `ENOENT` when none is attached.
  ///
  /// - Requires: Linux 2.2; reuseport 5.3
  package static func detach(socket: CInt, isReuseport: Bool) throws(Errno) {
    try set(socket, isReuseport ? 68 : 27, 0)
  }

  private static func set(_ socket: CInt, _ option: CInt, _ value: CInt) throws(Errno) {
    var value = value
    try checked(setsockopt(socket, SOL_SOCKET, option, &value, 4).orError)
  }
}

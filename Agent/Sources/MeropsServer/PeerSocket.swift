// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Who is at the other end of a unix socket, as the kernel says.
public struct Peer: Hashable, Sendable {
  public var user: UInt32
  public var group: UInt32
  public var pid: Int32
}

extension Peer {
  /// The name that a connection to the inner socket is bound to, so that each request knows its peer.
  var name: String { "\(user).\(group).\(pid)" }

  init?(name: some StringProtocol) {
    let parts = name.split(separator: ".")
    guard parts.count == 4, let user = UInt32(parts[0]), let group = UInt32(parts[1]), let pid = Int32(parts[2]) else {
      return nil
    }
    self.init(user: user, group: group, pid: pid)
  }

  /// - Requires: Linux 2.6
  static func of(_ descriptor: CInt) -> Peer? {
    // struct ucred: pid, uid, gid, four bytes each.
    var credentials = (pid: Int32(0), user: UInt32(0), group: UInt32(0))
    var size = socklen_t(MemoryLayout.size(ofValue: credentials))
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, size == 12 else { return nil }
    return Peer(user: credentials.user, group: credentials.group, pid: credentials.pid)
  }

  /// The supplementary groups of the peer when it connected.
  ///
  /// - Requires: Linux 4.13
  static func groups(of descriptor: CInt) -> [UInt32] {
    // Linux allows 65,536 of them.
    var groups = [UInt32](repeating: 0, count: 65_536)
    var size = socklen_t(groups.count * 4)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, &groups, &size) == 0 else { return [] }
    return Array(groups.prefix(Int(size) / 4))
  }
}

/// A socket in the file system.
struct UnixSocket: ~Copyable {
  let descriptor: CInt

  private init(_ descriptor: CInt) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  consuming func take() -> CInt {
    let result = dup3Cloexec(descriptor)
    return result
  }

  /// Listens at a path with these rights. The socket appears under its name when the rights are right, and replaces what a
  /// process that ended has left.
  static func listening(at path: String, mode: mode_t, group: gid_t?) throws(ServerError) -> UnixSocket {
    let socket = try open()
    let draft = path + ".new"
    unlink(draft)
    // The file gets the rights of the socket: between bind and chmod only the owner may connect. A umask would be that of
    // all threads, and of what they start.
    guard fchmod(socket.descriptor, 0o600) == 0, try withAddress(draft, { bind(socket.descriptor, $0, $1) }) == 0 else {
      throw ServerError("The socket \(path) cannot be created", errno)
    }
    if let group, chown(draft, uid_t.max, group) != 0 {
      throw ServerError("The socket \(path) cannot be given to group \(group)", errno)
    }
    guard chmod(draft, mode) == 0, listen(socket.descriptor, 128) == 0, rename(draft, path) == 0 else {
      throw ServerError("The socket \(path) cannot be created", errno)
    }
    return socket
  }

  /// Connects to a path, with a name that says who asks.
  static func connected(to path: String, as name: String) throws(ServerError) -> UnixSocket {
    let socket = try open()
    let bound = try withAddress(name) { bind(socket.descriptor, $0, $1) }
    guard bound == 0 else { throw ServerError("The name \(name) cannot be taken", errno) }
    let connected = try withAddress(path) { connect(socket.descriptor, $0, $1) }
    let number = errno
    // The kernel keeps the name with the connection.
    unlink(name)
    guard connected == 0 else { throw ServerError("The server behind \(path) cannot be reached", number) }
    return socket
  }

  private static func open() throws(ServerError) -> UnixSocket {
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw ServerError("No socket can be opened", errno) }
    return UnixSocket(descriptor)
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) throws(ServerError) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw ServerError("The socket's path is too long: \(path). It may have 107 bytes", 0)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }
}

private func dup3Cloexec(_ descriptor: CInt) -> CInt { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }

/// Why the server cannot serve.
public struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  init(_ message: String, _ number: CInt) {
    description = number == 0 ? message + "." : "\(message): \(String(cString: strerror(number)))."
  }
}

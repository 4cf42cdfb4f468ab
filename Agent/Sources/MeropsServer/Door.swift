// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// The socket that others connect to. It asks the kernel who that is, and passes bytes on to the HTTP server's own socket,
/// which lies in a folder that nobody else can enter.
///
/// FlyingFox accepts connections itself and does not show them, so their credentials cannot be read behind it. The inner
/// connection is bound to a name that holds them, and FlyingFox gives each request the name of its connection.
final class Door: Sendable {
  private let socket: ControlSocket
  private let inner: String
  private let names: String
  private let isOpen = Atomic<Bool>(true)
  private let connections = Atomic<Int>(0)
  private let serial = Atomic<UInt64>(0)
  private let maximum: Int
  private let wake: (reading: CInt, writing: CInt)

  init(_ socket: ControlSocket, inner: String, names: String, maximum: Int) throws(ServerError) {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { throw ServerError("No pipe can be opened", errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    wake = (ends[0], ends[1])
    (self.socket, self.inner, self.names, self.maximum) = (socket, inner, names, maximum)
  }

  deinit {
    close(wake.reading)
    close(wake.writing)
  }

  /// Accepts connections on a thread of its own until ``close()``.
  func open() { Thread.detachNewThread { self.accept() } }

  func closeDoor() {
    guard isOpen.exchange(false, ordering: .relaxed) else { return }
    socket.remove()
    var byte: UInt8 = 0
    _ = write(wake.writing, &byte, 1)
  }

  private func accept() {
    while isOpen.load(ordering: .relaxed) {
      var waiting = [
        pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake.reading, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&waiting, 2, -1) > 0, waiting[1].revents == 0 else { continue }
      let client = Glibc.accept(socket.descriptor, nil, nil)
      guard client >= 0 else {
        // Without descriptors left the listener stays readable: do not spin.
        if errno != ECONNABORTED, errno != EINTR { poll(nil, 0, 50) }
        continue
      }
      _ = fcntl(client, F_SETFD, FD_CLOEXEC)
      Thread.detachNewThread {
        self.serve(client)
        close(client)
      }
    }
  }

  private func serve(_ client: CInt) {
    guard connections.add(1, ordering: .relaxed).oldValue < maximum else {
      connections.subtract(1, ordering: .relaxed)
      return refuse(client, "503 Service Unavailable", "Too many connections are open.")
    }
    defer { connections.subtract(1, ordering: .relaxed) }
    guard let peer = Peer.of(client), isAllowed(peer, client) else {
      return refuse(client, "403 Forbidden", "You may not talk to the agent: use sudo, or join the socket's group.")
    }
    let number = serial.add(1, ordering: .relaxed).newValue
    do {
      let server = try UnixSocket.connected(to: inner, as: "\(names)/\(peer.name).\(number)")
      Self.relay(client, server.descriptor)
    } catch {
      refuse(client, "503 Service Unavailable", "The agent is stopping.")
    }
  }

  private func isAllowed(_ peer: Peer, _ client: CInt) -> Bool {
    if peer.user == 0 || peer.user == geteuid() { return true }
    guard let group = socket.group else { return false }
    return peer.group == group || Peer.groups(of: client).contains(group)
  }

  private func refuse(_ client: CInt, _ status: String, _ message: String) {
    let body = #"{"status":\#(status.prefix(3)),"message":"\#(message)"}"# + "\n"
    let reply =
      "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
      + "Connection: close\r\n\r\n\(body)"
    var bytes = Array(reply.utf8)
    _ = send(client, &bytes, bytes.count, CInt(MSG_NOSIGNAL))
    // A close with unread bytes would reset the connection before the answer is read.
    shutdown(client, CInt(SHUT_WR))
    var ignored = [UInt8](repeating: 0, count: 4096)
    var waiting = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
    while poll(&waiting, 1, 1000) > 0, read(client, &ignored, ignored.count) > 0 {}
  }

  /// Passes bytes both ways until one side ends.
  private static func relay(_ client: CInt, _ server: CInt) {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var waiting = [
      pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      guard poll(&waiting, 2, -1) > 0 else {
        if errno == EINTR { continue }
        return
      }
      // The reply first: a client may have shut its side down and still wait for it.
      if waiting[1].revents != 0, !pass(server, client, &buffer) { return }
      if waiting[0].revents != 0, !pass(client, server, &buffer) {
        // Whoever hangs up does not want the rest of a stream that never ends.
        guard waiting[0].revents & Int16(POLLHUP) == 0 else { return }
        shutdown(server, CInt(SHUT_WR))
        waiting[0].fd = -1
      }
    }
  }

  private static func pass(_ source: CInt, _ target: CInt, _ buffer: inout [UInt8]) -> Bool {
    let count = read(source, &buffer, buffer.count)
    guard count > 0 else { return count < 0 && errno == EINTR }
    var sent = 0
    while sent < count {
      let written = buffer.withUnsafeBytes {
        send(target, $0.baseAddress! + sent, count - sent, CInt(MSG_NOSIGNAL))
      }
      if written < 0 {
        if errno == EINTR { continue }
        return false
      }
      sent += written
    }
    return true
  }
}

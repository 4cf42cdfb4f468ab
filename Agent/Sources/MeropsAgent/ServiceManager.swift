// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reports to whoever started the agent how it is (sd_notify(3)); nothing where nobody listens.
struct ServiceManager: Sendable {
  private let path: String?
  /// Half of the time after which silence counts as a hang, in seconds; nil where nobody watches.
  let watchdog: Double?

  /// Whether somebody listens: the agent is a service. Ask before the first of these is made.
  static var isPresent: Bool { variable("NOTIFY_SOCKET")?.isEmpty == false }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  init() {
    path = Self.isPresent ? Self.variable("NOTIFY_SOCKET") : nil
    let isMine = Self.variable("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
    watchdog = isMine ? Self.variable("WATCHDOG_USEC").flatMap { UInt64($0) }.map { Double($0) / 2_000_000 } : nil
    // Programs that the agent starts are not the service.
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { unsetenv(name) }
  }

  /// Sends assignments such as `READY=1`, a line each.
  func notify(_ text: String) {
    guard let path else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    // `@` stands for the zero byte of an abstract name.
    if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    _ = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, text, text.utf8.count, CInt(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
public import MeropsModel

/// Writes events as text, one a line.
public protocol EventFormat: Sendable {
  /// Appends one event and a line feed.
  mutating func append(_ event: Event, to buffer: inout [UInt8])
}

extension JSONLineWriter: EventFormat {}

/// What events do not say, since it is the same for all of them.
public struct HostFacts: Sendable {
  public var name: String
  /// The version of Merops.
  public var version: String

  public init(name: String = HostFacts.hostName, version: String) {
    self.name = name
    self.version = version
  }

  /// The name that the kernel has for this machine.
  public static var hostName: String {
    var names = utsname()
    guard uname(&names) == 0 else { return "localhost" }
    return withUnsafeBytes(of: names.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

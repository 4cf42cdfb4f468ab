// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

/// Both sides of a conversation. An IPv4 address is in its mapped form.
struct Endpoints: Hashable {
  /// This side.
  var source: IPv6Address
  var destination: IPv6Address
  var sourcePort: UInt16
  var destinationPort: UInt16
}

extension IPv6Address {
  static func mapped(_ address: IPv4Address) -> IPv6Address {
    IPv6Address(networkOrder: (0, 0, 0xffff_0000, address.networkOrder))
  }

  /// 127.0.0.0/8 or ::1.
  var isLoopback: Bool {
    guard words.0 == 0 && words.1 == 0 else { return false }
    return words.2 == 0xffff_0000 && words.3 & 0xff == 127 || words.2 == 0 && words.3 == 0x0100_0000
  }
}

/// What happened to a socket. Behind a unix socket's: its name.
struct SocketRecord {
  var header: EventHeader
  /// Names the socket while it exists: its cookie, as `ss -e` shows it, or on Linux before 5.12 a number of our own.
  var socket: UInt64
  /// When the connection began, nanoseconds since boot; 0 if that was before the sensors.
  var began: UInt64
  /// Payload.
  var bytesSent: UInt64
  var bytesReceived: UInt64
  var packetsSent: UInt32
  var packetsReceived: UInt32
  var retransmits: UInt32
  /// Smoothed, in microseconds.
  var roundTrip: UInt32
  var endpoints: Endpoints
  /// An `IPPROTO_`.
  var transport: UInt32
  var networkNamespace: UInt32
  var backlog: UInt32
  /// 0 if it succeeded.
  var error: UInt32
  var isPadding: UInt32
}

/// Bits of a socket record's flags.
enum SocketFlags {
  /// The address is from the caller's memory.
  static var isUserAddress: UInt32 { 1 << 16 }
  /// Behind the record is a path, leaf first; else the bytes of a unix socket's address.
  static var isPackedPath: UInt32 { 1 << 17 }
}

/// The kinds of socket records: those of the model's events.
enum SocketRecordKind {
  static var connect: UInt16 { RecordKind.event | 64 }
  static var accept: UInt16 { RecordKind.event | 65 }
  static var listen: UInt16 { RecordKind.event | 66 }
  static var bind: UInt16 { RecordKind.event | 67 }
  static var close: UInt16 { RecordKind.event | 68 }
  static var unixConnect: UInt16 { RecordKind.event | 70 }
}

/// A TCP connection, or a UDP socket, and who uses it.
struct Connection {
  /// When the process was created.
  var start: UInt64
  var began: UInt64
  /// When it ended before anybody accepted it; else 0.
  var ended: UInt64
  var socket: UInt64
  var pid: UInt32
  var thread: UInt32
  var flags: UInt32
  var isPadding: UInt32
}

#if hasFeature(Embedded)
  /// Bits of a connection's flags: the other side began it; somebody accepted it.
  var isPassive: UInt32 { 1 }
  var isAccepted: UInt32 { 2 }
  /// Of a UDP socket, which side sent first: neither, if nothing was seen.
  var isClient: UInt32 { 4 }
  var isServer: UInt32 { 8 }
  /// What its process does is left out.
  var isIgnored: UInt32 { 16 }

  extension Connection {
    @inline(__always)
    init(start: UInt64, pid: UInt32, thread: UInt32, socket: UInt64, began: UInt64 = 0, flags: UInt32) {
      self.init(
        start: start, began: began, ended: 0, socket: socket, pid: pid, thread: thread, flags: flags, isPadding: 0)
    }
  }

  extension EventHeader {
    @inline(__always)
    mutating func set(_ kind: UInt16, by who: Connection, at time: UInt64, _ counts: UnsafeMutablePointer<ClassCounts>)
    {
      set(
        kind, start: who.start, pid: who.pid, thread: who.thread, at: time, sequence: counts.pointee.sequence)
    }
  }
#endif

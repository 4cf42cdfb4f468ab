// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

/// What happened to a socket.
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
  /// This side; an IPv4 address in its mapped form.
  var source: IPv6Address
  var destination: IPv6Address
  var sourcePort: UInt16
  var destinationPort: UInt16
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
}

/// The kinds of socket records: those of the model's events.
enum SocketRecordKind {
  static var connect: UInt16 { RecordKind.event | 64 }
  static var accept: UInt16 { RecordKind.event | 65 }
  static var listen: UInt16 { RecordKind.event | 66 }
  static var bind: UInt16 { RecordKind.event | 67 }
  static var close: UInt16 { RecordKind.event | 68 }
}

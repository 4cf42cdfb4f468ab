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

/// A DNS message, as it came over the network, for user space to take apart. Of TCP: a segment.
struct DNSRecord {
  var header: EventHeader
  /// As in `SocketRecord`; 0 if nobody asked for it.
  var socket: UInt64
  var source: IPv6Address
  var destination: IPv6Address
  var sourcePort: UInt16
  var destinationPort: UInt16
  var transport: UInt32
  var networkNamespace: UInt32
  /// Of TCP: the number of the first byte.
  var sequence: UInt32
  /// Bytes of the message or segment, of which `payload` has the first.
  var length: UInt32
  var isPadding: UInt32
  var payload: InlineArray<1472, UInt8>
}

enum DNSRecordKind {
  static var query: UInt16 { RecordKind.event | 80 }
  static var answer: UInt16 { RecordKind.event | 81 }
}

/// UDP of one process with one peer. The port of the side that asks first changes from socket to socket, and is 0.
struct FlowKey {
  /// When the process was created.
  var start: UInt64
  var source: IPv6Address
  var destination: IPv6Address
  var pid: UInt32
  var networkNamespace: UInt32
  var sourcePort: UInt16
  var destinationPort: UInt16
  var isPadding: UInt32
}

/// What went back and forth, from the first packet on.
struct Flow {
  /// Nanoseconds since boot.
  var first: UInt64
  var last: UInt64
  /// Payload.
  var bytesSent: UInt64
  var bytesReceived: UInt64
  var packetsSent: UInt64
  var packetsReceived: UInt64
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

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

/// A DNS message, as it came over the network, for user space to take apart. Of TCP: a segment.
struct DNSRecord {
  var header: EventHeader
  /// As in `SocketRecord`.
  var socket: UInt64
  var endpoints: Endpoints
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
struct FlowKey: Hashable {
  /// When the process was created.
  var start: UInt64
  var endpoints: Endpoints
  var pid: UInt32
  var networkNamespace: UInt32
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

extension Flow {
  init(startingAt time: UInt64) {
    self.init(first: time, last: time, bytesSent: 0, bytesReceived: 0, packetsSent: 0, packetsReceived: 0)
  }
}

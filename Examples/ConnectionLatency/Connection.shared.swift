// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

/// A TCP connection that was established: what the program in the kernel sends and the tool shows.
struct Connection {
  var nanoseconds: UInt64
  var pid: UInt32
  /// 2 is IPv4, 10 is IPv6.
  var family: UInt16
  var sourcePort: UInt16
  var destinationPort: UInt16
  var command: FixedString<16>
  /// An IPv4 address is in the first four bytes.
  var source: InlineArray<16, UInt8>
  var destination: InlineArray<16, UInt8>
}

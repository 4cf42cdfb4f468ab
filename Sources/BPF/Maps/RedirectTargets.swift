// SPDX-License-Identifier: Apache-2.0

/// A value of a device map: where `bpf_redirect_map` sends a packet (`struct bpf_devmap_val`).
///
/// - Requires: Linux 5.8 for maps with 8 byte values; before, the value is the interface index alone
@frozen public struct DeviceTarget: Hashable, Sendable, BitwiseCopyable {
  /// The device.
  public var interfaceIndex: UInt32
  /// Written: the descriptor of an XDP program that sees the packet on its way out, -1 or 0 for none. Read: its id.
  public var program: Int32

  public init(interfaceIndex: UInt32, program: Int32 = -1) {
    self.interfaceIndex = interfaceIndex
    self.program = program
  }
}

/// A value of a CPU map: where `bpf_redirect_map` queues a packet (`struct bpf_cpumap_val`).
///
/// - Requires: Linux 5.9 for maps with 8 byte values; before, the value is the queue size alone
@frozen public struct CPUTarget: Hashable, Sendable, BitwiseCopyable {
  /// Packets that the CPU's queue holds.
  public var queueSize: UInt32
  /// Written: the descriptor of an XDP program that runs on that CPU, -1 or 0 for none. Read: its id.
  public var program: Int32

  public init(queueSize: UInt32, program: Int32 = -1) {
    self.queueSize = queueSize
    self.program = program
  }
}

// SPDX-License-Identifier: Apache-2.0

/// The input of a run: the program's context, and the packet behind it.
public struct Input: Sendable {
  enum Kind: Sendable {
    case xdp
    case socketBuffer
    case bytes
  }
  var kind: Kind
  var packet: [UInt8] = []
  var metadata: [UInt8] = []
  /// The context as it is laid out in C.
  var context: [UInt8] = []
  var argumentCount = 0

  /// A packet for an XDP program, from its Ethernet header on.
  ///
  /// - Parameters:
  ///   - packet: the packet's bytes.
  ///   - metadata: what an earlier program put in front of the packet: at most 252 bytes, a multiple of four.
  ///   - ingress: the index of the interface that it came in by.
  ///   - queue: the receive queue.
  public static func xdp(
    _ packet: [UInt8], metadata: [UInt8] = [], ingress: UInt32 = 1, queue: UInt32 = 0
  ) -> Input {
    var input = Input(kind: .xdp, packet: packet, metadata: metadata)
    input.context = [UInt8](repeating: 0, count: 12) + bytes(ingress) + bytes(queue) + bytes(UInt32(0))
    return input
  }

  /// A packet for a program that takes a `struct __sk_buff`, from its Ethernet header on.
  ///
  /// Programs for TC see all of it; socket filters and cgroup programs see it from the network header on, as in the kernel.
  public static func socketBuffer(_ packet: [UInt8], _ fields: SocketBufferFields = SocketBufferFields()) -> Input {
    Input(kind: .socketBuffer, packet: packet, context: fields.bytes(packet))
  }

  /// Arguments of 8 bytes each: raw tracepoints, `tp_btf`, `fentry`, LSM hooks. Pointers are addresses of memory that was
  /// placed with ``Interpreter/place(_:named:in:)-([UInt8],_,_)``.
  public static func arguments(_ arguments: [UInt64]) -> Input {
    // Room for the twelve arguments that any program may look at.
    let padded = arguments + [UInt64](repeating: 0, count: max(0, 12 - arguments.count))
    return Input(kind: .bytes, context: padded.flatMap { bytes($0) }, argumentCount: arguments.count)
  }

  /// Registers of the interrupted program: kprobes and uprobes.
  public static func registers(_ registers: ProcessorRegisters) -> Input {
    Input(kind: .bytes, context: registers.bytes)
  }

  /// Any other context, as its C struct is laid out: a tracepoint's record, `struct bpf_sock_addr`, anything of a
  /// syscall program.
  public static func bytes(_ context: [UInt8]) -> Input { Input(kind: .bytes, context: context) }

  /// Any other context, as a value laid out as its C struct.
  public static func value(_ context: some BitwiseCopyable) -> Input {
    Input(kind: .bytes, context: withUnsafeBytes(of: context) { Array($0) })
  }

  static func bytes(_ value: some FixedWidthInteger & BitwiseCopyable) -> [UInt8] {
    withUnsafeBytes(of: value) { Array($0) }
  }
}

/// Fields of a `struct __sk_buff` that a run sets.
public struct SocketBufferFields: Sendable, Hashable {
  public var mark: UInt32 = 0
  public var priority: UInt32 = 0
  public var ingressInterface: UInt32 = 1
  public var interface: UInt32 = 1
  /// `cb`: five words that programs may use.
  public var controlBlock: (UInt32, UInt32, UInt32, UInt32, UInt32) {
    get { (block[0], block[1], block[2], block[3], block[4]) }
    set { block = [newValue.0, newValue.1, newValue.2, newValue.3, newValue.4] }
  }
  private var block = [UInt32](repeating: 0, count: 5)
  /// `sk`: the address of a `struct bpf_sock`.
  public var socket: UInt64 = 0
  /// `flow_keys`: the address of a `struct bpf_flow_keys`.
  public var flowKeys: UInt64 = 0
  /// Nanoseconds.
  public var timestamp: UInt64 = 0

  public init(mark: UInt32 = 0, priority: UInt32 = 0) {
    self.mark = mark
    self.priority = priority
  }

  /// `struct __sk_buff`
  func bytes(_ packet: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: ContextLayout.socketBuffer.size)
    func put(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
      bytes.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: type(of: value)) }
    }
    put(UInt32(clamping: packet.count), at: 0)
    put(mark, at: 8)
    if packet.count >= 14 { put(UInt32(packet[12]) | UInt32(packet[13]) << 8, at: 16) }
    put(priority, at: 32)
    put(ingressInterface, at: 36)
    put(interface, at: 40)
    for (index, word) in block.enumerated() { put(word, at: 48 + 4 * index) }
    put(flowKeys, at: 144)
    put(timestamp, at: 152)
    put(UInt32(clamping: packet.count), at: 164)
    put(socket, at: 168)
    return bytes
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BPFKernel

/// The fields of contexts lie where the kernel's header says, seen on memory of the test's.
///
/// The offsets are those of Linux 6.1's `linux/bpf.h`, as `offsetof` tells them.
@Suite struct ContextTests {
  /// Memory of which each word tells its place.
  private final class Memory {
    let start = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 8)
    init() {
      for offset in 0..<256 {
        start.storeBytes(of: UInt8(truncatingIfNeeded: offset &* 7 &+ 1), toByteOffset: offset, as: UInt8.self)
      }
    }
    deinit { start.deallocate() }
    func context<Context: ProgramContext>(_ type: Context.Type = Context.self) -> Context {
      Context(raw: OpaquePointer(start))
    }
    func word(_ offset: Int) -> UInt32 { start.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    func long(_ offset: Int) -> UInt64 { start.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
  }

  @Test func xdp() {
    let memory = Memory()
    let context: XDPContext = memory.context()
    #expect(context.length == memory.word(4) &- memory.word(0))
    #expect(context.interfaceIndex == memory.word(12))
    #expect(context.receiveQueue == memory.word(16))
    #expect(context.egressInterfaceIndex == memory.word(20))
  }

  @Test func socketBuffers() {
    let memory = Memory()
    let context: SocketBuffer = memory.context()
    #expect(context.length == memory.word(0))
    #expect(context.interfaceIndex == memory.word(40))
    #expect(context.scratch(4) == memory.word(64))
    #expect(context.hash == memory.word(68))
    #expect(context.timestamp == memory.long(152))
    #expect(context.wireLength == memory.word(160))
    #expect(context.segmentSize == memory.word(176))
    context.mark = 77
    context.setScratch(1, 78)
    #expect(memory.word(8) == 77)
    #expect(memory.word(52) == 78)
  }

  @Test func socketAddresses() {
    let memory = Memory()
    let context: SocketAddress = memory.context()
    #expect(context.ipv4.networkOrder == memory.word(4))
    #expect(context.ipv6.words.3 == memory.word(20))
    #expect(context.family == memory.word(28))
    #expect(context.sourceIPv4.networkOrder == memory.word(40))
    context.port = 443
    #expect(memory.word(24) == UInt32(UInt16(443).bigEndian))
    #expect(context.port == 443)
  }

  @Test func socketOperations() {
    let memory = Memory()
    let context: SocketOperations = memory.context()
    #expect(context.operation.rawValue == memory.word(0))
    #expect(context.argument(3) == memory.word(16))
    #expect(context.localPort == UInt16(truncatingIfNeeded: memory.word(68)))
    #expect(context.state == memory.word(88))
    #expect(context.retransmissions == memory.word(136))
    #expect(context.bytesAcknowledged == memory.long(176))
  }

  @Test func others() {
    let memory = Memory()
    #expect(memory.context(BPFSocket.self).state == memory.word(72))
    #expect(memory.context(BPFSocket.self).localPort == UInt16(truncatingIfNeeded: memory.word(44)))
    #expect(memory.context(SocketOption.self).name == Int32(bitPattern: memory.word(28)))
    #expect(memory.context(SocketOption.self).result == Int32(bitPattern: memory.word(36)))
    #expect(memory.context(SocketLookup.self).localPort == UInt16(truncatingIfNeeded: memory.word(60)))
    #expect(memory.context(SocketMessage.self).length == memory.word(68))
    #expect(memory.context(DeviceAccess.self).minor == memory.word(8))
    #expect(memory.context(FunctionArguments.self).word(5) == memory.long(40))
    #expect(memory.context(SystemCallEntry.self).argument(1) == memory.long(24))
  }
}

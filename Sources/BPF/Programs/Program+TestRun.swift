// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

/// The input of a test run.
public struct TestRun: Sendable {
  /// The packet, from the Ethernet header on, at least 14 bytes; empty for programs without a packet.
  public var data: [UInt8]
  /// Room for the packet as the program leaves it, in bytes; nil for the size of ``data`` and 256 more.
  public var outputCapacity: Int?
  /// The program's context as it is laid out for its type: `struct xdp_md`, `struct __sk_buff`, `struct bpf_sk_lookup`,
  /// up to 12 arguments of 8 bytes for raw tracepoints, anything for syscall programs.
  public var context: [UInt8]
  /// How often to run; the result is the last run's.
  public var repetitions: Int = 1
  /// Whether each repetition gets the packet and the context as they are here.
  ///
  /// The kernel repeats a run on the packet that the run before has left: a program that shortens a packet, or swaps its
  /// addresses, then sees something else each time. With a fresh input the library repeats the system call instead. That
  /// costs a system call, an allocation in the kernel and a copy of the packet for each repetition (about a microsecond
  /// each), and ``TestRunResult/nanoseconds`` then includes the kernel's two looks at the clock (some 20 to 50 ns).
  public var usesFreshInput = false
  /// The CPU to run on: for raw tracepoints only.
  /// - Requires: Linux 5.10
  public var cpu: Int?
  /// Sends the packets on, for XDP: what is redirected or passed really is.
  /// - Requires: Linux 5.18
  public var usesLiveFrames = false
  /// Packets per batch with live frames; zero for the kernel's choice of 64.
  public var batchSize: Int = 0
  /// Whether the result has the ``TestRunResult/context``.
  public var returnsContext = false

  public init(data: [UInt8] = [], context: [UInt8] = [], repetitions: Int = 1) {
    self.data = data
    self.context = context
    self.repetitions = repetitions
  }
}

/// The result of a test run.
public struct TestRunResult: Sendable, Hashable {
  /// What the program returned: for XDP and TC, the verdict.
  public var returnValue: UInt32
  /// The packet afterwards.
  public var data: [UInt8]
  /// The context afterwards, where it was asked for.
  public var context: [UInt8]
  /// The average time of one repetition, in nanoseconds.
  public var nanoseconds: Int
}

extension Program {
  /// Runs the program in the kernel on an input of yours, without attaching it.
  ///
  /// - Requires: Linux 4.12 for XDP and TC; 5.5 tracing, 5.10 raw tracepoints, 5.14 syscall, 5.18 live frames
  /// - Throws: `BPFError` of code `.unsupported` for program types that the kernel cannot run this way.
  public func testRun(_ run: TestRun) throws(BPFError) -> TestRunResult {
    var call = ProgramRun()
    call.data = run.data
    call.context = run.context
    call.repetitions = UInt32(clamping: max(run.repetitions, 1))
    call.returnsContext = run.returnsContext
    call.contextIsShared = type.rawValue == Self.syscallType
    if run.usesLiveFrames {
      call.flags |= Self.liveFrames
      call.batchSize = UInt32(clamping: run.batchSize)
    } else if !run.data.isEmpty {
      call.dataCapacity = run.outputCapacity ?? run.data.count + Self.headroom
    }
    if let cpu = run.cpu {
      call.flags |= Self.onCPU
      call.cpu = UInt32(clamping: cpu)
    }
    // The kernel rejects a count for raw tracepoints and syscall programs.
    let runsOnce = Self.runsOnce.contains(type.rawValue)
    if runsOnce || run.usesFreshInput && !run.usesLiveFrames {
      call.calls = max(run.repetitions, 1)
      call.repetitions = runsOnce ? 0 : 1
    }
    do {
      let result = try BPFCall.testRun(program: fd, call)
      return TestRunResult(
        returnValue: result.returnValue, data: result.data, context: result.context,
        nanoseconds: Int(result.duration))
    } catch {
      let context = "running program \(name)"
      guard !isTooLong(error, run) else {
        throw BPFError(
          .invalid, context, errno: error, detail: "the packet of \(run.data.count) bytes is too long",
          hint: "in a test run, the kernel has room for about 3,500 bytes")
      }
      let code = error == .invalidArgument ? BPFError.Code.invalid : .init(error)
      throw BPFError(code, context, errno: error, detail: detail(error, run))
    }
  }

  /// Runs the program on a packet.
  public func testRun(data: [UInt8], repetitions: Int = 1) throws(BPFError) -> TestRunResult {
    try testRun(TestRun(data: data, repetitions: repetitions))
  }

  /// Runs the program on a context of a C struct's layout. A syscall program may change the context.
  public func testRun<Context: BitwiseCopyable>(context: inout Context) throws(BPFError) -> TestRunResult {
    var run = TestRun(context: withUnsafeBytes(of: context) { Array($0) })
    run.returnsContext = type.rawValue == Self.syscallType
    let result = try testRun(run)
    if result.context.count == MemoryLayout<Context>.size {
      context = result.context.withUnsafeBytes { $0.loadUnaligned(as: Context.self) }
    }
    return result
  }

  private func detail(_ error: Errno, _ run: TestRun) -> String? {
    switch error {
    case .invalidArgument where isOfPackets && run.data.count < 14:
      "a packet has at least 14 bytes, not \(run.data.count)"
    case .notSupported, Errno(rawValue: 524): "this kernel cannot run \(type) programs for a test"
    case .noSpace: "the program made the packet larger than the room for it: raise outputCapacity"
    default: nil
    }
  }

  /// Whether the packet does not fit in the page that the kernel has for it, less the room in front of it and behind.
  private func isTooLong(_ error: Errno, _ run: TestRun) -> Bool {
    isOfPackets && run.data.count > 3400
      && [.invalidArgument, .argListTooLong, .messageTooLong, .noMemory].contains(error)
  }

  /// Whether the kernel wants a packet.
  private var isOfPackets: Bool {
    [
      .xdp, .schedCLS, .schedACT, .socketFilter, .cgroupSKB, .lwtIn, .lwtOut, .lwtXmit, .lwtSeg6Local, .flowDissector,
    ].contains(type)
  }

  private static let onCPU: UInt32 = 1
  private static let liveFrames: UInt32 = 2
  /// What a program may put in front of a packet.
  private static let headroom = 256
  private static let syscallType: UInt32 = 31
  /// raw_tracepoint, raw_tracepoint_writable, syscall
  private static let runsOnce: Set<UInt32> = [17, 24, 31]
}

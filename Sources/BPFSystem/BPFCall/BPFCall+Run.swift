// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// What BPF_PROG_TEST_RUN takes.
package struct ProgramRun: Sendable {
  /// The packet; empty for programs that take none.
  package var data: [UInt8] = []
  /// Room for the packet as the program left it; nil when it is not wanted.
  package var dataCapacity: Int?
  /// The context, of the program type's layout; empty for none.
  package var context: [UInt8] = []
  /// Whether the context is wanted back.
  package var returnsContext = false
  /// Whether the kernel writes the context back to where it was given, as it does for syscall programs, whose calls it
  /// refuses otherwise.
  package var contextIsShared = false
  package var repetitions: UInt32 = 0
  /// BPF_F_TEST_RUN_ON_CPU 1, BPF_F_TEST_XDP_LIVE_FRAMES 2.
  package var flags: UInt32 = 0
  package var cpu: UInt32 = 0
  /// With live frames.
  package var batchSize: UInt32 = 0
  /// System calls, each with the input as it was given.
  package var calls = 1

  package init() {}
}

/// What a test run gave.
package struct ProgramRunResult: Sendable {
  package var returnValue: UInt32
  /// Nanoseconds of one repetition, on average.
  package var duration: UInt64
  package var data: [UInt8]
  package var context: [UInt8]
}

extension BPFCall {
  /// BPF_PROG_TEST_RUN: runs a program on given input.
  ///
  /// - Throws: `ENOSPC` when the packet that came out is larger than the room.
  package static func testRun(program: CInt, _ run: ProgramRun) throws(Errno) -> ProgramRunResult {
    var memory = CallMemory()
    defer { memory.free() }
    let data = memory.room(run.dataCapacity ?? 0)
    let given = memory.room(run.context.count)
    let context = memory.room(run.returnsContext && !run.contextIsShared ? run.context.count : 0)
    var attributes = cbpf_prog_test_run()
    attributes.prog_fd = UInt32(bitPattern: program)
    attributes.data_in = memory.place(run.data)
    attributes.data_size_in = UInt32(run.data.count)
    attributes.data_out = data.address
    attributes.ctx_in = given.address
    attributes.ctx_size_in = UInt32(run.context.count)
    attributes.ctx_out = context.address
    attributes.repeat = run.repetitions
    attributes.flags = run.flags
    attributes.cpu = run.cpu
    attributes.batch_size = run.batchSize
    var duration: UInt64 = 0
    for _ in 0..<max(run.calls, 1) {
      given.copyBytes(from: run.context)
      attributes.data_size_out = UInt32(data.count)
      attributes.ctx_size_out = UInt32(context.count)
      try call(CBPF_PROG_TEST_RUN, &attributes)
      duration += UInt64(attributes.duration)
    }
    return ProgramRunResult(
      returnValue: attributes.retval, duration: duration / UInt64(max(run.calls, 1)),
      data: Array(data.prefix(Int(attributes.data_size_out))),
      context: run.contextIsShared ? Array(given) : Array(context.prefix(Int(attributes.ctx_size_out))))
  }

  /// BPF_ENABLE_STATS: run times are counted for as long as the descriptor is open.
  ///
  /// - Requires: Linux 5.8
  package static func enableStatistics() throws(Errno) -> Descriptor {
    var attributes = cbpf_words()
    return try open(CBPF_ENABLE_STATS, &attributes)
  }

  /// BPF_TOKEN_CREATE: a token of a bpffs that was mounted with delegation.
  ///
  /// - Requires: Linux 6.9
  package static func createToken(bpffs: CInt, flags: UInt32 = 0) throws(Errno) -> Descriptor {
    var attributes = cbpf_words(word: (flags, UInt32(bitPattern: bpffs), 0, 0))
    return try open(CBPF_TOKEN_CREATE, &attributes)
  }

  /// BPF_PROG_STREAM_READ_BY_FD: takes what a program printed to its standard output (1) or error (2).
  ///
  /// - Returns: how many bytes were read; zero for none left.
  /// - Requires: Linux 6.17
  package static func readStream(
    program: CInt, stream: UInt32, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    var attributes = cbpf_stream_read(
      buf: UInt64(address: buffer.baseAddress), buf_len: UInt32(buffer.count), stream_id: stream,
      prog_fd: UInt32(bitPattern: program), reserved: 0)
    return Int(try call(CBPF_PROG_STREAM_READ, &attributes))
  }
}

/// What a perf event or raw tracepoint descriptor of some process is attached to.
package struct TaskDescriptorQuery: Sendable, Hashable {
  package var programID: UInt32
  /// enum bpf_task_fd_type: raw tracepoint 0, tracepoint 1, kprobe 2, kretprobe 3, uprobe 4, uretprobe 5.
  package var type: UInt32
  /// Tracepoint, symbol or file name.
  package var name: String
  package var offset: UInt64
  package var address: UInt64
}

extension BPFCall {
  /// BPF_TASK_FD_QUERY. `ENOENT` or `ENOTSUP` for a descriptor of something else.
  package static func queryTaskDescriptor(processID: CInt, fd: CInt) throws(Errno) -> TaskDescriptorQuery {
    var memory = CallMemory()
    defer { memory.free() }
    let name = memory.room(4096)
    var attributes = cbpf_task_fd_query()
    attributes.pid = UInt32(bitPattern: processID)
    attributes.fd = UInt32(bitPattern: fd)
    attributes.buf = name.address
    attributes.buf_len = UInt32(name.count)
    try call(CBPF_TASK_FD_QUERY, &attributes)
    return TaskDescriptorQuery(
      programID: attributes.prog_id, type: attributes.fd_type, name: text(name), offset: attributes.probe_offset,
      address: attributes.probe_addr)
  }
}

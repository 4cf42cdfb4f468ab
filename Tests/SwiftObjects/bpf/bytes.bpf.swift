// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Records and copies whose size is known only when the program runs, and maps inside maps.
import BPFKernel

let license = License.gpl

struct Header {
  var process: UInt32
  var pathBytes: UInt32
  var argumentBytes: UInt32
  var isWhole: UInt32
}

var bytes = ByteBuilder<4096>()
var records = RingBuffer<Header>(bytes: 1 << 18)
var payloads = RingBuffer<UInt32>(bytes: 1 << 16)
var copies = ArrayMap<InlineArray<64, UInt8>>(maxEntries: 2)
var generations = ArrayOfMaps<HashMap<UInt32, UInt32>>(maxEntries: 2, innerMaxEntries: 16)
var named = HashOfMaps<UInt64, ArrayMap<UInt32>>(maxEntries: 4, innerMaxEntries: 4)
var kept = KeptBytes<UInt32, 64>(maxEntries: 2)
var byLength = KeyedBuilder<UInt32, 64>(maxEntries: 64)
var empty = ByteBuilder<64>()
/// The process that user space waits for.
@section(".rodata") var wanted: Int32 = 0
@section(".rodata") var wakeupBytes: UInt32 = 4096

/// The path and the arguments of a program that starts.
@section("tp_btf/sched_process_exec")
func started(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  let task = context.p
  if task.real_parent.tgid != wanted { return 0 }
  bytes.build { bytes in
    bytes.append(Header(process: UInt32(task.tgid), pathBytes: 0, argumentBytes: 0, isWhole: 0))
    let isWhole = bytes.appendPath(of: context.bprm.file)
    let pathEnd = bytes.count
    let memory = task.mm
    let arguments = memory.arg_start
    bytes.appendUser(count: memory.arg_end &- arguments, from: UnsafeRawPointer(bitPattern: UInt(arguments)))
    let end = bytes.count
    bytes.withValue(Header.self) { header in
      header.pathBytes = UInt32(truncatingIfNeeded: pathEnd) &- 16
      header.argumentBytes = UInt32(truncatingIfNeeded: end &- pathEnd)
      header.isWhole = isWhole ? 1 : 0
    }
    records.send(bytes)
  }
  return 0
}

/// The same from addresses that the verifier knows nothing of.
@section("tp_btf/sched_process_exec")
func startedByAddresses(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  let task = context.p
  if task.real_parent.tgid != wanted { return 0 }
  bytes.build { bytes in
    bytes.append(Header.self) { header in
      header.process = UInt32(task.tgid)
      header.isWhole = 0
    }
    let isWhole = bytes.appendPath(of: context.bprm.probed.file, isTrusted: false)
    let pathEnd = bytes.count
    bytes.appendPath(task.fs.pwd)
    let end = bytes.count
    bytes.withValue(Header.self) { header in
      header.pathBytes = UInt32(truncatingIfNeeded: pathEnd) &- 16
      header.argumentBytes = UInt32(truncatingIfNeeded: end &- pathEnd)
      header.isWhole = isWhole ? 1 : 0
    }
    records.send(bytes)
  }
  return 0
}

/// A packet's payload, as long as its second byte says.
@section("tc")
func payload(_ context: SocketBuffer) -> TrafficAction {
  guard let length = context.load(UInt8.self, at: 15) else { return .drop }
  let isSent = bytes.build { bytes in
    bytes.append(UInt32(length))
    guard bytes.append(count: length, of: context, at: 16) else { return false }
    return payloads.send(bytes, wakeup: .every(bytes: 2048))
  }
  copies.withValue(0) { copy in context.load(count: length, at: 16, into: &copy) }
  return isSent ?? false ? .pass : .drop
}

/// Keeps a packet's payload by its length.
@section("tc")
func keepPayload(_ context: SocketBuffer) -> TrafficAction {
  guard let length = context.load(UInt8.self, at: 15) else { return .drop }
  let isKept = bytes.build { bytes in
    bytes.append(UInt32(length))
    guard bytes.append(count: length, of: context, at: 16) else { return false }
    return kept.keep(bytes, for: UInt32(length))
  }
  return isKept ?? false ? .pass : .drop
}

/// Sends what is kept for a length, with a larger first number.
@section("tc")
func sendKept(_ context: SocketBuffer) -> TrafficAction {
  guard let length = context.load(UInt8.self, at: 15) else { return .drop }
  let isSent = kept.take(UInt32(length)) { bytes in
    bytes.withValue(UInt32.self) { $0 &+= 1000 }
    return payloads.send(bytes)
  }
  return isSent ?? false ? .pass : .drop
}

/// Builds in the place of the length: the payload from 8 on, in front of it 8 zeroes.
@section("tc")
func buildPayload(_ context: SocketBuffer) -> TrafficAction {
  guard let length = context.load(UInt8.self, at: 15) else { return .drop }
  let isBuilt = byLength.build(for: UInt32(length), from: &empty) { bytes in
    bytes.clear(64, at: 0)
    bytes.resize(to: 8)
    return bytes.append(count: length, of: context, at: 16)
  }
  return isBuilt ?? false ? .pass : .drop
}

/// The same by direct access, byte by byte.
@section("xdp")
func copied(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  packet.skip(15)
  guard let length = packet.read(UInt8.self) else { return .drop }
  guard let copy = copies.pointer(to: 1) else { return .aborted }
  return packet.read(count: length, into: &copy.pointee) ? .pass : .drop
}

/// Values of maps in maps: of an array by index, of a hash by key.
@section("xdp")
func inner(_ context: XDPContext) -> XDPAction {
  let key = context.length
  let first = generations.withMap(1) { $0[key] ?? 0 } ?? 0
  let isCounted = generations.withMap(1) { $0.add(1, to: key) } ?? false
  let second = named.withMap(7) { $0[2] ?? 0 } ?? 0
  guard isCounted else { return .aborted }
  return first == 5 && second == 9 ? .pass : .drop
}

/// The name of each process that `wanted` started, through the iterator's file.
@section("iter/task")
func listed(_ item: IteratorItem) -> IteratorVerdict {
  guard let raw = item.item else { return .next }
  let task = task_struct(raw: raw)
  if task.real_parent.tgid != wanted || task.pid != task.tgid { return .next }
  bytes.build { bytes in
    bytes.append(UInt32(task.tgid))
    bytes.appendKernelText(from: task.comm.address)
    item.write(bytes)
  }
  return .next
}

/// Loaded only when it is asked for.
@section("?raw_tp/sys_enter")
func onDemand(_ context: RawTracepoint) -> Int32 { 0 }

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl

var ports = DevMap(maxEntries: 8)
var others = DevMapHash(maxEntries: 8)
var processors = CPUMap(maxEntries: 8)
var receivers = XSKMap(maxEntries: 8)
var sockets = SockMap(maxEntries: 8)
var named = SockHash<UInt64>(maxEntries: 8)
var stacks = StackTraceMap(maxEntries: 64)
var samples = PerfEventArray<UInt64>()
var loads = HashMap<UInt32, Load>(maxEntries: 2)
var loadsHere = PerCPUHashMap<UInt32, Load>(maxEntries: 2)
var histogram = ArrayMap<UInt64>(maxEntries: 4)
var histogramHere = PerCPUArray<UInt64>(maxEntries: 4)
var value: UInt64 = 0

struct Load {
  var packets: UInt64 = 1
  var bytes: UInt32 = 0
}

@section("xdp")
func redirected(_ context: XDPContext) -> XDPAction {
  switch context.receiveQueue {
  case 0: ports.redirect(to: 1, otherwise: .pass)
  case 1: others.redirect(to: 1)
  case 2: processors.redirect(to: 1)
  default: receivers.redirect(to: context.receiveQueue, otherwise: .drop)
  }
}

/// Counts a packet in maps of every kind; the verdict says what did not work.
@section("xdp")
func counted(_ context: XDPContext) -> XDPAction {
  let key = context.length
  for _ in 0..<2 {
    let isThere = loads.withValue(key, default: Load()) { load in
      load.packets += 1
      load.bytes += context.length
    }
    let isHere = loadsHere.withValue(key, default: Load()) { load in
      load.packets += 1
      load.bytes += context.length
    }
    guard isThere && isHere else { return .drop }
  }
  guard histogram.add(3, to: log2(UInt64(key)) & 3), histogramHere.add(3, to: log2(UInt64(key)) & 3) else {
    return .aborted
  }
  return histogram.add(1, to: 4) || histogramHere.add(1, to: 4) ? .aborted : .pass
}

@section("xdp")
func logarithm(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  guard let number: UInt64 = packet.read() else { return .aborted }
  value = UInt64(log2(number))
  return .pass
}

@section("sk_lookup")
func steered(_ context: SocketLookup) -> SocketVerdict {
  sockets.withSocket(at: 0) { context.choose($0) }
  named.withSocket(UInt64(context.localPort)) { context.choose($0) }
  return .pass
}

@section("sk_msg")
func sent(_ context: SocketMessage) -> SocketVerdict {
  context.length > 10 ? sockets.redirect(context, to: 1) : named.redirect(context, to: 7, ingress: true)
}

@section("sk_skb/stream_verdict")
func received(_ context: SocketBuffer) -> SocketVerdict {
  context.length > 10 ? sockets.redirect(context, to: 1) : named.redirect(context, to: 7, ingress: true)
}

@section("sockops")
func established(_ context: SocketOperations) -> Int32 {
  if context.operation == .activeEstablished {
    sockets.add(context, at: 2)
    named.add(context, at: UInt64(context.localPort))
  }
  return 1
}

@section("sk_reuseport")
func chosen(_ context: ReusePortSelection) -> SocketVerdict {
  sockets.select(context.hash & 1, for: context).succeeded ? .pass : .drop
}

@section("perf_event")
func sampled(_ context: PerfEvent) -> Int32 {
  if let stack = stacks.id(of: context, user: true) { value = UInt64(stack) }
  return samples.output(value, context: context) ? 0 : 1
}

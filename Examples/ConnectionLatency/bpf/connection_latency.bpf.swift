// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// How long a TCP connection takes to be established: from SYN_SENT to ESTABLISHED.
import BPFKernel

let license = License.dualBSDGPL

struct Start {
  var time: UInt64
  var pid: UInt32
  var command: FixedString<16>
}

/// By the kernel's address of the socket: who connects, and since when.
var starts = LRUHashMap<UInt64, Start>(maxEntries: 16384)
var connections = RingBuffer<Connection>(bytes: 1 << 18)
var lost: UInt64 = 0

let synSent: Int32 = 2
let established: Int32 = 1

@section("tp_btf/inet_sock_set_state")
func onStateChange(_ change: BTFTracepoint.inet_sock_set_state) -> Int32 {
  let socket = UInt64(UInt(bitPattern: change.sk.pointer))
  if change.newstate == synSent {
    // connect(2) runs in the process that asks; the answer comes in whatever runs when the packet arrives.
    starts[socket] = Start(
      time: Clock.monotonic, pid: CurrentThread.processID, command: CurrentThread.command)
    return 0
  }
  guard change.oldstate == synSent, let start = starts.pointer(to: socket)?.pointee else { return 0 }
  starts.delete(socket)
  guard change.newstate == established else { return 0 }
  let isSent = connections.send { connection in
    connection.nanoseconds = Clock.monotonic - start.time
    connection.pid = start.pid
    connection.command = start.command
    let common = change.sk.__sk_common
    connection.family = common.skc_family
    connection.sourcePort = common.skc_num
    connection.destinationPort = common.skc_dport.byteSwapped
    if common.skc_family == 2 {
      connection.source = ipv4(common.skc_rcv_saddr)
      connection.destination = ipv4(common.skc_daddr)
    } else {
      _ = common.skc_v6_rcv_saddr.in6_u.u6_addr8.read(into: &connection.source)
      _ = common.skc_v6_daddr.in6_u.u6_addr8.read(into: &connection.destination)
    }
  }
  if !isSent { atomicAdd(1, to: &lost) }
  return 0
}

func ipv4(_ address: UInt32) -> InlineArray<16, UInt8> {
  var bytes = InlineArray<16, UInt8>(repeating: 0)
  withUnsafeMutablePointer(to: &bytes) { UnsafeMutableRawPointer($0).storeBytes(of: address, as: UInt32.self) }
  return bytes
}

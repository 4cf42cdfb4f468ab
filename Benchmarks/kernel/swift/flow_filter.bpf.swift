// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Counts the flows of a socket's packets, and keeps the first bytes of each packet.
import BPFKernel

let license = License.gpl

struct Flow {
  var source: IPv4Address
  var destination: IPv4Address
  var ports: Ports
  var transport: IPProtocol
}

struct Ports {
  var source: BigEndian<UInt16> = 0
  var destination: BigEndian<UInt16> = 0
}

struct Load {
  var packets: UInt64 = 0
  var bytes: UInt64 = 0
}

var flows = LRUHashMap<Flow, Load>(maxEntries: 16384)

@section("socket")
func filterFlow(_ context: SocketBuffer) -> UInt32 {
  guard context.etherType == .ipv4, let header: IPv4Header = context.load(at: 14), header.length >= 20 else {
    return 0
  }
  var flow = Flow(
    source: header.source, destination: header.destination, ports: Ports(), transport: header.protocol)
  if header.protocol == .tcp || header.protocol == .udp {
    guard let ports: Ports = context.load(at: UInt32(14 + header.length)) else { return 0 }
    flow.ports = ports
  }
  flows.withValue(flow, default: Load()) { load in
    atomicAdd(1, to: &load.packets)
    atomicAdd(UInt64(context.length), to: &load.bytes)
  }
  return 96
}

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Who may connect where: refuses connections to listed addresses and ports, and turns others elsewhere.
import BPFKernel

let license = License.dualBSDGPL

struct Destination {
  var address: IPv4Address
  var port: BigEndian<UInt16>
  var transport: UInt16
}

struct Policy {
  /// 0.0.0.0: refuse.
  var address: IPv4Address
  var port: BigEndian<UInt16>
  var hits: UInt64
}

var policies = HashMap<Destination, Policy>(maxEntries: 4096)
var allowed: UInt64 = 0
var denied: UInt64 = 0

@section("cgroup/connect4")
func connectPolicy(_ context: SocketAddress) -> CgroupVerdict {
  let destination = Destination(
    address: context.ipv4, port: BigEndian(context.port), transport: UInt16(context.protocol.rawValue))
  guard let policy = policies.pointer(to: destination) else {
    atomicAdd(1, to: &allowed)
    return .allow
  }
  atomicAdd(1, to: &policy.pointee.hits)
  if policy.pointee.address == IPv4Address(0, 0, 0, 0) {
    atomicAdd(1, to: &denied)
    return .deny
  }
  context.ipv4 = policy.pointee.address
  context.port = policy.pointee.port.value
  return .allow
}

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var seen: UInt64 = 0

@section("cgroup/connect4")
func connecting4(_ context: SocketAddress) -> CgroupVerdict {
  if context.port == 80 {
    context.port = 8080
    context.ipv4 = IPv4Address(127, 0, 0, 1)
  }
  if let socket = context.socket, socket.family == 2 { seen &+= context.socketCookie }
  return context.protocol == .tcp ? .allow : .deny
}

@section("cgroup/connect6")
func connecting6(_ context: SocketAddress) -> CgroupVerdict {
  if context.ipv6 == IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1) {
    context.ipv6 = IPv6Address(0, 0, 0, 0, 0, 0, 0, 1)
  }
  return .allow
}

@section("cgroup/getsockopt")
func reading(_ context: SocketOption) -> CgroupVerdict {
  if context.level == 1 && context.name == 7 {
    let value = context.value
    value.modify(UInt32.self, at: value.mark) { $0 = 7 }
    context.result = 0
    context.length = 4
  }
  return .allow
}

@section("cgroup/sysctl")
func control(_ context: SystemControl) -> CgroupVerdict {
  var name = FixedString<64>()
  if context.readName(into: &name).error == .tooBig { return .deny }
  return context.isWrite && name.hasPrefix("net/ipv4/") ? .deny : .allow
}

@section("cgroup/dev")
func device(_ context: DeviceAccess) -> CgroupVerdict {
  context.isBlockDevice && context.writes && context.major == 8 ? .deny : .allow
}

@section("cgroup/sock_create")
func created(_ context: BPFSocket) -> CgroupVerdict {
  context.mark = 5
  return context.family == 2 && context.type == 3 ? .deny : .allow
}

@section("cgroup/post_bind4")
func bound(_ context: BPFSocket) -> CgroupVerdict {
  context.localPort == 22 && context.localIPv4 == IPv4Address(0, 0, 0, 0) ? .deny : .allow
}

@section("sockops")
func follow(_ context: SocketOperations) -> Int32 {
  switch context.operation {
  case .activeEstablished, .passiveEstablished: context.request([.state, .roundTrip])
  case .state: seen &+= UInt64(context.argument(1)) &+ UInt64(context.remotePort)
  default: break
  }
  if let tcp = context.socket?.tcp { seen &+= tcp.bytesReceived }
  return 1
}

@section("sk_msg")
func sending(_ context: SocketMessage) -> SocketVerdict {
  var data = context.data
  guard let first = data.read(UInt32.self) else {
    context.pull(from: 0, to: 4)
    return .pass
  }
  return first == 7 && context.length > 5 ? .drop : .pass
}

@section("sk_skb/stream_verdict")
func received(_ context: SocketBuffer) -> SocketVerdict { context.length > 100 ? .drop : .pass }

@section("sk_lookup")
func lookup(_ context: SocketLookup) -> SocketVerdict {
  if context.localPort == 80 && context.localIPv4 == IPv4Address(127, 0, 0, 1) { context.choose(nil) }
  return .pass
}

@section("sk_reuseport")
func select(_ context: ReusePortSelection) -> SocketVerdict {
  var data = context.data
  guard let datagram = data.udp() else { return .drop }
  return datagram.destinationPort == 7 ? .drop : .pass
}

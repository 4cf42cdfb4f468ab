// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Types that both sides of the kernel boundary have: in records, keys, values and variables.
import BPFKernel

let license = License.gpl

struct Seen {
  var address: IPv4Address
  var address6: IPv6Address
  var mac: MACAddress
  var port: BigEndian<UInt16>
  var flow: BigEndian<UInt32>
  var name: FixedString<16>
}

var seen = RingBuffer<Seen>(bytes: 4096)
var neighbors = HashMap<IPv4Address, MACAddress>(maxEntries: 8)
var gateway = IPv4Address(networkOrder: 0)

struct Service {
  var address: IPv4Address
  var port: BigEndian<UInt16>
  var isOpen: Bool
}

var service = Tunable(Service(address: IPv4Address(192, 0, 2, 80), port: 443, isOpen: true))
var router = Tunable(IPv6Address(0xfe80, 0, 0, 0, 0, 0, 0, 1))
var port = Tunable<BigEndian<UInt16>>(8080)
/// What the program sees of the tunables.
var services = HashMap<BigEndian<UInt16>, Service>(maxEntries: 8)
var routers = HashMap<IPv6Address, BigEndian<UInt32>>(maxEntries: 8)

@section("xdp") func tunables(_ context: XDPContext) -> XDPAction {
  services[port.value] = service.value
  routers[router.value] = 7
  return service.value.isOpen ? .pass : .drop
}

@section("xdp") func look(_ context: XDPContext) -> XDPAction {
  guard let mac = neighbors[gateway] else { return .drop }
  seen.reserve { record in
    record.address = gateway
    record.address6 = IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)
    record.mac = mac
    record.port = 443
    record.flow = 7
    record.name = FixedString()
    record.name.withMutableBytes { $0[0] = 0x62 }
    return true
  }
  return .pass
}

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Sends TCP and UDP traffic for a service's address to the backend behind it: destination and checksums are rewritten.
import BPFKernel

let license = License.gpl

struct Service {
  var address: IPv4Address
  var port: BigEndian<UInt16>
  var transport: UInt16
}

struct Backend {
  var address: IPv4Address
  var port: BigEndian<UInt16>
  var mark: UInt16
}

var services = HashMap<Service, Backend>(maxEntries: 4096)

@section("tc")
func rewrite(_ context: SocketBuffer) -> TrafficAction {
  var packet = context.packet
  guard let ethernet = packet.read(EthernetHeader.self), ethernet.type == .ipv4 else { return .pass }
  guard let header = packet.ipv4() else { return .drop }
  guard !header.isLaterFragment else { return .pass }
  let checksum: (offset: UInt32, isOptional: Bool)
  switch header.protocol {
  case .tcp: checksum = (16, false)
  case .udp: checksum = (6, true)
  default: return .pass
  }
  // TCP's ports are where UDP's are.
  guard let ports = packet.udp() else { return .drop }

  let service = Service(
    address: header.destination, port: ports.destinationPort, transport: UInt16(header.protocol.rawValue))
  guard let backend = services[service] else { return .pass }

  let transport = UInt32(14 + header.length)
  context.updateTransportChecksum(
    at: transport + checksum.offset, from: service.address, to: backend.address, allowingZero: checksum.isOptional)
  context.updateTransportChecksum(
    at: transport + checksum.offset, from: service.port, to: backend.port, allowingZero: checksum.isOptional)
  context.store(backend.port, at: transport + 2)
  context.updateNetworkChecksum(at: 24, from: service.address, to: backend.address)
  context.store(backend.address, at: 30)
  context.mark = UInt32(backend.mark)
  return .pass
}

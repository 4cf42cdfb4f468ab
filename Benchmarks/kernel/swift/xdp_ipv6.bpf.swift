// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Drops IPv6 traffic from networks in a trie to the port that the network's rule names, behind extension headers.
import BPFKernel

let license = License.dualBSDGPL

struct Rule {
  /// 0: every port.
  var port: BigEndian<UInt16>
  /// 0: every protocol.
  var transport: IPProtocol
  var action: UInt8
}

var rules = LPMTrie<LPMKey<IPv6Address>, Rule>(maxEntries: 4096)

@section("xdp")
func filterIPv6(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  guard let ethernet = packet.read(EthernetHeader.self) else { return .drop }
  guard ethernet.type == .ipv6 else { return .pass }
  guard let header = packet.ipv6() else { return .drop }
  guard let rule = rules[LPMKey(header.source)] else { return .pass }
  let action = XDPAction(rawValue: UInt32(rule.action))
  if rule.transport.rawValue == 0 { return action }

  guard let payload = packet.skipExtensions(header.next) else { return .drop }
  guard !payload.isLaterFragment, payload.protocol == rule.transport else { return .pass }
  if rule.port == 0 { return action }
  // TCP's ports are where UDP's are.
  guard let ports = packet.udp() else { return .drop }
  return ports.destinationPort == rule.port ? action : .pass
}

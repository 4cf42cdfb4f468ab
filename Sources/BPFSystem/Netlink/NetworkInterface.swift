// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// A network device.
package struct NetworkInterface: Sendable, Hashable {
  package var index: UInt32
  package var name: String
  /// `veth`, `bridge`; empty for hardware and loopback.
  package var kind: String
  /// IFF_*: 1 is up.
  package var flags: UInt32
  package var mtu: UInt32
  package var xdp: XDPState

  /// The XDP programs on a device, by id; zero for none. Only one way is in use unless `mode` says several.
  package struct XDPState: Sendable, Hashable {
    /// XDP_ATTACHED_*: none 0, driver 1, generic 2, hardware 3, several 4.
    package var mode: UInt8 = 0
    package var driverProgramID: UInt32 = 0
    package var genericProgramID: UInt32 = 0
    package var hardwareProgramID: UInt32 = 0

    package var programIDs: [UInt32] { [driverProgramID, genericProgramID, hardwareProgramID].filter { $0 != 0 } }
  }

  /// Devices in the network namespace of this thread.
  package static func all() throws(NetlinkError) -> [NetworkInterface] {
    var socket = try NetlinkSocket()
    var message = NetlinkMessage(type: 18, flags: .dump)  // RTM_GETLINK
    appendHeader(&message, index: 0)
    return try socket.request(message).compactMap { NetworkInterface($0.payload) }
  }

  /// One device by its index.
  package static func find(index: UInt32) throws(NetlinkError) -> NetworkInterface {
    var socket = try NetlinkSocket()
    var message = NetlinkMessage(type: 18, flags: .acknowledge)
    appendHeader(&message, index: index)
    guard let found = try socket.request(message).lazy.compactMap({ NetworkInterface($0.payload) }).first else {
      throw NetlinkError(errno: .noSuchAddressOrDevice)
    }
    return found
  }

  /// The index of a device's name; nil when there is none.
  package static func index(ofName name: String) -> UInt32? {
    let index = if_nametoindex(name)
    return index == 0 ? nil : index
  }

  /// The name of a device's index; nil when there is none.
  package static func name(ofIndex index: UInt32) -> String? {
    withUnsafeTemporaryAllocation(byteCount: Int(IF_NAMESIZE), alignment: 1) { buffer in
      guard let base = buffer.baseAddress else { return nil }
      guard if_indextoname(index, base.assumingMemoryBound(to: CChar.self)) != nil else { return nil }
      return text(buffer)
    }
  }

  /// struct ifinfomsg.
  static func appendHeader(_ message: inout NetlinkMessage, index: UInt32) {
    message.append(UInt32(0))  // family, padding, type
    message.append(index)
    message.append(UInt64(0))  // flags, change
  }

  init?(_ payload: ArraySlice<UInt8>) {
    guard let index = NetlinkReader.integer(payload, at: 4, as: UInt32.self),
      let flags = NetlinkReader.integer(payload, at: 8, as: UInt32.self)
    else { return nil }
    let attributes = NetlinkReader.attributes(payload, after: 16)
    self.index = index
    self.flags = flags
    name = attributes[3].map { text($0) } ?? ""
    mtu = attributes[4].flatMap { NetlinkReader.integer($0, at: 0) } ?? 0
    kind = attributes[18].flatMap { NetlinkReader.attributes($0)[1] }.map { text($0) } ?? ""
    xdp = XDPState(attributes[43].map { NetlinkReader.attributes($0) } ?? [:])
  }
}

extension NetworkInterface.XDPState {
  init(_ attributes: [UInt16: ArraySlice<UInt8>]) {
    func id(_ type: UInt16) -> UInt32 { attributes[type].flatMap { NetlinkReader.integer($0, at: 0) } ?? 0 }
    mode = attributes[2]?.first ?? 0
    driverProgramID = id(5)
    genericProgramID = id(6)
    hardwareProgramID = id(7)
  }
}

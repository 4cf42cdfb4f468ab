// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Traffic control: the `clsact` discipline and the bpf filters on it.
package enum TrafficControl {
  /// Which way packets pass the device.
  package enum Direction: Sendable, Hashable, CaseIterable {
    case ingress, egress

    var parent: UInt32 {
      switch self {
      case .ingress: 0xffff_fff2
      case .egress: 0xffff_fff3
      }
    }
  }

  /// A filter on a clsact discipline.
  package struct Filter: Sendable, Hashable {
    package var interface: UInt32
    package var direction: Direction
    /// Lower runs first, 1 to 65535; zero lets the kernel choose.
    package var priority: UInt16
    /// Tells apart filters of one priority; zero lets the kernel choose.
    package var handle: UInt32
    /// What tc(8) shows.
    package var name: String
    /// The program that runs; zero until the kernel was asked.
    package var programID: UInt32
    /// Whether the program's result is the verdict.
    package var isDirectAction: Bool

    package init(
      interface: UInt32, direction: Direction, priority: UInt16 = 0, handle: UInt32 = 0, name: String = "",
      isDirectAction: Bool = true
    ) {
      self.interface = interface
      self.direction = direction
      self.priority = priority
      self.handle = handle
      self.name = name
      self.programID = 0
      self.isDirectAction = isDirectAction
    }
  }

  private static let clsact: UInt32 = 0xffff_fff1
  private static let everyProtocol: UInt16 = UInt16(3).bigEndian  // ETH_P_ALL

  /// struct tcmsg.
  private static func message(
    _ type: UInt16, _ flags: NetlinkMessage.Flags, interface: UInt32, handle: UInt32, parent: UInt32, info: UInt32 = 0
  ) -> NetlinkMessage {
    var message = NetlinkMessage(type: type, flags: flags)
    message.append(UInt32(0))
    message.append(interface)
    message.append(handle)
    message.append(parent)
    message.append(info)
    return message
  }

  /// Puts a clsact discipline on a device.
  ///
  /// - Returns: false when one was there.
  @discardableResult
  package static func createClsact(interface: UInt32) throws(NetlinkError) -> Bool {
    var socket = try NetlinkSocket()
    var message = message(
      36, [.acknowledge, .create, .exclusive], interface: interface, handle: 0xffff_0000, parent: clsact)
    message.attribute(1, "clsact")
    do {
      try socket.request(message)
      return true
    } catch {
      guard error.errno == .fileExists else { throw error }
      return false
    }
  }

  /// Removes the clsact discipline, with every filter on it.
  package static func deleteClsact(interface: UInt32) throws(NetlinkError) {
    var socket = try NetlinkSocket()
    try socket.request(
      message(37, .acknowledge, interface: interface, handle: 0xffff_0000, parent: clsact))
  }

  /// Adds a filter, or replaces the program of the one with its priority and handle.
  ///
  /// - Returns: the filter with the priority, handle and program id that the kernel gave it.
  /// - Throws: `EEXIST` when it is there and is not to be replaced; `ENOENT` or `EINVAL` without a clsact discipline.
  package static func add(_ filter: Filter, program: CInt, replacing: Bool = false) throws(NetlinkError) -> Filter {
    var socket = try NetlinkSocket()
    // The echo carries the filter as the kernel sees it.
    var message = message(
      44, [.acknowledge, .echo, .create, replacing ? .replace : .exclusive], interface: filter.interface,
      handle: filter.handle, parent: filter.direction.parent,
      info: UInt32(filter.priority) << 16 | UInt32(everyProtocol))
    message.attribute(1, "bpf")
    message.attribute(2, nested: true) { options in
      options.attribute(6, program)
      options.attribute(7, filter.name.isEmpty ? "merops" : filter.name)
      if filter.isDirectAction { options.attribute(8, UInt32(1)) }
    }
    let answers = try socket.request(message)
    return answers.lazy.compactMap { Filter($0.payload, filter.direction) }.first ?? filter
  }

  /// Removes the filter with the priority and handle.
  package static func delete(_ filter: Filter) throws(NetlinkError) {
    var socket = try NetlinkSocket()
    var message = message(
      45, .acknowledge, interface: filter.interface, handle: filter.handle, parent: filter.direction.parent,
      info: UInt32(filter.priority) << 16 | UInt32(everyProtocol))
    message.attribute(1, "bpf")
    try socket.request(message)
  }

  /// The bpf filters of a device, in the order in which they run. Empty where it has no clsact discipline.
  package static func filters(interface: UInt32, _ direction: Direction) throws(NetlinkError) -> [Filter] {
    var socket = try NetlinkSocket()
    do {
      return try socket.request(
        message(46, .dump, interface: interface, handle: 0, parent: direction.parent)
      ).compactMap { Filter($0.payload, direction) }
    } catch {
      // What the kernel answers when there is no discipline differs: EINVAL, ENOENT.
      guard error.errno == .invalidArgument || error.errno == .noSuchFileOrDirectory else { throw error }
      return []
    }
  }
}

extension TrafficControl.Filter {
  /// nil for other kinds of filter, and for the heads of chains, which have no program.
  init?(_ payload: ArraySlice<UInt8>, _ direction: TrafficControl.Direction) {
    guard let interface = NetlinkReader.integer(payload, at: 4, as: UInt32.self),
      let handle = NetlinkReader.integer(payload, at: 8, as: UInt32.self),
      let info = NetlinkReader.integer(payload, at: 16, as: UInt32.self)
    else { return nil }
    let attributes = NetlinkReader.attributes(payload, after: 20)
    guard let kind = attributes[1], text(kind) == "bpf", let nested = attributes[2] else { return nil }
    let options = NetlinkReader.attributes(nested)
    guard let programID = options[11].flatMap({ NetlinkReader.integer($0, at: 0, as: UInt32.self) }) else { return nil }
    let flags = options[8].flatMap { NetlinkReader.integer($0, at: 0, as: UInt32.self) } ?? 0
    self.init(
      interface: interface, direction: direction, priority: UInt16(truncatingIfNeeded: info >> 16), handle: handle,
      name: options[7].map { text($0) } ?? "", isDirectAction: flags & 1 != 0)
    self.programID = programID
  }
}

// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  /// tcx (6.6), which has an order; or a filter on a clsact qdisc, made if absent, in direct action mode.
  func attachTrafficControl(
    _ interface: Interface, direction: TrafficDirection, order: AttachOrder
  ) throws(BPFError) -> Link {
    let place = "tc \(direction) of \(interface)"
    try requireType(.schedCLS, .schedACT, for: place)
    let index = try interface.resolved()
    do {
      let link = try BPFCall.createLink(
        LinkCreate(
          program: fd, target: index,
          attachType: (direction == .ingress ? AttachType.tcxIngress : .tcxEgress).rawValue, flags: order.flags,
          detail: .ordered(relative: order.neighbour, expectedRevision: 0)))
      return Link(KernelLink(link, "tcx \(direction) of \(interface)"), place: "tcx \(direction) of \(interface)")
    } catch {
      guard error == .invalidArgument, KernelVersion.current < KernelVersion(6, 6) else {
        throw attachError(place, error, requires: "6.6")
      }
    }
    guard order == .last else {
      throw BPFError(.unsupported, "attaching \(name) to \(place) in order", requires: "6.6")
    }
    return try attachClsact(index, direction: direction, place)
  }

  /// The way of kernels without tcx.
  func attachClsact(_ index: UInt32, direction: TrafficDirection, _ place: String) throws(BPFError) -> Link {
    Link(try ClsactFilter(self, index: index, direction: direction, place), place: place)
  }

  func attachNetkit(_ interface: Interface, order: AttachOrder) throws(BPFError) -> Link {
    let place = "netkit \(interface)"
    try requireType(.schedCLS, for: place)
    return try createLink(
      at: place, target: try interface.resolved(), attachType: attachType ?? .netkitPrimary, flags: order.flags,
      detail: .ordered(relative: order.neighbour, expectedRevision: 0), requires: "6.7")
  }
}

/// A bpf filter on a clsact qdisc, for kernels without tcx: it stays until someone removes it.
private final class ClsactFilter: Attachment {
  private let filter: TrafficControl.Filter
  private let place: String

  init(_ program: Program, index: UInt32, direction: TrafficDirection, _ place: String) throws(BPFError) {
    self.place = place
    do {
      try TrafficControl.createClsact(interface: index)
      filter = try TrafficControl.add(
        TrafficControl.Filter(
          interface: index, direction: direction == .ingress ? .ingress : .egress, handle: 1, name: program.name),
        program: program.fd)
    } catch {
      throw program.attachError(place, error.errno, requires: "4.5", hint: error.message)
    }
  }

  var linkFD: CInt? { nil }

  deinit { try? detach() }

  /// The qdisc stays: others may have filters on it.
  func detach() throws(BPFError) {
    do { try TrafficControl.delete(filter) } catch {
      guard error.errno != .noSuchFileOrDirectory else { return }
      throw BPFError("detaching from \(place)", errno: error.errno, detail: error.message)
    }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    do { _ = try TrafficControl.add(filter, program: program.fd, replacing: true) } catch {
      throw BPFError("replacing the program at \(place)", errno: error.errno, detail: error.message)
    }
  }
}

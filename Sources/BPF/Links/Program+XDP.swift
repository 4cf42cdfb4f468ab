// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  /// By a link (5.9), or by netlink where the kernel has none.
  func attachXDP(_ interface: Interface, mode: XDPMode) throws(BPFError) -> Link {
    let place = "xdp on \(interface)"
    try requireType(.xdp, for: place)
    let index = try interface.resolved()
    do {
      let link = try BPFCall.createLink(
        LinkCreate(program: fd, target: index, attachType: AttachType.xdp.rawValue, flags: mode.rawValue))
      return Link(KernelLink(link, place), place: place)
    } catch {
      guard error == .invalidArgument, KernelVersion.current < KernelVersion(5, 9) else {
        throw attachError(
          place, error, requires: "5.9",
          hint: error == .notSupported
            ? "the driver has no native XDP, or not with this mtu or these offloads; try mode generic" : nil)
      }
    }
    return try attachXDPByNetlink(index, mode: mode, place)
  }

  /// The way of kernels whose XDP has no links.
  func attachXDPByNetlink(_ index: UInt32, mode: XDPMode, _ place: String) throws(BPFError) -> Link {
    Link(try NetlinkXDP(self, index: index, mode: mode, place), place: place)
  }
}

/// XDP attached by netlink, for kernels before 5.9: it stays until someone removes it.
private final class NetlinkXDP: Attachment {
  private let index: UInt32
  private let mode: XDPMode
  private let place: String
  private let program: Program

  init(_ program: Program, index: UInt32, mode: XDPMode, _ place: String) throws(BPFError) {
    self.index = index
    self.mode = mode
    self.place = place
    self.program = program
    do { try XDPAttachment.set(interface: index, program: program.fd, flags: flags.union(.onlyIfNone)) } catch {
      throw program.attachError(place, error.errno, requires: "4.8", hint: error.message)
    }
  }

  private var flags: XDPAttachment.Flags { XDPAttachment.Flags(rawValue: mode.rawValue) }

  var linkFD: CInt? { nil }

  deinit { try? detach() }

  func detach() throws(BPFError) {
    do { try XDPAttachment.set(interface: index, program: nil, flags: flags) } catch {
      throw BPFError("detaching from \(place)", errno: error.errno)
    }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    do {
      try XDPAttachment.set(interface: index, program: program.fd, flags: flags, expecting: old?.fd)
    } catch {
      throw BPFError("replacing the program at \(place)", errno: error.errno)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

/// What keeps a program attached. When it is let go of, the program is detached.
protocol Attachment: AnyObject, Sendable {
  /// The kernel's link, where the attachment is one.
  var linkFD: CInt? { get }

  /// Detaches now. Called at most once.
  func detach() throws(BPFError)

  /// Puts another program in its place without a moment between.
  func replace(with program: Program, expecting old: Program?) throws(BPFError)

  /// The same for the operations of a struct_ops map.
  func replace(with map: AnyMap, expecting old: AnyMap?) throws(BPFError)
}

extension Attachment {
  func replace(with map: AnyMap, expecting old: AnyMap?) throws(BPFError) {
    throw BPFError(
      .unsupported, "replacing what is attached by map \(map.name)", detail: "it is no struct_ops link",
      requires: "6.4",
      hint: "register a map of a .struct_ops.link section")
  }
}

/// An attachment that is a link of the kernel's (bpf_link): its descriptor, or a pin, holds it.
final class KernelLink: Attachment {
  fileprivate let descriptor: Descriptor
  fileprivate let place: String

  init(_ descriptor: consuming Descriptor, _ place: String) {
    self.descriptor = descriptor
    self.place = place
  }

  var linkFD: CInt? { descriptor.rawValue }

  func detach() throws(BPFError) {
    do {
      try BPFCall.detachLink(descriptor.rawValue)
    } catch {
      // Tracing and perf links cannot be told to detach (EOPNOTSUPP), and 5.8 and older have no such command
      // (EINVAL): their last descriptor's close does it, which follows.
      guard error == .notSupported || error == .invalidArgument else {
        throw BPFError("detaching from \(place)", errno: error)
      }
    }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    do {
      try BPFCall.updateLink(descriptor.rawValue, to: program.fd, expecting: old?.fd)
    } catch {
      let cannot = error == .invalidArgument || error == .notSupported
      throw BPFError(
        cannot ? .unsupported : .init(error), "replacing the program at \(place)", errno: error,
        hint: cannot
          ? "the kernel updates xdp, tcx, netkit, cgroup, netns, sockmap and struct_ops links; "
            + "for others attach the new program, then detach the old one"
          : error == .notPermitted ? "another program than the expected one is attached" : nil)
    }
  }
}

extension KernelLink {
  func replace(with map: AnyMap, expecting old: AnyMap?) throws(BPFError) {
    do {
      try BPFCall.updateLink(descriptor.rawValue, to: map.fd, expecting: old?.fd)
    } catch {
      throw BPFError(
        "replacing \(place) by map \(map.name)", errno: error,
        requires: KernelVersion.current < KernelVersion(6, 4) ? "6.4" : nil,
        hint: error == .invalidArgument
          ? "both must be of a .struct_ops.link section, and what they implement may demand more, as the same name"
          : error == .notPermitted ? "another map than the expected one is registered" : nil)
    }
  }
}

/// Several attachments that come and go together: a probe that has many places.
final class AttachmentGroup: Attachment {
  private let members: [any Attachment]

  init(_ members: [any Attachment]) { self.members = members }

  /// The kernel's link where one member has one, as with a probe and the map entries that go with it.
  var linkFD: CInt? {
    let links = members.compactMap(\.linkFD)
    return links.count == 1 ? links[0] : nil
  }

  func detach() throws(BPFError) {
    var first: BPFError?
    for member in members {
      do { try member.detach() } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    for member in members { try member.replace(with: program, expecting: old) }
  }
}

extension Attachment {
  /// The answer of a hook whose program the kernel cannot exchange.
  func cannotReplace(_ place: String, requires kernel: String) -> BPFError {
    BPFError(
      .unsupported, "replacing the program at \(place)", detail: "it is not attached by a link", requires: kernel,
      hint: "attach the new program, then detach the old one")
  }
}

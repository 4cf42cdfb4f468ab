// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFSystem
import BPFValues
import SystemPackage

/// What keeps a program attached. The program is detached when nobody refers to it any more.
protocol Attachment: AnyObject, Sendable {
  /// The kernel's link, where the attachment is one.
  var linkFD: CInt? { get }

  /// The first kernel that would attach it by a link, where this one has no link for it.
  var linkKernel: String? { get }

  /// Detaches now. Called at most once.
  func detach() throws(BPFError)

  /// Puts another program in its place without a moment between.
  func replace(with program: Program, expecting old: Program?) throws(BPFError)

  /// The same for the operations of a struct_ops map.
  func replace(with map: AnyMap, expecting old: AnyMap?) throws(BPFError)
}

extension Attachment {
  var linkKernel: String? { nil }

  func replace(with map: AnyMap, expecting old: AnyMap?) throws(BPFError) {
    throw BPFError(
      .unsupported, "replacing what is attached by map \(map.name)", detail: "it is not a struct_ops link",
      hint: "register a map of a .struct_ops.link section")
  }

  /// The answer of a hook whose program the kernel cannot exchange.
  func cannotReplace(_ place: String) -> BPFError {
    BPFError(
      .unsupported, "replacing the program at \(place)", detail: "this kernel does not hold it by a link",
      hint: "attach the new program, then detach the old one")
  }
}

/// An attachment that is a link of the kernel's (bpf_link): its descriptor, or a pin, holds it.
final class KernelLink: Attachment {
  private let descriptor: Descriptor
  private let place: String

  init(_ descriptor: consuming Descriptor, _ place: String) {
    self.descriptor = descriptor
    self.place = place
  }

  var linkFD: CInt? { descriptor.rawValue }

  func detach() throws(BPFError) {
    do {
      try BPFCall.detachLink(descriptor.rawValue)
    } catch {
      // The kernel does not detach tracing and perf links by a command (EOPNOTSUPP): their last descriptor's close does
      // it, which follows.
      guard error == .notSupported else { throw BPFError("detaching from \(place)", errno: error) }
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
          ? "the kernel updates xdp, tcx, netkit, cgroup, netns, sockmap and struct_ops links, by a program of the same "
            + "type; for others attach the new program, then detach the old one"
          : error == .notPermitted && old != nil ? "another program than the expected one is attached" : nil)
    }
  }

  func replace(with map: AnyMap, expecting old: AnyMap?) throws(BPFError) {
    do {
      try BPFCall.updateLink(descriptor.rawValue, to: map.fd, expecting: old?.fd)
    } catch {
      throw BPFError(
        "replacing \(place) by map \(map.name)", errno: error,
        requires: KernelVersion.current < KernelVersion(6, 4) ? "6.4" : nil,
        hint: error == .invalidArgument
          ? "both must be of a .struct_ops.link section; what they implement may ask for more, such as the same name"
          : error == .notPermitted && old != nil ? "another map than the expected one is registered" : nil)
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

extension AnyMap {
  /// Registers a loaded struct_ops map with the kernel. Keep the link: the operations are taken out when it goes out of
  /// scope.
  ///
  /// - Requires: Linux 6.4, and a map from a `.struct_ops.link` section
  public func attachStructOps() throws(BPFError) -> Link {
    let place = "struct_ops \(name)"
    do {
      let link = try BPFCall.createLink(LinkCreate(program: fd, attachType: AttachType.structOps.rawValue))
      return Link(KernelLink(link, place), place: place)
    } catch {
      throw BPFError(
        "registering \(place)", errno: error, requires: KernelVersion.current < KernelVersion(6, 4) ? "6.4" : nil,
        hint: error == .fileExists ? "operations of this name are registered already" : nil)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

/// A program's attachment to a hook. The program is detached when the link goes out of scope.
///
/// A link has one owner. Keep it in a variable or a property for as long as the program shall run; `_ =
/// program.attach()` detaches at once. To leave the program attached after the process has ended, ``pin(at:)`` the link;
/// to keep many, use a ``LinkSet``.
///
///     let link = try program.attach(to: .xdp(interface: "veth0"))
///     try link.update(to: newer)      // no packet passes unfiltered in between
///     try link.detach()               // or just leave the scope
public struct Link: ~Copyable, Sendable {
  private let attachment: any Attachment

  /// Where the program is attached, in words: `xdp on veth0`.
  public let place: String

  init(_ attachment: any Attachment, place: String) {
    self.attachment = attachment
    self.place = place
  }

  /// Detaches now, even if the link is pinned or held elsewhere.
  ///
  /// A tracing, kprobe, uprobe, tracepoint or perf event link that is pinned stays: the kernel detaches those only when
  /// their last reference goes, so ``unpin(_:)`` it.
  public consuming func detach() throws(BPFError) {
    try attachment.detach()
  }

  /// Puts another program of the same type in place of the attached one, with no moment between the two.
  ///
  /// - Parameters:
  ///   - program: the new program.
  ///   - old: what must be attached now, for the exchange to happen.
  /// - Requires: an xdp, tcx, netkit, cgroup, netns or sockmap link
  /// - Throws: ``BPFError/Code/unsupported`` for hooks that cannot be updated in place.
  public borrowing func update(to program: Program, expecting old: Program? = nil) throws(BPFError) {
    try attachment.replace(with: program, expecting: old)
  }

  /// Puts the operations of another struct_ops map in place of the registered ones, with no moment between the two. The
  /// map has to be filled; ``BPFCollection/replaceStructOps(of:with:)`` sees to that.
  ///
  /// - Parameters:
  ///   - map: the struct_ops map whose operations replace them.
  ///   - old: what must be registered now, for the exchange to happen.
  /// - Requires: Linux 6.4, and an implementation that can be exchanged, as congestion control
  /// - Throws: ``BPFError/Code/unsupported`` for links of programs.
  public borrowing func update(to map: AnyMap, expecting old: AnyMap? = nil) throws(BPFError) {
    try attachment.replace(with: map, expecting: old)
  }

  /// Keeps the link in a bpffs: it outlives this value and this process, until the file is removed.
  ///
  /// - Requires: a hook that is attached by a link (``isKernelLink``)
  public borrowing func pin(at path: String) throws(BPFError) {
    let fd = try kernelLink("pinning the link at \(path)")
    do { try BPFCall.pin(fd: fd, at: path) } catch {
      throw Pinning.failure("pinning the link at \(path)", at: path, error)
    }
  }

  /// Removes a link's pin. The program is detached, unless something else holds the link.
  ///
  /// - Throws: ``BPFError/Code/wrongKind`` for the pin of something else, which stays.
  public static func unpin(_ path: String) throws(BPFError) {
    _ = try open(pinned: path)
    try Pinning.remove(path)
  }

  /// Whether the kernel has a link object for it, which can be pinned, listed and described. On older kernels some
  /// hooks are attached without one.
  public var isKernelLink: Bool { attachment.linkFD != nil }

  /// The borrowed descriptor of the kernel's link; nil where there is none.
  public var fd: CInt? { attachment.linkFD }

  /// What the kernel reports of the link.
  public borrowing func info() throws(BPFError) -> LinkInfo {
    let fd = try kernelLink("describing the link")
    do { return LinkInfo(try BPFCall.linkInformation(fd: fd)) } catch {
      throw BPFError("describing the link of \(place)", errno: error)
    }
  }

  private borrowing func kernelLink(_ what: String) throws(BPFError) -> CInt {
    guard let fd = attachment.linkFD else {
      throw BPFError(
        .unsupported, what, detail: "this kernel does not hold \(place) by a link", requires: attachment.linkKernel,
        hint: "keep the process running: the attachment cannot outlive it")
    }
    return fd
  }
}

extension Link {
  /// Opens a link by its id. The program stays attached when this value goes, unless it was the last reference.
  public static func open(id: UInt32) throws(BPFError) -> Link {
    do {
      return Link(KernelLink(try BPFCall.openByID(.link, id), "link \(id)"), place: "link \(id)")
    } catch {
      throw BPFError("opening link \(id)", errno: error, hint: BPFError.hintForIDs(error))
    }
  }

  /// Opens a pinned link. The pin stays.
  ///
  /// - Throws: ``BPFError/Code/wrongKind`` for the pin of a map or program.
  public static func open(pinned path: String) throws(BPFError) -> Link {
    Link(KernelLink(try Pinning.open(path, as: .link), path), place: path)
  }

  /// The ids of all links, ascending.
  public static func ids() throws(BPFError) -> [UInt32] {
    do { return try BPFCall.ids(.link) } catch {
      throw BPFError("listing links", errno: error, hint: BPFError.hintForIDs(error))
    }
  }
}

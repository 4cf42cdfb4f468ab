// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import BPFValues
import SystemPackage

/// A place in the kernel that a program can be attached to.
///
///     let link = try program.attach(to: .xdp(interface: "veth0"))
///
/// The makers (``xdp(interface:mode:)``, ``tracepoint(category:name:cookie:)``, ``cgroup(path:order:)`` and so on) are an
/// open set: the next kernel's hooks are added to it. What a program *may* attach to follows from its type, and what it
/// *says* it attaches to from its section name (``Program/attach()`` uses that). A hook names the rest: the interface, the
/// cgroup, the process.
public struct Hook: Sendable, CustomStringConvertible {
  /// The place in words: `xdp on veth0`.
  public let description: String

  /// The types of program that can be attached; empty for any.
  let programTypes: [ProgramType]

  private let attachment: @Sendable (Program, String) throws(BPFError) -> Link

  /// - Parameters:
  ///   - description: the place in words.
  ///   - programTypes: what can be attached; none for any.
  ///   - attachment: attaches a program; gets the place in words, too.
  init(
    _ description: String, _ programTypes: ProgramType...,
    attachment: @escaping @Sendable (Program, String) throws(BPFError) -> Link
  ) {
    self.description = description
    self.programTypes = programTypes
    self.attachment = attachment
  }

  func attach(_ program: Program) throws(BPFError) -> Link {
    guard programTypes.isEmpty || programTypes.contains(program.type) else {
      let names = programTypes.map(\.description).joined(separator: ", ")
      throw BPFError(
        .invalid, "attaching \(program.name) to \(description)",
        detail: "the program has type \(program.type), and this hook accepts \(names)")
    }
    return try attachment(program, description)
  }
}

extension Program {
  /// Attaches the program to the hook that its section names. Keep the link: when it goes out of scope, the program is
  /// detached.
  ///
  /// - Throws: ``BPFError``; of code `.invalid` when the section does not name a place, as with `SEC("xdp")`.
  public func attach() throws(BPFError) -> Link {
    guard let spec else {
      throw BPFError(
        .invalid, "attaching \(name)", detail: "this process did not load the program from an object",
        hint: "name the hook with attach(to:)")
    }
    guard let hook = try Hook(spec) else {
      throw BPFError(
        .invalid, "attaching \(name)", detail: "section '\(spec.sectionName)' does not name the place",
        hint: "name it with attach(to:), as in .xdp(interface: \"eth0\") or .cgroup(path: \"...\")")
    }
    return try attach(to: hook)
  }

  /// Attaches the program to a hook. Keep the link: when it goes out of scope, the program is detached.
  ///
  /// - Throws: ``BPFError`` with the hook, the kernel's answer and, where the kernel is too old, the first version that can
  ///   do it.
  public func attach(to hook: Hook) throws(BPFError) -> Link { try hook.attach(self) }
}

// What hooks attach by.
extension Program {
  /// Makes a kernel link.
  ///
  /// - Parameters:
  ///   - requires: the first kernel that has this kind of link; nil where all supported ones have it.
  ///   - hint: what to do, by the kernel's answer, where the hook knows its cause.
  func createLink(
    at place: String, target: UInt32 = 0, attachType: AttachType, flags: UInt32 = 0,
    detail: LinkCreate.Detail = .none, requires: String? = nil, hint: (Errno) -> String? = { _ in nil }
  ) throws(BPFError) -> Link {
    Link(
      try kernelLink(
        at: place, target: target, attachType: attachType, flags: flags, detail: detail, requires: requires, hint: hint),
      place: place)
  }

  /// The same, to become a part of a larger attachment.
  func kernelLink(
    at place: String, target: UInt32 = 0, attachType: AttachType, flags: UInt32 = 0,
    detail: LinkCreate.Detail = .none, requires: String? = nil, hint: (Errno) -> String? = { _ in nil }
  ) throws(BPFError) -> KernelLink {
    do {
      let link = try BPFCall.createLink(
        LinkCreate(program: fd, target: target, attachType: attachType.rawValue, flags: flags, detail: detail))
      return KernelLink(link, place)
    } catch {
      throw attachError(place, error, requires: requires, hint: hint(error))
    }
  }

  /// The error of an attachment that the kernel refused: what to do about each usual cause.
  ///
  /// - Parameters:
  ///   - code: what the errno means here; nil for its usual meaning.
  func attachError(
    _ place: String, _ errno: Errno, _ code: BPFError.Code? = nil, requires kernel: String? = nil,
    detail: String? = nil, hint: String? = nil
  ) -> BPFError {
    let isTooOld = kernel.flatMap { KernelVersion($0) }.map { KernelVersion.current < $0 } ?? false
    let usual: String? =
      switch errno {
      case .resourceBusy, .fileExists:
        "another program is attached there; detach it first (find it with `merops link list` or `merops net`)"
      case .argListTooLong where type == .flowDissector:
        "another program is attached there; a network namespace has one flow dissector"
      case .argListTooLong:
        "as many programs as the kernel allows are attached there (64 to a tracepoint or cgroup, 38 to a function)"
      case .noSuchProcess: "the process has ended, or this process may not see it"
      default: nil
      }
    let plain = errno == .argListTooLong ? BPFError.Code.system : .init(errno)
    return BPFError(
      isTooOld ? .unsupported : code ?? plain, "attaching \(name) to \(place)", errno: errno, detail: detail,
      requires: isTooOld ? kernel : nil, hint: isTooOld ? nil : hint ?? usual)
  }

  /// Opens the directory or file that names what to attach to.
  func openTarget(_ path: String, _ place: String) throws(BPFError) -> Descriptor {
    do { return try Descriptor.open(path) } catch {
      throw BPFError("attaching \(name) to \(place)", errno: error, detail: "\(path) cannot be opened")
    }
  }
}

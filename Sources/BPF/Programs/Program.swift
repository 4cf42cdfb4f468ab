// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import BPFSystem
public import BTF
import SystemPackage

/// A program in the kernel: verified, and kept there for as long as this value, a pin or a link holds it.
public final class Program: Sendable {
  /// The whole name: as the object has it or, for a program that was opened from the kernel, as the program's types have it;
  /// the kernel's 15 bytes where there are none.
  public let name: String

  /// What kind of program it is.
  public let type: ProgramType

  /// What it may be attached to, where its type leaves a choice.
  public let attachType: AttachType?

  /// What the object file says about it; nil when it was opened from the kernel.
  public let spec: ProgramSpec?

  /// The verifier's log, where a level was asked for at load.
  public let log: VerifierLog?

  let descriptor: Descriptor

  /// The descriptor's number, for a call that borrows it. Valid no longer than this object lives.
  public var fd: CInt { descriptor.rawValue }

  /// Takes a loaded program over.
  init(
    _ descriptor: consuming Descriptor, name: String, type: ProgramType, attachType: AttachType?,
    spec: ProgramSpec? = nil, log: VerifierLog? = nil
  ) {
    self.descriptor = descriptor
    self.name = name
    self.type = type
    self.attachType = attachType
    self.spec = spec
    self.log = log
  }
}

// Programs that are in the kernel already.
extension Program {
  /// Opens a program by its id.
  ///
  /// - Requires: Linux 4.13; CAP_SYS_ADMIN
  /// - Throws: `BPFError` of code `.notFound` when there is no such program (any more).
  public convenience init(id: UInt32) throws(BPFError) {
    do {
      let descriptor = try BPFCall.openByID(.program, id)
      let info = try BPFCall.programInformation(fd: descriptor.rawValue)
      self.init(opened: descriptor, info)
    } catch {
      throw BPFError("opening program \(id)", errno: error, hint: BPFError.hintForIDs(error))
    }
  }

  /// Opens a pinned program.
  ///
  /// - Throws: `BPFError` of code `.wrongKind` where something else is pinned.
  public convenience init(pinned path: String) throws(BPFError) {
    try self.init(opened: try Pinning.open(path, as: .program), "opening \(path)")
  }

  /// Takes ownership of a program's descriptor, which was inherited or received from another process.
  ///
  /// - Throws: `BPFError` of code `.wrongKind` for a descriptor of anything else, which is closed.
  public convenience init(owning fd: CInt) throws(BPFError) {
    let descriptor = Descriptor(owning: fd)
    let context = "opening program by descriptor \(fd)"
    try Pinning.check(fd, is: .program, context, "the descriptor")
    try self.init(opened: descriptor, context)
  }

  private convenience init(opened descriptor: consuming Descriptor, _ context: String) throws(BPFError) {
    let info: ProgramInformation
    do {
      info = try BPFCall.programInformation(fd: descriptor.rawValue)
    } catch {
      throw BPFError(context, errno: error)
    }
    self.init(opened: descriptor, info)
  }

  private convenience init(opened descriptor: consuming Descriptor, _ info: ProgramInformation) {
    self.init(
      descriptor, name: FullName.program(info, fd: descriptor.rawValue), type: ProgramType(rawValue: info.type),
      attachType: nil)
  }

  /// The ids of all programs in the kernel, ascending.
  ///
  /// - Requires: Linux 4.13; CAP_SYS_ADMIN
  public static func ids() throws(BPFError) -> [UInt32] {
    do {
      return try BPFCall.ids(.program)
    } catch {
      throw BPFError("listing programs", errno: error, hint: BPFError.hintForIDs(error))
    }
  }

  /// Calls `body` with each program in the kernel, by ascending id, and with what the kernel says of it. Functions, lines
  /// and tags are left out: a list is found faster without them. So are programs that go away meanwhile.
  ///
  /// - Requires: Linux 4.13; CAP_SYS_ADMIN
  public static func forEach(_ body: (Program, ProgramInfo) -> Void) throws(BPFError) {
    var id: UInt32 = 0
    do {
      while let descriptor = try BPFCall.openNext(.program, after: &id) {
        let info = try BPFCall.programInformation(fd: descriptor.rawValue, arrays: .mapIDs)
        body(Program(opened: descriptor, info), ProgramInfo(info))
      }
    } catch {
      throw BPFError("listing programs", errno: error, hint: BPFError.hintForIDs(error))
    }
  }

  /// The programs with a name, in the order of their ids.
  ///
  /// The kernel keeps 15 bytes of a name; the program's types have the whole of it. The kernel's 15 bytes find the program
  /// too.
  ///
  /// - Requires: CAP_SYS_ADMIN
  public static func named(_ name: String) throws(BPFError) -> [Program] {
    var found: [Program] = []
    try forEach { program, info in
      if FullName.matches(name, full: program.name, kept: info.name) { found.append(program) }
    }
    return found
  }
}

extension Program {
  /// Gives the program a path in a bpffs, which keeps the program in the kernel until the path is removed.
  ///
  /// - Throws: `BPFError` of code `.exists` when the path is taken.
  public func pin(at path: String) throws(BPFError) {
    do {
      try BPFCall.pin(fd: fd, at: path)
    } catch {
      throw Pinning.failure("pinning program \(name) at \(path)", at: path, error)
    }
  }

  /// Removes a pin; the program stays for as long as something else holds it.
  public static func unpin(_ path: String) throws(BPFError) {
    // Opening it first makes sure that nothing else is removed.
    _ = try Pinning.open(path, as: .program)
    try Pinning.remove(path)
  }
}

extension Program {
  /// The program's own types; nil where it was loaded without.
  ///
  /// - Requires: Linux 4.18
  public func types() throws(BPFError) -> BTFTypes? {
    let id = try information([]).btfID
    guard id != 0 else { return nil }
    do {
      let descriptor = try BPFCall.openByID(.btf, id)
      return try BTFTypes(bytes: try BPFCall.btfBytes(fd: descriptor.rawValue))
    } catch let error as Errno {
      throw BPFError("reading the types of program \(name)", errno: error)
    } catch {
      throw BPFError(.types, "reading the types of program \(name)", underlying: error)
    }
  }

  /// The id of one of its functions in its own types.
  func function(named function: String) throws(BPFError) -> TypeID {
    guard let types = try types() else {
      throw BPFError(.types, "finding \(function) in program \(name)", detail: "the program has no type information")
    }
    guard let id = types.id(named: function, kind: .function) else {
      throw BPFError(.notFound, "finding \(function) in program \(name)", detail: "it has no such function")
    }
    return id
  }
}

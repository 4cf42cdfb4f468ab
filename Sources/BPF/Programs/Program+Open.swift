// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

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
  /// - Requires: Linux 4.4
  public convenience init(pinned path: String) throws(BPFError) {
    do {
      let descriptor = try BPFCall.openPinned(path)
      let info = try BPFCall.programInformation(fd: descriptor.rawValue)
      self.init(opened: descriptor, info)
    } catch {
      // The kernel's information call refuses what is no program.
      let detail = error == .invalidArgument ? "it is pinned, but is no program" : nil
      throw BPFError("opening program \(path)", errno: error, detail: detail, hint: BPFError.hintForPins(error))
    }
  }

  private convenience init(opened descriptor: consuming Descriptor, _ info: ProgramInformation) {
    self.init(descriptor, name: info.name, type: ProgramType(rawValue: info.type), attachType: nil)
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

  /// The programs of that name, in the order of their ids. The kernel keeps the first 15 bytes of a name.
  ///
  /// - Requires: Linux 4.15; CAP_SYS_ADMIN
  public static func named(_ name: String) throws(BPFError) -> [Program] {
    let short = BPFCall.objectName(name)
    var found: [Program] = []
    try forEach { program, _ in
      if program.name == short { found.append(program) }
    }
    return found
  }
}

extension Program {
  /// Gives the program a path in a bpffs, which keeps it in the kernel until it is removed.
  ///
  /// - Requires: Linux 4.4
  /// - Throws: `BPFError` of code `.exists` when the path is taken.
  public func pin(at path: String) throws(BPFError) {
    do {
      try BPFCall.pin(fd: fd, at: path)
    } catch {
      throw BPFError("pinning program \(name) at \(path)", errno: error, hint: Pinning.hint(error))
    }
  }

  /// Removes a pin; the program stays for as long as something else holds it.
  public static func unpin(_ path: String) throws(BPFError) {
    // Opening it first makes sure that no plain file is removed.
    _ = try Program(pinned: path)
    try Pinning.remove(path)
  }
}

// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

/// A program attached by BPF_PROG_ATTACH, for hooks and kernels that have no link: it would stay when the process ends.
final class DirectAttachment: Attachment {
  private let target: Descriptor
  private let attachType: AttachType
  private let flags: UInt32
  private let place: String
  private let program: Program

  init(
    _ program: Program, target: consuming Descriptor, attachType: AttachType, flags: UInt32 = 0, _ place: String,
    requires kernel: String
  ) throws(BPFError) {
    self.attachType = attachType
    self.flags = flags
    self.place = place
    self.program = program
    do {
      try BPFCall.attachProgram(
        ProgramAttach(
          target: UInt32(bitPattern: target.rawValue), program: program.fd, attachType: attachType.rawValue,
          flags: flags))
    } catch {
      throw program.attachError(place, error, requires: kernel)
    }
    self.target = target
  }

  var linkFD: CInt? { nil }

  deinit { try? detach() }

  func detach() throws(BPFError) {
    do {
      try BPFCall.detachProgram(
        ProgramAttach(
          target: UInt32(bitPattern: target.rawValue), program: program.fd, attachType: attachType.rawValue))
    } catch {
      // Gone already, with its map or cgroup or by another hand: that is what was asked for.
      guard error != .noSuchFileOrDirectory else { return }
      throw BPFError("detaching from \(place)", errno: error)
    }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    throw cannotReplace(place, requires: "5.7")
  }
}

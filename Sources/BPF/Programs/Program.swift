// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import BPFSystem

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

// SPDX-License-Identifier: Apache-2.0

/// One program of an object: an entry point and what the name of its section means.
public struct ProgramSpec: Sendable {
  /// The function's name.
  public var name: String
  /// The section's name without a leading `?`, such as `tp_btf/sched_process_exec`.
  public var sectionName: String
  /// ``ProgramType/unspecified`` if the name of the section has no meaning; then you set it before the program is loaded.
  public var type: ProgramType
  /// What the kernel is asked to expect (`expected_attach_type`); nil if the type has no choice.
  public var attachType: AttachType?
  /// What follows the first `/` of the section's name: `syscalls/sys_enter_execve`, `sched_process_exec`,
  /// `/proc/self/exe:main+0x10`; nil if there is none.
  public var attachTarget: String?
  public var flags: ProgramFlags
  /// Whether the program is loaded with its object; false for a section whose name starts with `?`.
  public var autoload: Bool
  /// Whether the program is attached when all of its object are.
  public var autoattach: Bool
  /// The entry of libbpf's section table that the name matched; nil if none did.
  public var sectionKind: SectionKind?

  /// The object's code, and which of its functions this is.
  let image: ObjectImage
  let function: Int

  /// The number of slots of the program's own function, without subprograms.
  public var instructionCount: Int { image.functions[function].count }
}

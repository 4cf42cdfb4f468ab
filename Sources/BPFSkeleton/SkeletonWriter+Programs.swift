// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF

extension SkeletonWriter {
  mutating func programs() -> [SkeletonProperty] {
    source.spec.programs.map { program in
      let kind = Self.kind(program)
      let name = Self.quoted(program.name)
      return SkeletonProperty(
        name: names.claim(program.name, suffix: "Program"),
        type: "BPF.SkeletonProgram<\(kind)>",
        value: ".init(collection, \(name))",
        comment: "Program `\(Self.oneLine(program.name))` of section `\(Self.oneLine(program.sectionName))`."
          + (program.autoload ? "" : " It is not loaded by default."))
    }
  }

  /// The kind, as the runtime names it, for what the program's section says.
  private static func kind(_ program: ProgramSpec) -> String {
    let kind = "BPF.ProgramKinds.\(program.hookKind.rawValue)"
    switch program.hookKind {
    // These attach themselves whatever their section says.
    case .tracing, .iterator: return kind
    default: return program.namesItsPlace ? "BPF.ProgramKinds.Placed<\(kind)>" : kind
    }
  }
}

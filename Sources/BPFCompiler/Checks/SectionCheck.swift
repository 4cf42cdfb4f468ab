// SPDX-License-Identifier: Apache-2.0

import BPFObject

/// Whether a section's name means something to a loader.
enum SectionCheck {
  /// What is wrong with the section of a program; nil if nothing is.
  static func problem(program section: String) -> String? {
    let name = section.hasPrefix("?") ? String(section.dropFirst()) : section
    if SectionKind.matching(name) != nil { return nil }
    if name.hasPrefix(".") || name == "license" || name == "version" {
      return "a function cannot be in section `\(section)`: name the hook that calls it, such as `@section(\"xdp\")`"
    }
    let head = String(name.prefix { $0 != "/" })
    if let kind = SectionKind.matching(head), !kind.takesTarget {
      return
        "unknown section `\(section)`: `\(head)` takes no target: choose the \(head.hasPrefix("xdp") ? "interface" : "place") "
        + "when you attach the program"
    }
    var problem = "unknown section `\(section)`"
    if let near = Spelling.nearest(to: name, among: names) {
      problem += ": did you mean `\(near)`?"
    } else if let near = Spelling.nearest(to: head, among: names) {
      problem += ": did you mean `\(near)\(name.dropFirst(head.count))`?"
    } else {
      problem += ": it names the hook, as in C: `xdp`, `tcx/ingress`, `tp_btf/NAME`, `kprobe/FUNCTION`, `lsm/HOOK`, ..."
    }
    return problem
  }

  /// What is wrong with the section of a variable; nil if nothing is.
  static func problem(variable section: String) -> String? {
    let known = [".rodata", ".data", ".bss", ".struct_ops", ".struct_ops.link"]
    if known.contains(section) || known.prefix(3).contains(where: { section.hasPrefix("\($0).") }) { return nil }
    if let near = Spelling.nearest(to: section, among: known) {
      return "unknown section `\(section)`: did you mean `\(near)`?"
    }
    return "unknown section `\(section)`: a variable needs none, or `.rodata` for what user space sets before the load"
  }

  private static let names = SectionKind.all.map(\.name)
}

// SPDX-License-Identifier: Apache-2.0

import BTF

/// Which field of a kernel structure may have been meant.
///
/// Swift's compiler cannot know it: only the fields that a probe names are declared to it.
enum MemberAdvice {
  /// `file:line:column: note: ...` for each "value of type 'task_struct' has no member 'tgidd'".
  ///
  /// - Parameter kernelTypes: a kernel's BTF, only read if there is such an error.
  static func notes(_ output: String, kernelTypes: String) -> [String] {
    var notes: [String] = []
    var kernel: [BTFTypes]?
    for line in output.split(separator: "\n") {
      guard !line.hasPrefix(" "), let error = line.range(ofText: ": error: value of type '"),
        let middle = line[error.upperBound...].range(ofText: "' has no member '")
      else { continue }
      let view = String(line[error.upperBound..<middle.lowerBound])
      let field = String(line[middle.upperBound...].prefix { $0 != "'" })
      let types = kernel ?? Self.types(KernelTypesFiles(path: kernelTypes))
      kernel = types
      let advice = types.lazy.compactMap { KernelTypeGenerator.advice(forMember: field, of: view, kernel: $0) }.first
      guard let advice else { continue }
      let note = "\(line[..<error.lowerBound]): note: \(advice)"
      if !notes.contains(note) { notes.append(note) }
    }
    return notes
  }

  private static func types(_ files: KernelTypesFiles) -> [BTFTypes] {
    guard let kernel = try? files.kernel() else { return [] }
    return [kernel] + files.modules(of: kernel)
  }
}

// SPDX-License-Identifier: Apache-2.0

public import BTF

extension KernelTypeGenerator {
  /// What to add to the Swift compiler's "value of type 'task_struct' has no member 'tgidd'": the fields that may have
  /// been meant.
  ///
  /// - Parameters:
  ///   - field: the name that is not a member.
  ///   - view: the type as the compiler names it: `task_struct`, `task_struct.Probed`, `file__f_path`.
  ///   - kernel: the kernel's types.
  /// - Returns: "did you mean 'tgid'?"; nil if the type is not the kernel's or nothing is alike.
  public static func advice(forMember field: String, of view: String, kernel: BTFTypes) -> String? {
    let reader = KernelReader(kernel)
    let name = view.hasSuffix(".Probed") ? view.dropLast(7) : view[...]
    guard let type = try? reader.viewed(name), let members = try? reader.members(of: type) else { return nil }
    let suggestion = Similarity.suggestion(for: field, among: members.map(\.name))
    return suggestion.isEmpty ? nil : String(suggestion.dropFirst(2))
  }
}

extension KernelReader {
  /// The type that a view is of, by the view's name.
  fileprivate func viewed(_ name: Substring) throws -> TypeID? {
    if let composite = composite(named: String(name)) { return composite.id }
    for end in name.indices where name[end...].hasPrefix("__") && end > name.startIndex {
      guard let composite = composite(named: String(name[..<end])) else { continue }
      if let id = try part(name[end...], of: composite.id) { return id }
    }
    return nil
  }

  /// What `__a__b` leads to in a struct.
  private func part(_ path: Substring, of id: TypeID) throws -> TypeID? {
    if path.isEmpty { return id }
    guard path.hasPrefix("__") else { return nil }
    let rest = path.dropFirst(2)
    for member in try members(of: id) where rest.hasPrefix(member.name) {
      if let id = try part(rest.dropFirst(member.name.count), of: member.type) { return id }
    }
    return nil
  }
}

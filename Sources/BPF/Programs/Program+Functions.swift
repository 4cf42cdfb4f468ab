// SPDX-License-Identifier: Apache-2.0

import BPFSystem
public import BTF
import SystemPackage

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

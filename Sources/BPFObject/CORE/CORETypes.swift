// SPDX-License-Identifier: Apache-2.0

public import BTF

/// Comparison of an object's types with the kernel's, beyond relocations.
public enum CORETypes {
  /// Whether a type of the object may stand for one of the kernel: kinds must agree, behind pointers and in the
  /// parameters of functions too; names are not compared.
  ///
  /// Source: `bpf_core_types_are_compat` in libbpf's `relo_core.c`.
  public static func areCompatible(
    _ local: BTFTypes, _ localID: TypeID, _ target: BTFTypes, _ targetID: TypeID
  ) throws(COREError.Reason) -> Bool {
    let path = COREPath(TypeView(local), root: localID)
    var matcher = COREMatcher(.typeExists, path, in: TypeView(target))
    return try matcher.typesAreCompatible(localID, targetID, level: COREMatcher.maximumLevel)
  }
}

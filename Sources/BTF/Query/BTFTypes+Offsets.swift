// SPDX-License-Identifier: Apache-2.0

extension BTFTypes {
  /// Where the record of a type (`struct btf_type`) starts in the blob, in bytes; nil for `void`, for ids beyond the
  /// last and for types of the base.
  ///
  /// For those who rewrite single fields of a blob, as a loader does with the sizes of an object's data sections.
  public func recordOffset(of id: TypeID) -> Int? {
    guard ids.contains(id), let record = record(id) else { return nil }
    return record.offset
  }
}

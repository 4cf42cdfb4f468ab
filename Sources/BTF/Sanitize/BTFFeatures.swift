// SPDX-License-Identifier: Apache-2.0

/// What a kernel accepts of the BTF that is loaded with a program or map.
public struct BTFFeatures: OptionSet, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `BTF_KIND_FUNC` and `BTF_KIND_FUNC_PROTO`.
  ///
  /// - Requires: Linux 5.0
  public static let functions = BTFFeatures(rawValue: 1 << 0)
  /// `BTF_KIND_VAR` and `BTF_KIND_DATASEC`.
  ///
  /// - Requires: Linux 5.2
  public static let dataSections = BTFFeatures(rawValue: 1 << 1)
  /// The linkage of a `BTF_KIND_FUNC`, so that the verifier checks global functions on their own.
  ///
  /// - Requires: Linux 5.6
  public static let globalFunctions = BTFFeatures(rawValue: 1 << 2)
  /// `BTF_KIND_FLOAT`.
  ///
  /// - Requires: Linux 5.13
  public static let floats = BTFFeatures(rawValue: 1 << 3)
  /// `BTF_KIND_DECL_TAG`.
  ///
  /// - Requires: Linux 5.16
  public static let declTags = BTFFeatures(rawValue: 1 << 4)
  /// `BTF_KIND_TYPE_TAG`.
  ///
  /// - Requires: Linux 5.17
  public static let typeTags = BTFFeatures(rawValue: 1 << 5)
  /// `BTF_KIND_ENUM64`, and the sign of enumerations.
  ///
  /// - Requires: Linux 6.0
  public static let enumerations64 = BTFFeatures(rawValue: 1 << 6)
  /// Section names that start with a question mark, such as `?.struct_ops`.
  ///
  /// - Requires: Linux 6.9
  public static let optionalSections = BTFFeatures(rawValue: 1 << 7)
  /// The layout section.
  ///
  /// - Requires: Linux 7.1
  public static let layout = BTFFeatures(rawValue: 1 << 8)

  public static let all: BTFFeatures = [
    .functions, .dataSections, .globalFunctions, .floats, .declTags, .typeTags, .enumerations64, .optionalSections,
    .layout,
  ]

  /// What the mainline kernel of a version accepts. A running kernel is better asked: distributions backport.
  public init(kernel major: Int, _ minor: Int) {
    let since: [(BTFFeatures, Int, Int)] = [
      (.functions, 5, 0), (.dataSections, 5, 2), (.globalFunctions, 5, 6), (.floats, 5, 13), (.declTags, 5, 16),
      (.typeTags, 5, 17), (.enumerations64, 6, 0), (.optionalSections, 6, 9), (.layout, 7, 1),
    ]
    self = []
    for (feature, sinceMajor, sinceMinor) in since where (major, minor) >= (sinceMajor, sinceMinor) { insert(feature) }
  }
}

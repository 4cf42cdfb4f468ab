// SPDX-License-Identifier: Apache-2.0

import BPFSystem
public import BTF

extension Features {
  /// Which forms of BTF the kernel takes with programs and maps.
  ///
  /// - Throws: `permission`.
  public static func types() throws(BPFError) -> BTFFeatures {
    var result: BTFFeatures = []
    for (feature, probe) in typeProbes
    where try answer(
      .types(feature),
      { () throws(BPFError) in
        try Probe.checkPrivilege()
        return (try? BPFCall.loadBTF(probe.bytes.span.bytes)) != nil
      })
    {
      result.insert(feature)
    }
    // A header that old kernels would refuse is all there is to it; no probe would tell more than the version.
    let release = KernelVersion.current
    return result.union(BTFFeatures(kernel: release.major, release.minor).intersection(.layout))
  }

  private static let typeProbes: [(BTFFeatures, TypesProbe)] = {
    let int = TypesProbe.integer
    let prototype = int.adding(kind: 13)  // 2: void (*)(void)
    let variable = int.adding(kind: 14, "x", sizeOrType: 1, [0])  // 2: static int x
    return [
      (.functions, prototype.adding(kind: 12, "f", sizeOrType: 2)),
      (.dataSections, variable.adding(kind: 15, ".data", count: 1, sizeOrType: 4, [2, 0, 4])),
      (.globalFunctions, prototype.adding(kind: 12, "f", count: 1, sizeOrType: 2)),
      (.floats, int.adding(kind: 16, "float", sizeOrType: 4)),
      (.declTags, variable.adding(kind: 17, "tag", sizeOrType: 2, [UInt32.max])),
      (.typeTags, int.adding(kind: 18, "tag", sizeOrType: 1).adding(kind: 2, sizeOrType: 2)),
      (.enumerations64, int.adding(kind: 19, "e", sizeOrType: 8)),
      (.optionalSections, variable.adding(kind: 15, "?.data", count: 1, sizeOrType: 4, [2, 0, 4])),
    ]
  }()
}

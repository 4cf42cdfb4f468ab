// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension Trait where Self == ConditionTrait {
  /// What no kernel answers otherwise: guests are thirty times slower and leave it out, unless MEROPS_WHOLE is set.
  static var sameOnEveryKernel: Self {
    let environment = ProcessInfo.processInfo.environment
    return .enabled(
      if: environment["MEROPS_GUEST"] == nil || environment["MEROPS_WHOLE"] != nil, "the same on every kernel")
  }
}

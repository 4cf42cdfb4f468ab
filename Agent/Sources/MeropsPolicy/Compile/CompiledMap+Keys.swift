// SPDX-License-Identifier: Apache-2.0

import MeropsModel

extension CompiledMap {
  /// What the map holds, each key as it lies in the kernel; the values say nothing.
  public var keys: [[UInt8]] {
    switch self {
    case .processes, .verdicts, .counters, .acts, .slots: []
    case .numbers(let numbers): numbers.map { ProcessLayout.bytes($0) }
    case .paths(let paths): Array(paths)
    case .blocks(let blocks): blocks.map { ProcessLayout.bytes(UInt32($0.prefix)) + $0.base.networkOrder }
    }
  }
}

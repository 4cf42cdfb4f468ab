// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a store does not open.
public enum StoreError: Error, Hashable, Sendable {
  /// Another process writes there.
  case inUse(path: String, pid: Int32?)
  case cannotOpen(String, Int32)
  /// A newer Merops wrote the file.
  case newer(String)
  case invalidName(String)
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .inUse(let path, let pid):
      "Another process\(pid.map { " (\($0))" } ?? "") writes events to \(path): stop it, or give this one another folder."
    case .cannotOpen(let path, let code):
      "The store cannot open \(path): \(Self.text(code)). Check the folder's owner, mode and file system."
    case .newer(let path): "A newer Merops wrote \(path): this one leaves it alone."
    case .invalidName(let name):
      "\"\(name)\" is not a name for a cursor: use letters, digits, \"-\", \"_\" and \".\", and begin with a letter or digit."
    }
  }

  private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}

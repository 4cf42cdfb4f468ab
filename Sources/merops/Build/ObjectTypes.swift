// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF
import BTFText

/// The types of an object, as C.
enum ObjectTypes {
  static func text(of bytes: [UInt8]) throws -> String {
    guard let types = try ObjectSpec(bytes: bytes, name: "probe").types else { return "" }
    return try CPrinter(types).header()
  }
}

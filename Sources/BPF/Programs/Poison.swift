// SPDX-License-Identifier: Apache-2.0

import BPFBytecode

/// Calls to helpers that do not exist, written over instructions that could not be relocated.
///
/// Code that is never reached may hold them: the verifier prunes it. If it is reached, the verifier refuses with
/// "invalid func unknown#NUMBER", and the number says which relocation it was. The numbers are libbpf's, so its users
/// recognise them.
enum Poison {
  /// A CO-RE relocation that found no match on this kernel (0xbad2310).
  static let core: Int32 = 195_896_080
  /// A reference to a map that was not created; the map's index is added.
  static let mapBase: Int32 = 2_001_000_000
  /// A call of a kernel function that this kernel does not have; the extern's index is added.
  static let kernelFunctionBase: Int32 = 2_002_000_000

  /// What a poisoned instruction stood for.
  enum Meaning: Equatable {
    case core
    case map(Int)
    case kernelFunction(Int)
  }

  /// Reads the number of a call that the verifier did not know.
  static func meaning(of number: Int32) -> Meaning? {
    switch number {
    case core: .core
    case mapBase..<mapBase + 1_000_000: .map(Int(number - mapBase))
    case kernelFunctionBase..<kernelFunctionBase + 1_000_000: .kernelFunction(Int(number - kernelFunctionBase))
    default: nil
    }
  }
}

extension VerifierLog {
  /// The log with poisoned calls put in words, and helpers named that the kernel has only a number for.
  ///
  /// `describe` gets the instruction's index and the call's meaning, and returns what replaces "invalid func unknown#...".
  func explainingPoison(_ describe: (Int, Poison.Meaning) -> String?) -> VerifierLog {
    var result: [String] = []
    var last: Int?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if case .instruction(let index, _) = Line(line) { last = index }
      if let index = last, let number = line.unknownHelper, let meaning = Poison.meaning(of: number),
        let words = describe(index, meaning)
      {
        result.append(words)
      } else if let helper = line.missingHelper {
        result.append("\(line): this kernel does not have \(helper)")
      } else {
        result.append(String(line))
      }
    }
    return VerifierLog(text: result.joined(separator: "\n"), isTruncated: isTruncated)
  }
}

extension VerifierLog {
  /// Helpers that were called and that the kernel does not know, though later ones do.
  var missingHelpers: [Helper] { lines.compactMap(\.missingHelper) }

  /// Helpers that the kernel knows and does not let programs of this kind call.
  var refusedHelpers: [Helper] { lines.compactMap(\.refusedHelper) }
}

extension Substring {
  /// The number in "invalid func unknown#1234".
  fileprivate var unknownHelper: Int32? {
    let prefix = "invalid func unknown#"
    return hasPrefix(prefix) ? Int32(dropFirst(prefix.count).prefix { $0.isNumber }) : nil
  }

  /// The helper in "unknown func bpf_get_attach_cookie#174"; later kernels have other words.
  fileprivate var refusedHelper: Helper? {
    let starts = ["unknown func ", "program of this type cannot use helper "]
    guard starts.contains(where: { hasPrefix($0) }), let mark = lastIndex(of: "#") else { return nil }
    return UInt32(self[index(after: mark)...].prefix { $0.isNumber }).map { Helper(rawValue: $0) }
  }

  /// The helper of that number, where there is one.
  fileprivate var missingHelper: Helper? {
    guard let number = unknownHelper.flatMap({ UInt32(exactly: $0) }) else { return nil }
    let helper = Helper(rawValue: number)
    return helper.name == nil ? nil : helper
  }
}

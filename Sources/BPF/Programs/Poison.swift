// SPDX-License-Identifier: Apache-2.0

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
  /// The log with poisoned calls put in words.
  ///
  /// `describe` gets the instruction's index and the call's meaning, and gives what replaces "invalid func unknown#...".
  func explainingPoison(_ describe: (Int, Poison.Meaning) -> String?) -> VerifierLog {
    var result: [String] = []
    var last: Int?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if case .instruction(let index, _) = Line(line) { last = index }
      if let index = last, let hash = line.rest(after: "invalid func unknown#"), let number = Int32(hash),
        let meaning = Poison.meaning(of: number), let words = describe(index, meaning)
      {
        result.append(words)
      } else {
        result.append(String(line))
      }
    }
    return VerifierLog(text: result.joined(separator: "\n"), isTruncated: isTruncated)
  }
}

extension Substring {
  /// What follows `prefix`, if the line begins with it.
  fileprivate func rest(after prefix: String) -> Substring? {
    hasPrefix(prefix) ? dropFirst(prefix.count).prefix { $0.isNumber } : nil
  }
}

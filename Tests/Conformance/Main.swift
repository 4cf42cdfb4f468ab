// SPDX-License-Identifier: Apache-2.0
// Runs the test cases of a folder, in the format of the public BPF conformance suite (Alan-Jowett/bpf_conformance),
// over the interpreter:
//
//   swift run bpf-conformance FOLDER
//
// A case is text: sections `-- asm` or `-- raw`, `-- mem` (r1 points to it, r2 is its size), `-- result` or `-- error`.
import BPFBytecode
import BPFInterpreter
import Foundation

@main enum Conformance {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let folder = arguments.first, let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      print("usage: bpf-conformance FOLDER")
      exit(2)
    }
    var passed = 0
    var failures: [String] = []
    for file in files.sorted() where file.hasSuffix(".data") {
      do {
        let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
        if let failure = try check(ConformanceCase(text)) {
          failures.append("\(file): \(failure)")
        } else {
          passed += 1
        }
      } catch {
        failures.append("\(file): \(error)")
      }
    }
    for failure in failures { print("FAIL \(failure)") }
    print("\(passed) of \(passed + failures.count) pass")
    exit(failures.isEmpty ? 0 : 1)
  }

  /// What is wrong; nil if the case passes.
  static func check(_ test: ConformanceCase) throws -> String? {
    do {
      let instructions = try test.instructions()
      let interpreter = try Interpreter(instructions: instructions, validates: test.expectsError)
      // The suite's own helper 5 ends the program where its argument is 0, and otherwise goes on.
      interpreter.setHelper(Helper(rawValue: 5)) { call in call[0] }
      let run = try interpreter.run("main", .bytes(test.memory))
      if test.expectsError { return "ran, and gave 0x\(String(run.r0, radix: 16)), where an error was expected" }
      guard run.r0 == test.result else {
        return "gave 0x\(String(run.r0, radix: 16)), not 0x\(String(test.result, radix: 16))"
      }
      return nil
    } catch {
      return test.expectsError ? nil : "\(error)"
    }
  }
}

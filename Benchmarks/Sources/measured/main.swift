// SPDX-License-Identifier: Apache-2.0
import BPF
import CMeter
import Glibc

// Our side of each comparison, with the arguments that the program of that name in libbpf/ takes.
let arguments = Array(CommandLine.arguments.dropFirst())

func argument(_ index: Int) -> String {
  guard index < arguments.count else { fail("usage: measured types|load|ring|batch|get ARGUMENTS") }
  return arguments[index]
}

func number<Number: FixedWidthInteger>(_ index: Int) -> Number {
  guard let number = Number(argument(index)) else { fail("\(argument(index)) is not a number") }
  return number
}

func fail(_ message: String) -> Never {
  var line = "measured: \(message)\n"
  line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
  exit(1)
}

func require(_ holds: Bool, _ what: String) {
  if !holds { fail(what) }
}

do {
  switch argument(0) {
  case "types": try findType(in: argument(1), named: argument(2), watching: arguments.count > 3)
  case "load": try load(argument(1))
  case "ring": try readRing(of: argument(1), program: argument(2), records: number(3))
  case "batch": try readBatches(mapID: number(1))
  case "get": try get(mapID: number(1), count: number(2))
  default: fail("there is no \(argument(0))")
  }
} catch {
  fail("\(error)")
}

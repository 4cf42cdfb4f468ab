// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFCompiler
import Glibc

/// A program, or a few that belong together, in one language: loaded.
final class Side {
  let collection: BPFCollection
  /// By section, so that both sides have the same order.
  let programs: [Program]

  private init(_ collection: BPFCollection) throws {
    try collection.load()
    self.collection = collection
    programs = collection.programs.sorted { $0.spec?.sectionName ?? "" < $1.spec?.sectionName ?? "" }
  }

  /// An object that clang made of C.
  convenience init(c path: String) throws { try self.init(BPFCollection(path: path)) }

  /// A probe in Swift, compiled now.
  convenience init(swift path: String, _ compiler: ProbeCompiler, root: String) throws {
    try self.init(BPFCollection(bytes: compiler.compile(path, root: root), name: "swift"))
  }

  /// Instructions as the verifier left them: 8-byte slots.
  func instructions() throws -> Int { try programs.reduce(0) { try $0 + $1.info().translatedSize / 8 } }

  /// Instructions that the verifier went through.
  func verified() throws -> Int { try programs.reduce(0) { try $0 + $1.info().verifiedInstructions } }

  func samples() throws -> [Program.Sample] { try programs.map { try $0.sample() } }

  /// Nanoseconds of a run of each program, summed, since earlier samples.
  func nanoseconds(since earlier: [Program.Sample]) throws -> Double {
    try zip(samples(), earlier).reduce(0) { sum, pair in
      guard let time = pair.0.since(pair.1).nanosecondsPerRun else { throw Failure("no run was counted") }
      return sum + time
    }
  }
}

struct Failure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// The processor time of this thread, in nanoseconds: what other processes took is not in it.
func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

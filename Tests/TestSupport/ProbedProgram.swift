// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// A program with the probes `merops:plain` and, behind a semaphore, `merops:guarded`; each is passed twice.
public final class ProbedProgram {
  public let folder: String
  public var path: String { "\(folder)/probed" }

  /// - Parameter isMovable: whether it is loaded at other addresses each time.
  public init(isMovable: Bool = false) throws {
    folder = try Self.newFolder()
    // Each has a file of its own, which is what probes are attached to.
    try Shell.check(["cp", isMovable ? Self.movable.get() : Self.fixed.get(), path])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static func newFolder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.path + "/merops-usdt-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  // Compiled once, and removed when the tests end.
  private static let folders = Mutex<[String]>([])
  private static let fixed = Result { try compiled("-no-pie", "-fno-pie") }
  private static let movable = Result { try compiled("-pie", "-fpie") }

  private static func compiled(_ flags: String...) throws -> String {
    let folder = try newFolder()
    folders.withLock { folders in
      if folders.isEmpty {
        atexit { ProbedProgram.folders.withLock { $0.forEach { try? FileManager.default.removeItem(atPath: $0) } } }
      }
      folders.append(folder)
    }
    try Data(source.utf8).write(to: URL(fileURLWithPath: "\(folder)/probed.c"))
    try Shell.check(["clang", "-O1"] + flags + ["-o", "\(folder)/probed", "\(folder)/probed.c"])
    return "\(folder)/probed"
  }

  /// Runs it: its status says how the semaphore stood.
  public func run() throws { try Shell.check([path]) }

  /// Starts it; it passes the probes when there is a file of that name.
  public func start(waitingFor file: String) throws -> RunningProgram {
    let process = try RunningProgram([path, file], output: "\(folder)/output")
    // It says when it is loaded.
    let output = URL(filePath: "\(folder)/output")
    guard try eventually({ try !Data(contentsOf: output).isEmpty }) else {
      throw Shell.Failed(description: "\(path) does not start")
    }
    return process
  }

  /// `-4@%…` and its like come from the operands; the place of a note is what <sys/sdt.h> would write.
  public static let source = """
    #include <unistd.h>
    #define NOTE(name, semaphore)                                         \\
      ".pushsection .note.stapsdt,\\"\\",\\"note\\"\\n"                         \\
      ".balign 4\\n.4byte 992f-991f, 994f-993f, 3\\n"                      \\
      "991: .asciz \\"stapsdt\\"\\n992: .balign 4\\n"                         \\
      "993: .8byte 990b\\n.8byte _.stapsdt.base\\n.8byte " semaphore "\\n"  \\
      ".asciz \\"merops\\"\\n.asciz \\"" name "\\"\\n"                          \\
      ".asciz \\"4@%[first] -4@%[second] 8@$42\\"\\n"                       \\
      "994: .balign 4\\n.popsection\\n"
    #define BASE                                                          \\
      ".ifndef _.stapsdt.base\\n"                                          \\
      ".pushsection .stapsdt.base,\\"aG\\",\\"progbits\\",.stapsdt.base,comdat\\n" \\
      ".weak _.stapsdt.base\\n.hidden _.stapsdt.base\\n"                    \\
      "_.stapsdt.base: .space 1\\n.size _.stapsdt.base,1\\n.popsection\\n.endif\\n"

    __attribute__((used, section(".probes"))) volatile unsigned short guarded_semaphore;

    __attribute__((noinline)) void probe(unsigned first, int second) {
      __asm__ volatile("990: nop\\n" NOTE("plain", "0") BASE : : [first] "r"(first), [second] "m"(second));
      if (guarded_semaphore)
        __asm__ volatile("990: nop\\n" NOTE("guarded", "guarded_semaphore") BASE
                         : : [first] "r"(first), [second] "m"(second));
    }

    int main(int count, char **words) {
      if (count > 1) write(1, "loaded", 6);
      for (int left = 12000; count > 1 && left && access(words[1], 0); left--) usleep(10000);
      probe(7, 8);
      probe(-7, -8);
      return 0;
    }
    """
}

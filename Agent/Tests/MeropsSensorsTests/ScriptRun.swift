// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import MeropsSensors
import Testing

/// A Python script in a folder of its own, and what was reported meanwhile.
struct ScriptRun {
  let folder: String
  /// The script's process.
  let pid: UInt32
  let events: [Event]
  private let texts: [String: String]

  /// Of the processes that the script started.
  var ofChildren: [Event] { events.filter { $0.process.parent?.key.pid == pid } }

  /// What the script wrote into a file of the folder, which is gone.
  func text(of name: String) throws -> String { try #require(texts[name]) }

  init(_ script: String, _ change: (inout SensorOptions) -> Void = { _ in }) throws {
    let path = NSTemporaryDirectory() + "merops-script-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    folder = URL(filePath: path).resolvingSymlinksInPath().path
    var options = SensorOptions()
    options.classes = [.process]
    change(&options)
    let watch = try Watch(options)
    let process = Foundation.Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [
      "-c",
      """
      import ctypes, os, sys, threading
      libc = ctypes.CDLL(None, use_errno=True)
      def start(act, code=0):
        child = os.fork()
        if child == 0: act(); os._exit(99)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == code
      def copy(name):
        with open('/bin/true', 'rb') as old, open(name, 'wb') as new: new.write(old.read())
        os.chmod(name, 0o755)

      """ + script,
    ]
    process.currentDirectoryURL = URL(filePath: folder)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    pid = UInt32(bitPattern: process.processIdentifier)
    events = try watch.finish()
    texts = Dictionary(
      uniqueKeysWithValues: ["outside", "inside"].compactMap { name in
        (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)).map { (name, $0) }
      })
  }
}

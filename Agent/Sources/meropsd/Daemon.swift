// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Logging
import MeropsAgent

@main
struct Daemon: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meropsd",
    abstract: "Watches what processes, files and the network of this machine do.",
    discussion: """
      Started by systemd, or by `merops run`. SIGTERM ends it when what was seen is kept; SIGHUP reads the file again.

      EXAMPLES
        meropsd                                    with /etc/merops/merops.yaml, where there is one
        meropsd --config my.yaml --check           say what is wrong with a file
        meropsd --show                             every key, its meaning and its value

      EXIT STATUS
        0: told to stop; 1: something failed; 64: the command line is wrong
      """,
    version: Version.text)

  @Option(help: "The file with the settings. Without it \(ConfigurationFile.defaultPath) is read if it is there.")
  var config: String?
  @Flag(help: "Read no file.")
  var defaults = false
  @Option(help: "The unix socket to serve on, instead of the file's.")
  var socket: String?
  @Flag(help: "Keep events in memory only, whatever the file says.")
  var memory = false
  @Flag(help: "Write events to standard output, as JSON lines.")
  var json = false
  @Option(name: .customLong("where"), help: "Which events --json writes: a condition in the expression language.")
  var condition: String?
  @Option(help: "End after so many seconds.")
  var seconds: Double?
  @Flag(help: "Check the file, and end.")
  var check = false
  @Flag(help: "Print every key with its meaning and value, and end.")
  var show = false
  @Option(help: .hidden)
  var lifeline: CInt?

  mutating func run() throws {
    if check || show { return try explainFile() }
    let signals = Signals()
    signal(SIGPIPE, SIG_IGN)
    LoggingSystem.bootstrap { _ in StderrLog() }
    let lifeline = lifeline.map { Lifeline($0) }
    let deadline = seconds.map { Clock.seconds() + $0 }
    let settings = try Settings(origin, socket: socket, inMemory: memory)
    let agent = try settings.agent(output: json ? STDOUT_FILENO : nil, where: condition, closed: { signals.stop() })
    lifeline?.watch { signals.stop() }
    try agent.run(
      ready: { lifeline?.say("READY\n") },
      next: { wait in
        if let deadline, Clock.seconds() >= deadline { return .stop }
        return signals.next(min(wait, deadline.map { max($0 - Clock.seconds(), 0) } ?? wait))
      }, reload: { settings.reload() })
  }

  private func explainFile() throws {
    let configuration = try Settings.read(origin)
    if show {
      print(ConfigurationFile.text(configuration), terminator: "")
    } else {
      print("\(origin.name): no mistakes")
    }
  }

  private var origin: Settings.Origin { defaults ? .none : config.map { .file($0) } ?? .usual }

  static func main() {
    // Swift reads the command line from there, and crashes without it.
    guard access("/proc/self/cmdline", R_OK) == 0 else {
      let text = "Error: meropsd needs /proc, which is not mounted here: mount -t proc proc /proc\n"
      _ = write(STDERR_FILENO, text, text.utf8.count)
      Glibc.exit(1)
    }
    do {
      var command = try parse()
      try command.run()
    } catch {
      let status = exitCode(for: error)
      let text = fullMessage(for: error)
      if !text.isEmpty {
        if status.isSuccess { print(text) } else { _ = write(STDERR_FILENO, text + "\n", text.utf8.count + 1) }
      }
      Glibc.exit(status.rawValue)
    }
  }
}

enum Clock {
  /// Seconds of a clock that nobody sets.
  static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

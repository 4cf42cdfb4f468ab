// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl
import MeropsPolicy

struct PanicOffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "panic-off",
    abstract: "End all enforcement at once: policies and the firewall. By root, without the agent.",
    discussion: """
      What holds policies and the firewall in the kernel is removed, whether an agent runs or not; the kernel then drops the
      programs. It is written to the system's log. An agent that runs says that nothing is enforced; it enforces again when it is
      started again.

      EXAMPLES
        sudo merops panic-off
        sudo merops panic-off && sudo systemctl restart merops     enforce again
      """)

  @Option(help: "What `policies.pins` says in the agent's file.", completion: .directory)
  var policyPins = PolicyPins.usualPath
  @Option(help: "What `firewall.pins` says in the agent's file.", completion: .directory)
  var firewallPins = "/sys/fs/bpf/merops/firewall"

  func run() throws {
    var failed: [String] = []
    var ended: [String] = []
    for (what, path) in [("policies", policyPins), ("firewall", firewallPins)] {
      guard let count = PolicyPins.remove(path) else {
        failed.append("\(path) (\(String(cString: strerror(errno))))")
        continue
      }
      if count > 0 { ended.append(what) }
    }
    let who = "uid \(getuid())" + (getenv("SUDO_USER").map { ", sudo by \(String(cString: $0))" } ?? "")
    if !ended.isEmpty || !failed.isEmpty {
      SystemLog.write(
        "panic-off by \(who): \(ended.isEmpty ? "nothing" : ended.joined(separator: " and ")) ended"
          + (failed.isEmpty ? "" : ", not removed: \(failed.joined(separator: ", "))"))
    }
    guard failed.isEmpty else {
      throw ControlError(status: 0, message: "Not removed: \(failed.joined(separator: ", ")). Use sudo.")
    }
    Output.line(
      ended.isEmpty
        ? "nothing was enforced by \(policyPins) or \(firewallPins)"
        : "\(ended.joined(separator: " and ")): nothing is enforced any more")
  }
}

/// The log of the machine.
enum SystemLog {
  /// Writes a line at the priority `alert`: to syslog or the journal, and to the kernel's log, which needs nobody who listens.
  static func write(_ text: String) {
    openlog("merops", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV)
    withVaList([]) { vsyslog(LOG_ALERT, text.replacing("%", with: "%%"), $0) }
    closelog()
    guard access("/dev/log", F_OK) != 0 else { return }
    let kernel = open("/dev/kmsg", O_WRONLY | O_CLOEXEC)
    guard kernel >= 0 else { return }
    defer { close(kernel) }
    // <1> is KERN_ALERT.
    let line = Array("<1>merops: \(text)\n".utf8)
    _ = line.withUnsafeBytes { Glibc.write(kernel, $0.baseAddress, $0.count) }
  }
}

// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsSensors

// What the sensors leave out, and what of it is hidden.
extension ConfigurationKey {
  static let ofFilters: [ConfigurationKey] = EventClass.allCases.filter(\.isWatched).map(limit) + ofWho

  private static let ofWho: [ConfigurationKey] = [
    paths(
      "ignore.programs", \.ignoredPrograms, "a list of paths",
      "Acts of processes that run these programs are filtered in the kernel, and those of processes that they start, until those run another program."
    ),
    paths(
      "ignore.cgroups", \.ignoredCgroups, "a list of paths, such as /system.slice/backup.service",
      "Acts of processes in these control groups (v2), and in those below, are filtered in the kernel."),
    list(
      "ignore.users", \.ignoredUsers, "a list of names or numbers",
      "Acts of processes with these users' rights are filtered in the kernel."
    ) { item throws(ConfigurationProblem) in
      let text = try item.text()
      guard UserNumber.of(text) != nil else { throw item.problem("is no user of this machine", written: text) }
    },
    list(
      "environment", \.environmentNames, "a list of names, such as LD_PRELOAD",
      "Environment variables that events of processes have. Others never leave the sensors."
    ) { item throws(ConfigurationProblem) in
      let text = try item.text()
      guard !text.isEmpty, !text.contains("=") else { throw item.problem("has to be the name of a variable") }
    },
    list(
      "redact", \.redactions, "a list of patterns, such as '--password={}'",
      "Secrets in arguments and in environment variables, which are replaced by *** before anything keeps or shows the event. {} stands for the secret, * for any text; '--password {}' is the argument behind."
    ) { item throws(ConfigurationProblem) in
      let text = try item.text()
      do { _ = try RedactionPattern(text) } catch { throw item.problem("is wrong: \(error)") }
    },
  ]

  private static func limit(_ eventClass: EventClass) -> Self {
    Self(
      name: "limits.\(eventClass.name)", form: "a number of events a second on each CPU, or none",
      summary: "How many events of class \(eventClass.name) are recorded at most. More are counted as filtered.",
      isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        let text = try value.text()
        guard text != "none" else {
          configuration.limits[eventClass] = nil
          return
        }
        guard let number = UInt64(text), (1...1 << 32).contains(number) else {
          throw value.problem("has to be a number of events a second from 1 on, or none")
        }
        configuration.limits[eventClass] = number
      }, show: { $0.limits[eventClass].map { "\($0)" } ?? "none" })
  }

  static func paths(_ name: String, _ path: Path<[String]>, _ form: String, _ summary: String) -> Self {
    list(name, path, form, summary) { item throws(ConfigurationProblem) in
      guard try item.text().hasPrefix("/") else { throw item.problem("has to be a path from the root on") }
    }
  }

  private static func list(
    _ name: String, _ path: Path<[String]>, _ form: String, _ summary: String,
    check: @escaping @Sendable (ConfigurationValue) throws(ConfigurationProblem) -> Void
  ) -> Self {
    Self(
      name: name, form: form, summary: summary, isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        var texts: [String] = []
        for item in try value.items() {
          try check(item)
          texts.append(try item.text())
        }
        configuration[keyPath: path] = texts
      }, show: { "[" + $0[keyPath: path].map(ConfigurationValue.written(text:)).joined(separator: ", ") + "]" })
  }
}

// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// What an agent is told by its file. Each property is a key: see ``ConfigurationKey``.
public struct Configuration: Hashable, Sendable {
  public enum Storage: String, CaseIterable, Hashable, Sendable {
    case disk, memory
  }

  public var socket = "/run/merops/merops.sock"
  public var group: String? = "merops"
  public var port: UInt16?
  public var tokenFile: String? = nil
  public var classes: Set<EventClass> = Set(EventClass.allCases)
  public var ringBytes: UInt64 = 8 << 20
  public var limits: [EventClass: UInt64] = [:]
  public var ignoredPrograms: [String] = []
  public var ignoredCgroups: [String] = []
  public var ignoredUsers: [String] = []
  public var environmentNames: [String] = []
  public var redactions: [String] = []
  public var ignoredDirectories = ["/proc", "/sys", "/dev"]
  public var repeatTime: UInt64 = 60_000_000_000
  public var withMissingFiles = false
  public var watchesUnixSockets = false
  public var countsRunTime = false
  public var hasFirewall = false
  public var firewallPins = "/sys/fs/bpf/merops/firewall"
  public var storage = Storage.disk
  public var storeFolder = "/var/lib/merops"
  public var storeBytes: UInt64 = 2 << 30
  public var storeAge: UInt64? = 30 * 86_400_000_000_000
  public var recentBytes: UInt64 = 4 << 20
  public var sinks: [SinkSettings] = []
  public var enforcesPolicies = false
  public var policyFolder = "/var/lib/merops/policies"
  /// nil for the root of cgroup v2.
  public var policyCgroup: String? = nil
  public var policyDirectory: String? = nil
  public var policyPins: String? = "/sys/fs/bpf/merops/policies"

  public init() {}
}

/// One key of the file. The table is what reads the file, what shows it, and the reference.
public struct ConfigurationKey: Sendable {
  /// `store.size`.
  public let name: String
  /// What may stand there: `a number of bytes, such as 8MiB`.
  public let form: String
  public let summary: String
  /// Whether a reload changes it; otherwise the next start does.
  public let isLive: Bool
  let set: @Sendable (ConfigurationValue, inout Configuration) throws(ConfigurationProblem) -> Void
  /// The value as it would stand in the file.
  public let show: @Sendable (Configuration) -> String

  /// All keys, in the order of the reference.
  public static let all: [ConfigurationKey] = ofAgent + ofFilters + others

  private static let ofAgent: [ConfigurationKey] = [
    text(
      "socket", \.socket,
      "The unix socket that `merops events`, `merops status` and others ask. Its folder is created. Mode 0660."),
    optionalText(
      "group", \.group,
      "Who may use the socket besides root: a group by name. `none` for nobody. A group that does not exist counts as none."
    ),
    ConfigurationKey(
      name: "port", form: "a port, or none",
      summary: "A port of 127.0.0.1 that serves the same over TCP, to whoever has the token. Off by default.",
      isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        let text = try value.text()
        guard text != "none" else {
          configuration.port = nil
          return
        }
        guard let port = UInt16(text), port > 0 else { throw value.problem("has to be a port, from 1 to 65535") }
        configuration.port = port
      }, show: { $0.port.map { "\($0)" } ?? "none" }),
    optionalText(
      "token_file", \.tokenFile, "The file whose first line is the token for `port`; only its owner may read it."),
    ConfigurationKey(
      name: "watch", form: "a list of " + classNames.joined(separator: ", "),
      summary: "Which classes of events are watched. Processes always are.", isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        var classes = Set(EventClass.allCases.filter { !$0.isWatched } + [.process])
        for item in try value.items() {
          let text = try item.text()
          guard let eventClass = EventClass.allCases.first(where: { $0.name == text && $0.isWatched }) else {
            throw item.problem("is not a class of events", candidates: classNames, written: text)
          }
          classes.insert(eventClass)
        }
        configuration.classes = classes
      },
      show: { configuration in
        "["
          + EventClass.allCases.filter { configuration.classes.contains($0) && $0.isWatched }.map(\.name)
          .joined(separator: ", ") + "]"
      }),
    bytes(
      "ring", \.ringBytes, least: 65_536, isPower: true,
      "The size of the ring between the kernel and the agent: a power of two. What does not fit is lost, and counted."),
  ]

  private static let others: [ConfigurationKey] = [
    paths(
      "files.ignore", \.ignoredDirectories, "a list of directories",
      "Opens below these directories are filtered in the kernel."),
    time(
      "files.repeats", \.repeatTime,
      "The same open (process, file, flags) within this time is counted only. `0s` to report each."),
    flag(
      "files.missing", \.withMissingFiles,
      "Whether opens of files that are not there are reported: mostly where programs look for libraries."),
    flag(
      "network.unix", \.watchesUnixSockets,
      "Whether connects to unix sockets are reported. There are many of them on most machines."),
    flag(
      "statistics", \.countsRunTime,
      "Whether the kernel counts how long its programs run, for `merops status` and the metrics. It makes each run of each program on the machine a little longer."
    ),
    flag(
      "firewall.enabled", \.hasFirewall,
      "Whether the agent takes rules for packets (`merops firewall`). One of its threads then keeps CAP_BPF and CAP_NET_ADMIN."
    ),
    text(
      "firewall.pins", \.firewallPins,
      "Where in a bpffs the firewall is pinned. What is there goes on when the agent ends, and is taken over at its start."
    ),
    ConfigurationKey(
      name: "store.kind", form: "disk or memory",
      summary: "Where events are kept. In memory only the newest are, and none after the agent ends.", isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        let text = try value.text()
        guard let storage = Configuration.Storage(rawValue: text) else {
          throw value.problem("has to be disk or memory")
        }
        configuration.storage = storage
      }, show: { $0.storage.rawValue }),
    text("store.folder", \.storeFolder, "The folder of the store."),
    bytes("store.size", \.storeBytes, least: 32 << 20, "How much the store takes on disk; the oldest events go first."),
    ConfigurationKey(
      name: "store.age", form: "a time such as 30d, or none", summary: "After which time events go.", isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        configuration.storeAge = try value.text() == "none" ? nil : try value.time()
      }, show: { $0.storeAge.map(ConfigurationValue.written(time:)) ?? "none" }),
    bytes(
      "store.recent", \.recentBytes, least: 1 << 20, "How much is kept in memory: all there is with `kind: memory`."),
    ConfigurationKey(
      name: "sinks", form: "a list of blocks",
      summary: "Where events go besides the store. Keys of each: "
        + SinkSettings.keys.map { "\($0.name) (\($0.form)): \($0.summary)" }.joined(separator: " "),
      isLive: true,
      set: { value, configuration throws(ConfigurationProblem) in configuration.sinks = try SinkSettings.read(value) },
      show: { SinkSettings.show($0.sinks) }),
    flag(
      "policies.enforce", \.enforcesPolicies,
      "Whether `merops policy apply` puts policies into the kernel. One thread of the agent then keeps the capabilities that loading programs needs."
    ),
    text("policies.folder", \.policyFolder, "Where the policies that count are kept, with the versions before."),
    ConfigurationKey(
      name: "policies.directory", form: "a path, or none",
      summary:
        "A directory whose files of policies count as they are there, beside those that are applied: usually /etc/merops/policies.d. "
        + "All of them are taken together when something changes, or none.",
      isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        let text = try value.text()
        guard text.hasPrefix("/") || text == "none" else {
          throw value.problem("has to be a path from the root on, such as /etc/merops/policies.d, or none")
        }
        configuration.policyDirectory = text == "none" ? nil : text
      }, show: { $0.policyDirectory ?? "none" }),
    optionalText(
      "policies.pins", \.policyPins,
      "A directory in a bpffs by which policies stay in force when the agent ends, until `merops policy off`. `none`: they end with it."
    ),
    optionalText(
      "policies.cgroup", \.policyCgroup,
      "A directory of cgroup v2, with the path of its mount: policies are about processes in it and below. `none` for the root."
    ),
  ]

  private static let classNames = EventClass.allCases.filter(\.isWatched).map(\.name)
}

// The forms that values have.
extension ConfigurationKey {
  typealias Path<Value> = any WritableKeyPath<Configuration, Value> & Sendable

  private static func text(_ name: String, _ path: Path<String>, _ summary: String) -> Self {
    Self(
      name: name, form: "a path", summary: summary, isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        let text = try value.text()
        guard text.hasPrefix("/") else { throw value.problem("has to be a path from the root on, such as /run/x") }
        configuration[keyPath: path] = text
      }, show: { $0[keyPath: path] })
  }

  private static func optionalText(_ name: String, _ path: Path<String?>, _ summary: String) -> Self {
    Self(
      name: name, form: "a name, or none", summary: summary, isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        let text = try value.text()
        configuration[keyPath: path] = text == "none" || text.isEmpty ? nil : text
      }, show: { $0[keyPath: path] ?? "none" })
  }

  private static func flag(_ name: String, _ path: Path<Bool>, _ summary: String) -> Self {
    Self(
      name: name, form: "true or false", summary: summary, isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        let text = try value.text()
        guard text == "true" || text == "false" else { throw value.problem("has to be true or false") }
        configuration[keyPath: path] = text == "true"
      }, show: { "\($0[keyPath: path])" })
  }

  private static func bytes(
    _ name: String, _ path: Path<UInt64>, least: UInt64, isPower: Bool = false, _ summary: String
  ) -> Self {
    Self(
      name: name, form: "a number of bytes, such as 8MiB", summary: summary, isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in
        let number = try value.bytes()
        guard number >= least else {
          throw value.problem("has to be at least \(ConfigurationValue.written(bytes: least))")
        }
        guard !isPower || number & (number - 1) == 0 else { throw value.problem("has to be a power of two") }
        configuration[keyPath: path] = number
      }, show: { ConfigurationValue.written(bytes: $0[keyPath: path]) })
  }

  private static func time(_ name: String, _ path: Path<UInt64>, _ summary: String) -> Self {
    Self(
      name: name, form: "a time such as 30s", summary: summary, isLive: false,
      set: { value, configuration throws(ConfigurationProblem) in configuration[keyPath: path] = try value.time() },
      show: { ConfigurationValue.written(time: $0[keyPath: path]) })
  }
}

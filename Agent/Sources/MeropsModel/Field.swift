// SPDX-License-Identifier: Apache-2.0

/// A fact about an event. ``definition`` is the schema: output, expressions and the event reference are made from it.
///
/// The raw value is stored in files: a number is never used for another field.
public enum Field: UInt8, CaseIterable, Sendable {
  case eventKind = 1
  case eventTime = 2

  case processID = 16
  case processParentID = 17
  case processStart = 18
  case processName = 19
  case processExecutable = 20
  case processExecutableInode = 21
  case processExecutableDevice = 22
  case processExecutableIsDeleted = 23
  case processExecutableIsMemory = 24
  case processArguments = 25
  case processWorkingDirectory = 26
  case processUser = 27
  case processGroup = 28
  case processRealUser = 29
  case processRealGroup = 30
  case processLoginUser = 31
  case processSession = 32
  case processNamespacedID = 33
  case processCgroup = 34
  case processCgroupPath = 35
  case containerID = 36
  case containerRuntime = 37

  case exitCode = 48
  case exitSignal = 49
  case exitDuration = 50
  case exitCPUTime = 51
  case exitMaximumMemory = 52
}

/// One row of the schema.
public struct FieldDefinition: Sendable {
  /// The name in output and expressions, by OpenTelemetry's conventions where they have one.
  public let name: String
  public let type: ValueType
  /// What a number counts: `ns`, `bytes`; empty where it is an identifier.
  public let unit: String
  public let summary: String
  /// The events that have the field; empty for all.
  public let kinds: [EventKind]

  fileprivate init(_ name: String, _ type: ValueType, unit: String = "", in kinds: [EventKind] = [], _ summary: String)
  {
    self.name = name
    self.type = type
    self.unit = unit
    self.kinds = kinds
    self.summary = summary
  }
}

extension Field {
  /// The row of this field.
  public var definition: FieldDefinition {
    switch self {
    case .eventKind: FieldDefinition("event.kind", .text, "The event's name, such as `process.exec`.")
    case .eventTime: FieldDefinition("event.time", .uint, unit: "ns", "When it happened, since 1970-01-01 UTC.")
    case .processID: FieldDefinition("process.pid", .uint, "The process id in the host's PID namespace.")
    case .processParentID:
      FieldDefinition("process.parent_pid", .uint, "The process id of the parent when the process was created.")
    case .processStart:
      FieldDefinition(
        "process.creation.time", .uint, unit: "ns",
        "When the process was created, since boot: with the process id it names the process.")
    case .processName:
      FieldDefinition("process.name", .text, "The kernel's short name of the process: at most 15 bytes.")
    case .processExecutable:
      FieldDefinition(
        "process.executable.path", .text,
        "The path of the program, from the kernel's own objects, as seen from the host's root.")
    case .processExecutableInode: FieldDefinition("process.executable.inode", .uint, "The inode number of the program.")
    case .processExecutableDevice:
      FieldDefinition("process.executable.device", .uint, "The device number of the program's file system.")
    case .processExecutableIsDeleted:
      FieldDefinition("process.executable.deleted", .bool, "Whether the program's file has no name any more.")
    case .processExecutableIsMemory:
      FieldDefinition("process.executable.memfd", .bool, "Whether the program lies in memory only (memfd_create).")
    case .processArguments: FieldDefinition("process.command_args", .texts, "The arguments, the program's name first.")
    case .processWorkingDirectory:
      FieldDefinition("process.working_directory", .text, "The working directory when the program started.")
    case .processUser: FieldDefinition("process.user.id", .uint, "The effective user id.")
    case .processGroup: FieldDefinition("process.group.id", .uint, "The effective group id.")
    case .processRealUser: FieldDefinition("process.real_user.id", .uint, "The real user id.")
    case .processRealGroup: FieldDefinition("process.real_group.id", .uint, "The real group id.")
    case .processLoginUser:
      FieldDefinition(
        "process.login_user.id", .uint,
        "The user id of the login session (audit), kept through su and sudo; absent outside one.")
    case .processSession:
      FieldDefinition("process.session.id", .uint, "The number of the login session (audit); absent outside one.")
    case .processNamespacedID:
      FieldDefinition("process.vpid", .uint, "The process id in the process's own PID namespace.")
    case .processCgroup: FieldDefinition("process.cgroup.id", .uint, "The id of the cgroup (v2).")
    case .processCgroupPath: FieldDefinition("process.linux.cgroup", .text, "The path of the cgroup (v2).")
    case .containerID: FieldDefinition("container.id", .text, "The container's id, from the cgroup's path.")
    case .containerRuntime:
      FieldDefinition(
        "container.runtime.name", .text,
        "The runtime whose form of cgroup path it is: docker, containerd, cri-o, podman, systemd-nspawn.")
    case .exitCode:
      FieldDefinition(
        "process.exit.code", .int, in: [.processExit],
        "The exit status: 0 to 255; absent if a signal ended the process.")
    case .exitSignal:
      FieldDefinition(
        "process.exit.signal", .uint, in: [.processExit], "The signal that ended the process; absent if it exited.")
    case .exitDuration:
      FieldDefinition("process.duration", .uint, unit: "ns", in: [.processExit], "From creation to end.")
    case .exitCPUTime:
      FieldDefinition(
        "process.cpu.time", .uint, unit: "ns", in: [.processExit],
        "CPU time of all its threads, in user space and kernel.")
    case .exitMaximumMemory:
      FieldDefinition("process.memory.maximum", .uint, unit: "bytes", in: [.processExit], "The largest resident set.")
    }
  }

  /// The name in output and expressions.
  public var name: String { Self.names[Int(rawValue)] }

  /// The type of the field's value.
  public var type: ValueType { Self.types[Int(rawValue)] ?? .bool }

  /// The field of a name.
  public init?(name: some StringProtocol) {
    guard let field = Self.byName[String(name)] else { return nil }
    self = field
  }

  private static let names: [String] = {
    var names = Array(repeating: "", count: 256)
    for field in allCases { names[Int(field.rawValue)] = field.definition.name }
    return names
  }()
  private static let types: [ValueType?] = {
    var types = [ValueType?](repeating: nil, count: 256)
    for field in allCases { types[Int(field.rawValue)] = field.definition.type }
    return types
  }()
  private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.definition.name, $0) })
}

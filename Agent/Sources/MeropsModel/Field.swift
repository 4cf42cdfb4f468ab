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
  case processTTY = 38
  case processCapabilities = 39
  case processPIDNamespace = 40
  case processMountNamespace = 41
  case processNetworkNamespace = 42
  case processUserNamespace = 43
  case processEnvironment = 44
  case processExecutableIsUpper = 45
  case processSavedUser = 46
  case containerName = 47

  case exitCode = 48
  case exitSignal = 49
  case exitDuration = 50
  case exitCPUTime = 51
  case exitMaximumMemory = 52

  case containerImage = 53
  case containerRootfs = 54

  case eventError = 56
  case eventNameSource = 57
  case eventCount = 58

  case filePath = 64
  case fileTarget = 65
  case fileInode = 66
  case fileDevice = 67
  case fileFlags = 68
  case fileMode = 69
  case fileOwner = 70
  case fileGroup = 71
  case fileIsUpper = 72
  case mountSource = 76
  case mountType = 77

  case networkTransport = 96
  case sourceAddress = 97
  case sourcePort = 98
  case destinationAddress = 99
  case destinationPort = 100
  case networkLatency = 101
  case networkDuration = 102
  case networkBytesSent = 103
  case networkBytesReceived = 104
  case networkPacketsSent = 105
  case networkPacketsReceived = 106
  case networkRetransmits = 107
  case networkRoundTrip = 108
  case networkSocket = 109
  case networkBacklog = 110
  case unixPath = 111
  case networkNamespace = 112

  case dnsID = 120
  case dnsName = 121
  case dnsType = 122
  case dnsCode = 123
  case dnsLatency = 124
  case dnsAddresses = 125

  case targetID = 144
  case targetStart = 145
  case targetName = 146
  case signalNumber = 147
  case traceRequest = 148
  case newUser = 149
  case newGroup = 150
  case newCapabilities = 151

  case moduleName = 160
  case bpfCommand = 161
  case bpfName = 162
  case bpfType = 163
  case bpfID = 164
  case bpfAttachType = 165

  case lossClass = 176

  case policyName = 184
  case policyRule = 185
  case policyVersion = 186
  case policyGeneration = 187
  case policyAct = 188
  case policyAction = 189
  case policyRung = 190
  case policyHook = 191
  case policyIsUncertain = 192
  case policySeverity = 193
  case policyMessage = 194
  case attackTechnique = 195
  case attackTactic = 196
  case policyAuthor = 197
  case policyChange = 198
  case policyReason = 199
  case processAncestry = 200
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

  fileprivate init(
    _ name: String, _ type: ValueType, unit: String = "", in kinds: [EventKind] = [], _ summary: String
  ) {
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
        "The runtime, from the form of the cgroup's path or from its files: docker, containerd, cri-o, podman, systemd-nspawn, lxc."
      )
    case .containerName:
      FieldDefinition("container.name", .text, "The container's name, as its runtime wrote it into a file of root's.")
    case .containerImage:
      FieldDefinition(
        "container.image.name", .text,
        "The image, as the runtime names it; absent where no file of the runtime names it (`ctr`, rootless podman).")
    case .containerRootfs:
      FieldDefinition(
        "container.rootfs", .text, "The directory that the runtime makes the container's root, as the host names it.")
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
    case .processTTY:
      FieldDefinition("process.tty", .text, "The controlling terminal, such as `pts3`; absent without one.")
    case .processCapabilities:
      FieldDefinition("process.capabilities", .uint, "The effective capabilities, a bit each (capabilities(7)).")
    case .processPIDNamespace: FieldDefinition("process.namespace.pid", .uint, "The inode number of the PID namespace.")
    case .processMountNamespace:
      FieldDefinition("process.namespace.mnt", .uint, "The inode number of the mount namespace.")
    case .processNetworkNamespace:
      FieldDefinition("process.namespace.net", .uint, "The inode number of the network namespace.")
    case .processUserNamespace:
      FieldDefinition("process.namespace.user", .uint, "The inode number of the user namespace.")
    case .processEnvironment:
      FieldDefinition(
        "process.env", .texts, "Those environment variables that the configuration asks for, as `NAME=value`.")
    case .processExecutableIsUpper:
      FieldDefinition(
        "process.executable.upper_layer", .bool,
        "Whether the program lies in the upper layer of an overlayfs: it was changed or added after the image was made."
      )
    case .processSavedUser: FieldDefinition("process.saved_user.id", .uint, "The saved user id.")

    case .eventError:
      FieldDefinition("event.errno", .uint, "The error number that it ended with; absent if it succeeded.")
    case .eventNameSource:
      FieldDefinition(
        "event.name_source", .text,
        "Where the names are from: `kernel` (the kernel's own objects), or `user` (the caller's memory, which the caller can change meanwhile)."
      )
    case .eventCount:
      FieldDefinition(
        "event.count", .uint, in: [.fileRepeats, .agentLoss, .networkFlow], "How many acts the event stands for.")

    case .filePath: FieldDefinition("file.path", .text, in: Self.files, "The path, as seen from the host's root.")
    case .fileTarget:
      FieldDefinition(
        "file.target_path", .text, in: [.fileRename, .fileLink, .fileSymlink, .policyDecision],
        "The new name (rename, link), or what the symbolic link says.")
    case .fileInode: FieldDefinition("file.inode", .uint, in: Self.files, "The inode number.")
    case .fileDevice: FieldDefinition("file.device", .uint, in: Self.files, "The device number of the file system.")
    case .fileFlags:
      FieldDefinition(
        "file.flags", .uint,
        in: [.fileOpen, .fileCreate, .fileWrite, .fileMapExecutable, .fileRepeats, .mount, .unmount, .policyDecision],
        "The flags of open(2), or of mount(2); of mmap(2), the protection in the low byte.")
    case .fileMode:
      FieldDefinition("file.mode", .uint, in: Self.files, "The file's type and permissions, as of stat(2).")
    case .fileOwner: FieldDefinition("file.uid", .uint, in: Self.files, "The user id that owns the file.")
    case .fileGroup: FieldDefinition("file.gid", .uint, in: Self.files, "The group id that owns the file.")
    case .fileIsUpper:
      FieldDefinition(
        "file.upper_layer", .bool, in: Self.files, "Whether the file lies in the upper layer of an overlayfs.")
    case .mountSource:
      FieldDefinition("mount.source", .text, in: [.mount, .policyDecision], "What was mounted: a device, a directory.")
    case .mountType:
      FieldDefinition(
        "mount.type", .text, in: [.mount, .policyDecision], "The type of the file system, such as `ext4`.")

    case .networkTransport:
      FieldDefinition("network.transport", .text, in: Self.network + Self.dns, "`tcp`, `udp` or `unix`.")
    case .sourceAddress:
      FieldDefinition("source.address", .address, in: Self.network + Self.dns, "The address on this side.")
    case .sourcePort: FieldDefinition("source.port", .uint, in: Self.network + Self.dns, "The port on this side.")
    case .destinationAddress:
      FieldDefinition("destination.address", .address, in: Self.network + Self.dns, "The address on the other side.")
    case .destinationPort:
      FieldDefinition("destination.port", .uint, in: Self.network + Self.dns, "The port on the other side.")
    case .networkLatency:
      FieldDefinition(
        "network.connect_time", .uint, unit: "ns", in: [.networkConnect],
        "From the first packet of the connection to its establishment or failure.")
    case .networkDuration:
      FieldDefinition("network.duration", .uint, unit: "ns", in: [.networkClose, .networkFlow], "From start to end.")
    case .networkBytesSent:
      FieldDefinition(
        "network.bytes_sent", .uint, unit: "bytes", in: [.networkClose, .networkFlow],
        "Payload sent, without what was sent again.")
    case .networkBytesReceived:
      FieldDefinition(
        "network.bytes_received", .uint, unit: "bytes", in: [.networkClose, .networkFlow], "Payload received.")
    case .networkPacketsSent:
      FieldDefinition("network.packets_sent", .uint, in: [.networkClose, .networkFlow], "Segments or datagrams sent.")
    case .networkPacketsReceived:
      FieldDefinition(
        "network.packets_received", .uint, in: [.networkClose, .networkFlow], "Segments or datagrams received.")
    case .networkRetransmits:
      FieldDefinition("network.retransmits", .uint, in: [.networkClose], "Segments that were sent again.")
    case .networkRoundTrip:
      FieldDefinition("network.rtt", .uint, unit: "ns", in: [.networkClose], "The smoothed round-trip time at the end.")
    case .networkSocket:
      FieldDefinition(
        "network.socket", .uint, in: Self.network + Self.dns,
        "Names the socket while it exists: connect, accept and close of one connection have the same number.")
    case .networkBacklog:
      FieldDefinition("network.backlog", .uint, in: [.networkListen], "How many connections may wait to be accepted.")
    case .unixPath:
      FieldDefinition(
        "unix.path", .text, in: [.unixConnect], "The socket's path; `@` leads the name of an abstract one.")

    case .networkNamespace:
      FieldDefinition(
        "network.namespace", .uint, in: Self.network + Self.dns,
        "The network namespace of the socket, which need not be that of the process.")

    case .dnsID: FieldDefinition("dns.id", .uint, in: Self.dns, "The number that joins question and answer.")
    case .dnsName: FieldDefinition("dns.question.name", .text, in: Self.dns, "The name that was asked for.")
    case .dnsType:
      FieldDefinition("dns.question.type", .text, in: Self.dns, "What was asked for: `A`, `AAAA`, `MX`, `TYPE65`.")
    case .dnsCode:
      FieldDefinition("dns.response_code", .text, in: [.dnsAnswer], "`NOERROR`, `NXDOMAIN`, `SERVFAIL`, ...")
    case .dnsLatency:
      FieldDefinition("dns.latency", .uint, unit: "ns", in: [.dnsAnswer], "From the question to the answer.")
    case .dnsAddresses:
      FieldDefinition("dns.resolved_ip", .texts, in: [.dnsAnswer], "The addresses in the answer.")

    case .targetID: FieldDefinition("target.pid", .uint, in: Self.targeted, "The process that it was done to.")
    case .targetStart:
      FieldDefinition(
        "target.creation.time", .uint, unit: "ns", in: Self.targeted, "When that process was created, since boot.")
    case .targetName:
      FieldDefinition("target.name", .text, in: Self.targeted, "The kernel's short name of that process.")
    case .signalNumber:
      FieldDefinition("signal.number", .uint, in: [.processSignal, .policyDecision], "The signal (signal(7)).")
    case .traceRequest:
      FieldDefinition("ptrace.request", .uint, in: [.processTrace, .policyDecision], "The request (ptrace(2)).")
    case .newUser:
      FieldDefinition("new_user.id", .uint, in: [.processCredentials], "The effective user id after the change.")
    case .newGroup:
      FieldDefinition("new_group.id", .uint, in: [.processCredentials], "The effective group id after the change.")
    case .newCapabilities:
      FieldDefinition(
        "new_capabilities", .uint, in: [.processCredentials], "The effective capabilities after the change, a bit each."
      )

    case .moduleName:
      FieldDefinition(
        "module.name", .text, in: [.moduleLoad, .policyDecision],
        "The kernel module's name; of one that the kernel refused before it read the name, that of the file.")
    case .bpfCommand: FieldDefinition("bpf.command", .uint, in: Self.bpf, "The command of bpf(2).")
    case .bpfName: FieldDefinition("bpf.name", .text, in: Self.bpf, "The name of the program or map.")
    case .bpfType:
      FieldDefinition("bpf.type", .uint, in: Self.bpf, "The type of the program or map, as bpf(2) numbers it.")
    case .bpfID: FieldDefinition("bpf.id", .uint, in: Self.bpf, "The kernel's id of the program, map or link.")
    case .bpfAttachType:
      FieldDefinition("bpf.attach_type", .uint, in: [.bpfAttach, .bpfLoad], "The attach type, as bpf(2) numbers it.")

    case .lossClass:
      FieldDefinition("event.class", .text, in: [.agentLoss], "The class of the events that were lost.")

    case .policyName: FieldDefinition("policy.name", .text, in: [.policyDecision], "The policy.")
    case .policyRule: FieldDefinition("policy.rule", .text, in: [.policyDecision], "The id of the rule in its policy.")
    case .policyVersion:
      FieldDefinition(
        "policy.version", .uint, in: [.policyDecision, .policyChange],
        "The version of the policies, as `merops policy history` numbers them.")
    case .policyGeneration:
      FieldDefinition(
        "policy.generation", .uint, in: [.policyDecision], "The number of the policies' programs in the kernel.")
    case .policyAct:
      FieldDefinition("policy.act", .text, in: [.policyDecision], "What was decided about, such as `network.connect`.")
    case .policyAction:
      FieldDefinition(
        "policy.action", .text, in: [.policyDecision], "`deny`; `kill`; `audit`: it was told, and went on.")
    case .policyRung:
      FieldDefinition(
        "policy.rung", .text, in: [.policyDecision], "How the act was stopped: `deny`, `kill`, or not (`observe`).")
    case .policyHook:
      FieldDefinition(
        "policy.hook", .text, in: [.policyDecision], "Where the kernel asked, such as `cgroup/connect4`.")
    case .policyIsUncertain:
      FieldDefinition(
        "policy.uncertain", .bool, in: [.policyDecision],
        "Whether a field that the rule asks for was not known: what denies counts then, too.")
    case .policySeverity:
      FieldDefinition("policy.severity", .text, in: [.policyDecision], "`low`, `medium`, `high`, `critical`.")
    case .policyMessage:
      FieldDefinition("policy.message", .text, in: [.policyDecision], "What the rule's author has to say.")
    case .attackTechnique:
      FieldDefinition("threat.technique.id", .text, in: [.policyDecision], "The technique of MITRE ATT&CK.")
    case .attackTactic:
      FieldDefinition("threat.tactic.name", .text, in: [.policyDecision], "The tactic of MITRE ATT&CK.")
    case .policyAuthor:
      FieldDefinition("policy.author", .text, in: [.policyChange, .policyRefusal], "Who asked for the change.")
    case .policyChange:
      FieldDefinition(
        "policy.change", .text, in: [.policyChange, .policyRefusal], "What was asked for, such as `apply web.yaml`.")
    case .policyReason: FieldDefinition("policy.reason", .text, in: [.policyRefusal], "Why it was refused.")
    case .processAncestry:
      FieldDefinition(
        "process.ancestry", .texts, in: [.policyDecision],
        "The programs of the process's ancestors, that of the parent first; the name where the path is not known.")
    }
  }

  // A decision has the fields of its act.
  private static let files: [EventKind] = EventKind.allCases.filter { $0.eventClass == .file } + [.policyDecision]
  private static let network: [EventKind] = EventKind.allCases.filter { $0.eventClass == .network } + [.policyDecision]
  private static let dns: [EventKind] = [.dnsQuery, .dnsAnswer]
  private static let bpf: [EventKind] = [.bpfLoad, .bpfAttach, .bpfMap, .policyDecision]
  private static let targeted: [EventKind] = [
    .processSignal, .processTrace, .processMemoryWrite, .policyDecision,
  ]

  /// Whether it says more of the process than most readers want with each act. In JSON such fields stand in the events of
  /// kinds that ``EventKind/describesProcess``, so that the others stay short.
  public var isDetail: Bool {
    switch self {
    case .processWorkingDirectory, .processRealUser, .processRealGroup, .processSavedUser, .processCapabilities,
      .processPIDNamespace, .processMountNamespace, .processNetworkNamespace, .processUserNamespace,
      .processEnvironment,
      .processCgroup, .containerRootfs, .processExecutableDevice, .processNamespacedID, .processTTY:
      true
    default: false
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

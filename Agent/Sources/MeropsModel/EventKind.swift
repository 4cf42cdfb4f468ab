// SPDX-License-Identifier: Apache-2.0

/// What happened. The name is stable: files, queries and policies use it.
///
/// The raw value is stored in files: a number is never used for another kind.
public enum EventKind: UInt8, CaseIterable, Sendable {
  case processFork = 1
  case processExec = 2
  case processExit = 3
  case processCredentials = 4
  case processSignal = 5
  case processTrace = 6
  case processMemoryWrite = 7

  case fileOpen = 32
  case fileCreate = 33
  case fileWrite = 34
  case fileUnlink = 35
  case fileRename = 36
  case fileLink = 37
  case fileSymlink = 38
  case fileMode = 39
  case fileOwner = 40
  case fileMapExecutable = 41
  case fileRepeats = 42
  case mount = 48
  case unmount = 49

  case networkConnect = 64
  case networkAccept = 65
  case networkListen = 66
  case networkBind = 67
  case networkClose = 68
  case networkFlow = 69
  case unixConnect = 70
  case dnsQuery = 80
  case dnsAnswer = 81

  case moduleLoad = 96
  case bpfLoad = 97
  case bpfAttach = 98
  case bpfMap = 99

  case agentStart = 128
  case agentStop = 129
  case agentLoss = 130

  case policyDecision = 144
  case policyChange = 145
  case policyRefusal = 146
}

/// What events share a rate limit, a loss counter and a place in the ring's accounting.
public enum EventClass: UInt8, CaseIterable, Sendable {
  case process, file, network, dns, kernel, agent, policy

  /// Whether sensors see the acts: the others are what the agent itself tells.
  public var isWatched: Bool { self != .agent && self != .policy }

  /// The name in counters and metrics.
  public var name: String {
    switch self {
    case .process: "process"
    case .file: "file"
    case .network: "network"
    case .dns: "dns"
    case .kernel: "kernel"
    case .agent: "agent"
    case .policy: "policy"
    }
  }
}

/// One row of the schema.
public struct EventKindDefinition: Sendable {
  /// The name in output, queries and policies: `process.exec`.
  public let name: String
  public let eventClass: EventClass
  public let summary: String
  /// Where the kernel is asked, the best first; each with the first kernel that has it, empty for 5.10 and before.
  public let hooks: [(name: String, since: String)]

  fileprivate init(
    _ name: String, _ eventClass: EventClass, _ summary: String, _ hooks: [(name: String, since: String)] = []
  ) {
    self.name = name
    self.eventClass = eventClass
    self.summary = summary
    self.hooks = hooks
  }
}

extension EventKind {
  /// The row of this kind.
  public var definition: EventKindDefinition {
    switch self {
    case .processFork:
      EventKindDefinition(
        "process.fork", .process, "A process was created; threads are not reported.",
        [("tp_btf/sched_process_fork", "")])
    case .processExec:
      EventKindDefinition(
        "process.exec", .process, "A process replaced its program.", [("tp_btf/sched_process_exec", "")])
    case .processExit:
      EventKindDefinition(
        "process.exit", .process, "A process ended: the last of its threads.", [("tp_btf/sched_process_exit", "")])
    case .processCredentials:
      EventKindDefinition(
        "process.credentials", .process, "A process changed its user, its group or its capabilities.",
        [("fentry/commit_creds", ""), ("raw_tp/sys_exit", "")])
    case .processSignal:
      EventKindDefinition(
        "process.signal", .process, "A process sent a signal to another one.", [("tp_btf/signal_generate", "")])
    case .processTrace:
      EventKindDefinition(
        "process.ptrace", .process, "A process attached to another one, to watch or change it.",
        [("raw_tp/sys_exit", "")])
    case .processMemoryWrite:
      EventKindDefinition(
        "process.memory_write", .process, "A process wrote into another one's memory.", [("raw_tp/sys_exit", "")])
    case .fileOpen:
      EventKindDefinition(
        "file.open", .file, "A file was opened for reading.",
        [("fexit/do_dentry_open", ""), ("raw_tp/sys_exit", "")])
    case .fileCreate:
      EventKindDefinition(
        "file.create", .file, "A file was created by opening it.",
        [("fexit/do_dentry_open", ""), ("raw_tp/sys_exit", "")])
    case .fileWrite:
      EventKindDefinition(
        "file.write", .file, "A file was opened for writing.",
        [("fexit/do_dentry_open", ""), ("raw_tp/sys_exit", "")])
    case .fileUnlink:
      EventKindDefinition(
        "file.unlink", .file, "A name of a file, or a directory, was removed.",
        [("fentry/security_path_unlink", ""), ("raw_tp/sys_exit", "")])
    case .fileRename:
      EventKindDefinition(
        "file.rename", .file, "A file or directory got another name.",
        [("fentry/security_path_rename", ""), ("raw_tp/sys_exit", "")])
    case .fileLink:
      EventKindDefinition(
        "file.link", .file, "A file got one more name (a hard link).",
        [("fentry/security_path_link", ""), ("raw_tp/sys_exit", "")])
    case .fileSymlink:
      EventKindDefinition(
        "file.symlink", .file, "A symbolic link was created.",
        [("fentry/security_path_symlink", ""), ("raw_tp/sys_exit", "")])
    case .fileMode:
      EventKindDefinition(
        "file.chmod", .file, "A file's permissions changed.",
        [("fentry/security_path_chmod", ""), ("raw_tp/sys_exit", "")])
    case .fileOwner:
      EventKindDefinition(
        "file.chown", .file, "A file's owner or group changed.",
        [("fentry/security_path_chown", ""), ("raw_tp/sys_exit", "")])
    case .fileMapExecutable:
      EventKindDefinition(
        "file.mmap_exec", .file, "A file was mapped into memory as code: a library, or a program's text.",
        [("fexit/security_mmap_file", ""), ("raw_tp/sys_exit", "")])
    case .fileRepeats:
      EventKindDefinition(
        "file.repeats", .file,
        "How often a process opened the same file with the same flags again, within the time in which repeats are counted. Of files that the kernel had no room to remember, the count alone is reported.",
        [("map", "")])
    case .mount:
      EventKindDefinition(
        "mount", .file, "A file system was mounted.",
        [("fentry/security_sb_mount, fentry/security_move_mount", ""), ("raw_tp/sys_exit", "")])
    case .unmount:
      EventKindDefinition(
        "umount", .file, "A file system was unmounted.",
        [("fentry/security_sb_umount", ""), ("raw_tp/sys_exit", "")])
    case .networkConnect:
      EventKindDefinition(
        "network.connect", .network,
        "A process connected by TCP, or failed to: ECANCELED is a process that closed the socket before the answer came.",
        [("tp_btf/inet_sock_set_state, tracepoint/syscalls", "")])
    case .networkAccept:
      EventKindDefinition(
        "network.accept", .network, "A process accepted a TCP connection.",
        [("tracepoint/syscalls, tp_btf/tcp_rcv_space_adjust", "")])
    case .networkListen:
      EventKindDefinition(
        "network.listen", .network, "A process listens for TCP connections.", [("tp_btf/inet_sock_set_state", "")])
    case .networkBind:
      EventKindDefinition("network.bind", .network, "A socket got a local address.", [("tracepoint/syscalls", "")])
    case .networkClose:
      EventKindDefinition(
        "network.close", .network, "A TCP connection ended. The process is the one that used it last.",
        [("tp_btf/inet_sock_set_state", "")])
    case .networkFlow:
      EventKindDefinition(
        "network.flow", .network,
        "UDP traffic of one process with one peer since the event before. The port of the side that asks is left out.",
        [("cgroup_skb", "")])
    case .unixConnect:
      EventKindDefinition(
        "unix.connect", .network, "A process connected to a unix socket.", [("tracepoint/syscalls", "")])
    case .dnsQuery:
      EventKindDefinition("dns.query", .dns, "A DNS question was sent.", [("cgroup_skb", "")])
    case .dnsAnswer:
      EventKindDefinition("dns.answer", .dns, "The answer to a DNS question arrived.", [("cgroup_skb", "")])
    case .moduleLoad:
      EventKindDefinition(
        "module.load", .kernel, "A kernel module was loaded, or refused.", [("raw_tp/module_load, raw_tp/sys_exit", "")]
      )
    case .bpfLoad:
      EventKindDefinition("bpf.load", .kernel, "An eBPF program was loaded.", [("raw_tp/sys_exit", "")])
    case .bpfAttach:
      EventKindDefinition("bpf.attach", .kernel, "An eBPF program was attached.", [("raw_tp/sys_exit", "")])
    case .bpfMap:
      EventKindDefinition("bpf.map", .kernel, "An eBPF map was created.", [("raw_tp/sys_exit", "")])
    case .agentStart: EventKindDefinition("agent.start", .agent, "The agent began to watch.")
    case .agentStop: EventKindDefinition("agent.stop", .agent, "The agent stopped watching.")
    case .agentLoss:
      EventKindDefinition("agent.loss", .agent, "Events of a class were lost since the last such event, or the start.")
    case .policyDecision:
      EventKindDefinition(
        "policy.decision", .policy,
        "A rule denied an act, ended who did it, or told of it. The event has the act's fields, too.")
    case .policyChange:
      EventKindDefinition("policy.change", .policy, "Other policies count from now on, or none.")
    case .policyRefusal:
      EventKindDefinition("policy.refused", .policy, "Policies were refused: those before stay in force.")
    }
  }

  /// The name in output, queries and policies: `process.exec`.
  public var name: String { definition.name }

  /// The same as bytes.
  public var nameBytes: [UInt8] { Self.allNames[Int(rawValue)] }

  /// Whether the event says all that is known of its process (``Field/isDetail``).
  public var describesProcess: Bool {
    switch self {
    case .processFork, .processExec, .processCredentials, .agentStart, .policyDecision: true
    default: false
    }
  }

  public var eventClass: EventClass { Self.allClasses[Int(rawValue)] }

  private static let allNames: [[UInt8]] = (0...255).map { Self(rawValue: UInt8($0)).map { Array($0.name.utf8) } ?? [] }
  private static let allClasses: [EventClass] = (0...255).map {
    Self(rawValue: UInt8($0))?.definition.eventClass ?? .agent
  }

  /// The kind of a name.
  public init?(name: some StringProtocol) {
    guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = kind
  }
}

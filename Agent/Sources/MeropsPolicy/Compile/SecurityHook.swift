// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// A hook of the kernel's security modules: where the kernel asks whether something may be done, with its own objects in hand.
///
/// A program is attached to it as a security module (BPF LSM), or else to the function that asks the modules (fmod_ret), whose
/// arguments are the same.
public struct SecurityHook: Sendable {
  /// As in include/linux/lsm_hook_defs.h: `file_open`.
  public var name: String
  /// The function that asks the modules: `security_file_open`.
  public var function: String
  /// The paths that the rules may ask for, in the order in which they lie in memory (``ActLayout``).
  public var paths: [Field] = []
  /// What is found by its arguments.
  var arguments: [Field: Argument] = [:]
  /// An argument that says whether it is an act at all.
  var gate: Gate?
  /// The two numbers of the act that a verdict reports.
  public var told: (small: Field?, large: Field?) = (nil, nil)

  init(_ name: String, function: String? = nil) {
    self.name = name
    self.function = function ?? "security_\(name)"
  }

  /// A number that an argument is, or leads to.
  struct Argument: Sendable {
    var index: Int
    /// As in ``KernelLayout/members``; empty where the argument is the number, of 32 bits.
    var members: [(structure: String, member: String)] = []
    /// Bits that count.
    var mask: Int32?
  }

  /// It is an act if the argument has one of the bits, or is the number.
  struct Gate: Sendable {
    var index: Int
    var bits: Int32 = 0
    var number: Int32 = 0
  }
}

extension SecurityHook {
  fileprivate func with(_ change: (inout SecurityHook) -> Void) -> SecurityHook {
    var result = self
    change(&result)
    return result
  }

  /// What is known of an inode that the members lead to.
  fileprivate static func inode(
    _ index: Int, _ members: [(structure: String, member: String)]
  ) -> [Field: Argument] {
    [
      .fileInode: Argument(index: index, members: members + [("inode", "i_ino")]),
      .fileDevice: Argument(index: index, members: members + [("inode", "i_sb"), ("super_block", "s_dev")]),
      .fileMode: Argument(index: index, members: members + [("inode", "i_mode")]),
      .fileOwner: Argument(index: index, members: members + [("inode", "i_uid")]),
      .fileGroup: Argument(index: index, members: members + [("inode", "i_gid")]),
    ]
  }

  /// The hook of a file, of which everything is known.
  fileprivate static func file(_ name: String) -> SecurityHook {
    SecurityHook(name).with {
      $0.paths = [.filePath]
      $0.arguments = inode(0, [("file", "f_inode")])
    }
  }

  /// The hook of something that has a path, as the first argument.
  fileprivate static func path(_ name: String) -> SecurityHook {
    SecurityHook(name).with {
      $0.paths = [.filePath]
      $0.arguments = inode(0, [("path", "dentry"), ("dentry", "d_inode")])
    }
  }

  /// The hook of a name in a directory, of which the entry is the second argument.
  fileprivate static func name(_ name: String, exists: Bool) -> SecurityHook {
    SecurityHook(name).with {
      $0.paths = [.filePath]
      if exists { $0.arguments = inode(1, [("dentry", "d_inode")]) }
    }
  }

  fileprivate static func process(_ name: String) -> SecurityHook {
    SecurityHook(name).with {
      $0.arguments[.targetID] = Argument(index: 0, members: [("task_struct", "tgid")])
      $0.told.large = .targetID
    }
  }
}

extension PolicyHook {
  /// nil for hooks that belong to cgroups, and for tracepoints.
  public var security: SecurityHook? { Self.securityHooks[self] }

  private static let securityHooks: [PolicyHook: SecurityHook] = Dictionary(
    uniqueKeysWithValues: allCases.compactMap { hook in hook.makeSecurityHook().map { (hook, $0) } })

  private func makeSecurityHook() -> SecurityHook? {
    switch self {
    case .connect4, .connect6, .send4, .send6, .bind4, .bind6, .exec: nil
    case .execCheck: .execCheck
    case .fileOpen: .fileOpen
    case .fileCreate: .name("path_mknod", exists: false)
    case .directoryCreate: .name("path_mkdir", exists: false)
    case .fileUnlink: .name("path_unlink", exists: true)
    case .directoryRemove: .name("path_rmdir", exists: true)
    case .fileRename: .rename
    case .fileLink: .link
    case .fileSymlink: .name("path_symlink", exists: false)
    case .fileMode: .mode
    case .fileOwner: .owner
    case .fileTruncate: .path("path_truncate")
    case .fileMap: .map
    case .mount: .mount
    case .moveMount: SecurityHook("move_mount").with { $0.paths = [.filePath] }
    case .unmount: .unmount
    case .signal: .signal
    case .trace: .trace
    case .traceMe: .process("ptrace_traceme")
    case .moduleFile: .moduleFile
    case .moduleBytes: SecurityHook("kernel_load_data").with { $0.gate = SecurityHook.Gate(index: 0, number: 2) }
    case .bpfLoad: .bpf
    }
  }
}

extension SecurityHook {
  static let fileOpen = file("file_open").with {
    $0.arguments[.fileFlags] = Argument(index: 0, members: [("file", "f_flags")])
    $0.told.large = .fileFlags
  }

  /// PROT_EXEC. The kernel's own argument differs from the function's behind this one.
  static let map = file("mmap_file").with { $0.gate = Gate(index: 1, bits: 4) }

  /// The program that is to be started is asked about as that of the process: so it is the same for a rule that kills.
  static let execCheck = SecurityHook("bprm_check_security", function: "security_bprm_check").with {
    $0.paths = [.processExecutable]
    $0.arguments[.processExecutableInode] = Argument(
      index: 0, members: [("linux_binprm", "file"), ("file", "f_inode"), ("inode", "i_ino")])
  }

  static let rename = name("path_rename", exists: true).with { $0.paths = [.filePath, .fileTarget] }

  static let link = SecurityHook("path_link").with {
    $0.paths = [.filePath, .fileTarget]
    $0.arguments = inode(0, [("dentry", "d_inode")])
  }

  /// The permissions that are wanted.
  static let mode = path("path_chmod").with {
    $0.arguments[.fileMode] = Argument(index: 1, mask: 0xfff)
    $0.told.large = .fileMode
  }

  /// Those that are to own the file; the greatest number leaves them as they are.
  static let owner = path("path_chown").with {
    $0.arguments[.fileOwner] = Argument(index: 1)
    $0.arguments[.fileGroup] = Argument(index: 2)
    $0.told.large = .fileOwner
  }

  static let mount = SecurityHook("sb_mount").with {
    $0.paths = [.filePath]
    $0.arguments[.fileFlags] = Argument(index: 3)
    $0.told.large = .fileFlags
  }

  static let unmount = SecurityHook("sb_umount").with {
    $0.paths = [.filePath]
    $0.arguments[.fileFlags] = Argument(index: 1)
    $0.told.large = .fileFlags
  }

  /// Signal 0 asks whether there is the process.
  static let signal = process("task_kill").with {
    $0.arguments[.signalNumber] = Argument(index: 2)
    $0.gate = Gate(index: 2, bits: -1)
    $0.told.small = .signalNumber
  }

  /// PTRACE_MODE_ATTACH: what only reads, as `ps` does, is none.
  static let trace = process("ptrace_access_check").with { $0.gate = Gate(index: 1, bits: 2) }

  /// READING_MODULE
  static let moduleFile = SecurityHook("kernel_read_file").with {
    $0.paths = [.filePath]
    $0.gate = Gate(index: 1, number: 2)
  }

  /// BPF_PROG_LOAD
  static let bpf = SecurityHook("bpf").with {
    $0.arguments[.bpfType] = Argument(index: 1, members: [("bpf_attr", "prog_type")])
    $0.arguments[.bpfAttachType] = Argument(index: 1, members: [("bpf_attr", "expected_attach_type")])
    $0.gate = Gate(index: 0, number: 5)
    $0.told = (.bpfAttachType, .bpfType)
  }
}

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

/// What every record of the ring starts with: who did what, when, on which CPU.
struct EventHeader {
  /// Nanoseconds since boot, with sleep.
  var time: UInt64
  /// When the process was created, on the same clock: with the process id it names the process.
  var start: UInt64
  /// Counts what this CPU tried to send of the class: a gap is a loss.
  var sequence: UInt64
  var pid: UInt32
  var thread: UInt32
  /// A `RecordKind`.
  var kind: UInt16
  var processor: UInt16
  /// Bits of `RecordFlags`.
  var flags: UInt32
}

/// What a record is about.
enum RecordKind {
  static var fork: UInt16 { 1 }
  static var exec: UInt16 { 2 }
  static var exit: UInt16 { 3 }
  /// More arguments of the exec that the same CPU sent last.
  static var arguments: UInt16 { 4 }
  /// A process that was there before the sensors.
  static var snapshot: UInt16 { 5 }
  static var cgroupCreated: UInt16 { 6 }
  static var cgroupRemoved: UInt16 { 7 }
  /// The environment of the exec that the same CPU sent last.
  static var environment: UInt16 { 8 }
  /// A process that entered other namespaces or another cgroup.
  static var change: UInt16 { 9 }
  /// With the number of a model's `EventKind` in the lower byte: records that become an event of that kind.
  static var event: UInt16 { 0x100 }
}

/// Bits of a record's flags.
enum RecordFlags {
  static var pathIsCut: UInt32 { 1 }
  static var directoryIsCut: UInt32 { 2 }
  static var argumentsAreCut: UInt32 { 4 }
  /// More records with arguments follow from the same CPU.
  static var hasMore: UInt32 { 8 }
  static var isKernelThread: UInt32 { 16 }
  /// Names are what the caller's memory said, not the kernel's objects.
  static var isUserName: UInt32 { 32 }
  static var nameIsCut: UInt32 { 64 }
  static var targetIsCut: UInt32 { 128 }
  /// The file lies in the upper layer of an overlayfs.
  static var isUpper: UInt32 { 256 }
  /// No event is made of it: it keeps what is known of processes up to date.
  static var isLeftOut: UInt32 { 512 }
}

/// What is counted together, by CPU.
///
/// The numbers are those of the model's `EventClass`.
enum CountedClass {
  static var process: UInt32 { 0 }
  static var file: UInt32 { 1 }
  static var network: UInt32 { 2 }
  static var dns: UInt32 { 3 }
  static var kernel: UInt32 { 4 }
}

/// Counters of one class on one CPU.
struct ClassCounts {
  var recorded: UInt64
  var filtered: UInt64
  /// Of `filtered`, what was beyond the limit.
  var limited: UInt64
  /// The ring was full.
  var lost: UInt64
  /// The last `sequence`.
  var sequence: UInt64
  /// The second since boot in which the limit was last looked at, and what was recorded in it.
  var second: UInt64
  var inSecond: UInt64
}

/// A process at its fork or exec, or as the snapshot finds it. Behind it: the path of the program, the working directory,
/// both leaf first, and the arguments, each with a zero byte behind it.
struct ProcessRecord {
  var header: EventHeader
  var parentStart: UInt64
  /// The process that called fork or clone; its parent may be another one (CLONE_PARENT).
  var creatorStart: UInt64
  var cgroup: UInt64
  var inode: UInt64
  /// Effective capabilities.
  var capabilities: UInt64
  /// As the kernel numbers devices: the major number in the upper 12 bits.
  var device: UInt32
  /// Names that the program's file has.
  var links: UInt32
  /// `mnt_flags` of the mount that the program's file is in.
  var mountFlags: UInt32
  var parent: UInt32
  var creator: UInt32
  var namespacedPID: UInt32
  var user: UInt32
  var group: UInt32
  var realUser: UInt32
  var realGroup: UInt32
  var savedUser: UInt32
  var loginUser: UInt32
  var session: UInt32
  var pidNamespace: UInt32
  var mountNamespace: UInt32
  var networkNamespace: UInt32
  var userNamespace: UInt32
  var pathBytes: UInt32
  var directoryBytes: UInt32
  var argumentBytes: UInt32
  var command: FixedString<16>
  /// The controlling terminal: `pts3`.
  var terminal: FixedString<16>
}

/// What a process is since it entered other namespaces or another cgroup.
struct ChangeRecord {
  var header: EventHeader
  var cgroup: UInt64
  /// Effective capabilities: all of them in a user namespace of its own.
  var capabilities: UInt64
  var mountNamespace: UInt32
  var networkNamespace: UInt32
  var userNamespace: UInt32
  var isPadding: UInt32
}

/// The end of a process.
struct ExitRecord {
  var header: EventHeader
  /// As wait(2) has it.
  var status: UInt32
  var isPadding: UInt32
  /// Nanoseconds of all threads.
  var processorTime: UInt64
  /// The largest resident set, in pages.
  var maximumPages: UInt64
}

/// A cgroup that came or went, with its path in the hierarchy behind it; or one that the header's process entered.
struct CgroupRecord {
  var header: EventHeader
  var cgroup: UInt64
}

// What programs of several sensors do.
#if hasFeature(Embedded)
  /// Not 0 while the reader looks at the ring by itself every now and then. Shared by all programs.
  var reader = ArrayMap<UInt32>(maxEntries: 1, flags: .memoryMappable)

  /// Whether a record wakes the reader: that takes longer than all else about most records.
  var wakeup: RingWakeup {
    @inline(__always) get { RingWakeup(rawValue: UInt64(reader.pointer(to: 0)?.pointee ?? 0) & 1) }
  }

  extension EventHeader {
    /// Fills everything in.
    ///
    /// - Parameters:
    ///   - kind: a `RecordKind`.
    ///   - sequence: 0 where nothing is counted.
    @inline(__always)
    mutating func set(
      _ kind: UInt16, start: UInt64, pid: UInt32, thread: UInt32, at time: UInt64 = Clock.boot, flags: UInt32 = 0,
      sequence: UInt64 = 0
    ) {
      self.time = time
      self.start = start
      self.sequence = sequence
      self.pid = pid
      self.thread = thread
      self.kind = kind
      processor = UInt16(truncatingIfNeeded: currentProcessor)
      self.flags = flags
    }

    /// The running thread does something.
    ///
    /// - Parameter kind: the number of a model's `EventKind`.
    @inline(__always)
    mutating func begin(_ kind: UInt32, flags: UInt32 = 0, _ counts: UnsafeMutablePointer<ClassCounts>) {
      set(
        RecordKind.event | UInt16(truncatingIfNeeded: kind),
        start: task_struct.Probed.current.group_leader.start_boottime, pid: CurrentThread.processID,
        thread: CurrentThread.threadID, flags: flags, sequence: counts.pointee.sequence)
    }
  }

  /// What a descriptor of the running process stands for.
  @inline(__always)
  func opened(_ descriptor: UInt64) -> file.Probed {
    // The kernel itself trusts the number: it gave it, or has used it.
    task_struct.Probed.current.files.fdt.fd[Int(descriptor & 0xff_ffff)]
  }

  /// Whether a file lies in the upper layer of an overlayfs: it was changed or added after the layers below were made.
  ///
  /// `struct ovl_inode` has the entry of the upper layer right behind the inode, on all kernels from 4.13 on. It is named
  /// nowhere else: the types of overlayfs are those of a module, which 5.10 does not have.
  @inline(__always)
  func isUpper(_ node: inode.Probed) -> Bool {
    if node.i_sb.s_magic != 0x794c_7630 { return false }  // OVERLAYFS_SUPER_MAGIC
    return (readKernel(UInt64.self, at: node.pointer + inode.size) ?? 0) != 0
  }

  extension PerCPUArray where Value == ClassCounts {
    /// Counts an act, and what became of it.
    ///
    /// Kernels of 2026 let one program be preempted by another: each step is atomic.
    ///
    /// - Parameter send: whether the record was sent; nil if it is left out.
    @inline(__always)
    mutating func count(_ class: UInt32, _ send: (UnsafeMutablePointer<ClassCounts>) -> Bool?) {
      guard let counts = pointer(to: `class`) else { return }
      atomicAdd(1, to: &counts.pointee.sequence)
      if let isSent = send(counts) {
        if isSent { atomicAdd(1, to: &counts.pointee.recorded) } else { atomicAdd(1, to: &counts.pointee.lost) }
      } else {
        atomicAdd(.max, to: &counts.pointee.sequence)
        atomicAdd(1, to: &counts.pointee.filtered)
      }
    }

    /// Counts an act that is left out and never was to be sent.
    @inline(__always)
    mutating func countFiltered(_ class: UInt32) {
      if let counts = pointer(to: `class`) { atomicAdd(1, to: &counts.pointee.filtered) }
    }

    /// Counts acts of which there is nothing to send, such as those that did not fit into a map.
    @inline(__always)
    mutating func countLost(_ class: UInt32, by number: UInt64 = 1) {
      if let counts = pointer(to: `class`) { atomicAdd(number, to: &counts.pointee.lost) }
    }
  }
#endif

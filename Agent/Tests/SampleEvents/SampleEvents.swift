// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Events such as a busy machine has, made up: each second process that starts forks, executes, opens files, some of them
/// over and over, connects, and ends. The same seed makes the same events.
public struct SampleEvents: ~Copyable {
  private var random: UInt64
  private var nextID: UInt64
  private var time: UInt64
  private var running: [Process] = []
  private var nextPID: UInt32 = 1000
  private var builder = EventBatchBuilder()
  private let machine: Process
  /// Nanoseconds from one event to the next.
  public var pace: UInt64 = 10_000

  /// - Parameter time: The first event's, in nanoseconds since 1970.
  public init(seed: UInt64 = 1, time: UInt64 = 1_790_000_000_000_000_000) {
    random = seed
    self.time = time
    nextID = (time / 1000) << 12
    var facts = Facts()
    facts.append(.processID, UInt64(1))
    facts.append(.processExecutable, .text("/usr/lib/systemd/systemd"))
    facts.append(.processName, .text("systemd"))
    machine = Process(key: ProcessKey(start: 1, pid: 1), generation: 0, parent: nil, facts: facts)
    for _ in 0..<40 { running.append(start(from: machine)) }
  }

  private mutating func next(_ limit: Int) -> Int {
    random &+= 0x9e37_79b9_7f4a_7c15
    var z = random
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((z ^ (z >> 31)) % UInt64(limit))
  }

  private static let programs = [
    "/usr/bin/bash", "/usr/bin/sed", "/usr/bin/grep", "/usr/bin/python3.11", "/usr/sbin/sshd", "/usr/bin/git",
    "/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "/usr/bin/make", "/opt/service/bin/server", "/usr/bin/curl",
  ]
  private static let folders = [
    "/etc", "/usr/lib/x86_64-linux-gnu", "/usr/share/zoneinfo/Europe", "/var/lib/service/data",
    "/home/build/project/Sources/Module", "/proc/self", "/tmp",
  ]

  private mutating func start(from parent: Process) -> Process {
    nextPID += 1
    let program = Self.programs[next(Self.programs.count)]
    var facts = Facts()
    facts.append(.processID, UInt64(nextPID))
    facts.append(.processParentID, UInt64(parent.key.pid))
    facts.append(.processStart, time)
    facts.append(.processName, .text(Text(Array(program.utf8.split(separator: UInt8(ascii: "/")).last ?? []))))
    facts.append(.processExecutable, .text(Text(program)))
    facts.append(.processExecutableInode, UInt64(1_000_000 + program.utf8.count))
    facts.append(.processExecutableDevice, UInt64(0xfe01))
    facts.append(
      .processArguments, .texts([Text(program), "--verbose", "-o", Text("/tmp/build/output-\(next(5_000)).o"), "-"]))
    facts.append(.processWorkingDirectory, .text(Text(Self.folders[next(Self.folders.count)])))
    for field in [Field.processUser, .processGroup, .processRealUser, .processRealGroup] {
      facts.append(field, UInt64(next(3) == 0 ? 0 : 1000))
    }
    facts.append(.processCgroup, UInt64(40_000 + next(20)))
    facts.append(.processCgroupPath, .text(Text("/system.slice/service-\(next(20)).service")))
    for field in [Field.processPIDNamespace, .processMountNamespace, .processNetworkNamespace, .processUserNamespace] {
      facts.append(field, UInt64(4_026_531_836 + next(4)))
    }
    return Process(
      key: ProcessKey(start: time, pid: nextPID), generation: 1, parent: parent, facts: facts)
  }

  /// Makes a batch.
  public mutating func batch(_ count: Int) -> EventBatch {
    for _ in 0..<count { append() }
    return builder.finish()
  }

  private mutating func append() {
    time += pace
    nextID = max(nextID + 1, (time / 1000) << 12)
    let index = next(running.count)
    var facts = Facts()
    let kind: EventKind
    switch next(100) {
    // The first goes on for ever, as a service does.
    case 0..<3 where index > 0:
      running[index] = start(from: running[next(running.count)].parent ?? machine)
      kind = .processExec
    case 0..<6:
      kind = .processExit
      facts.append(.exitCode, Int64(next(3) == 0 ? 1 : 0))
      facts.append(.exitDuration, UInt64(next(1_000_000_000)))
      facts.append(.exitCPUTime, UInt64(next(100_000_000)))
      facts.append(.exitMaximumMemory, UInt64(next(100_000) * 1024))
    case 6..<16:
      kind = .networkConnect
      facts.append(.networkTransport, .text("tcp"))
      facts.append(.sourceAddress, .address(Address(ipv4: 0x0a00_0005)))
      facts.append(.sourcePort, UInt64(32_768 + next(28_000)))
      facts.append(.destinationAddress, .address(Address(ipv4: 0xc000_0200 + UInt32(next(200)))))
      facts.append(.destinationPort, UInt64(443))
      facts.append(.networkLatency, UInt64(next(20_000_000)))
      facts.append(.networkSocket, UInt64(1_000_000 + next(1_000_000)))
    case 16..<20:
      kind = .dnsQuery
      facts.append(.dnsID, UInt64(next(65_536)))
      facts.append(.dnsName, .text(Text("host-\(next(300)).example.com")))
      facts.append(.dnsType, .text("AAAA"))
    case let other:
      kind = other < 50 ? .fileWrite : .fileOpen
      // One file in twenty is a new one.
      let file = next(20) == 0 ? "scratch-\(next(1_000_000_000))" : "file-\(next(400)).conf"
      facts.append(.filePath, .text(Text("\(Self.folders[next(Self.folders.count)])/\(file)")))
      facts.append(.fileInode, UInt64(next(4_000_000)))
      facts.append(.fileDevice, UInt64(0xfe01))
      facts.append(.fileFlags, UInt64(0x88241))
      facts.append(.eventNameSource, .text("kernel"))
    }
    builder.append(kind, id: EventID(rawValue: nextID), time: time, by: running[index], facts)
  }
}

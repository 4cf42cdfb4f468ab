// SPDX-License-Identifier: Apache-2.0
import BPFValues
import MeropsModel

extension Reading {
  /// Takes what a process became by a fork or an exec.
  mutating func takeProcess(_ bytes: RawSpan) {
    guard let record: ProcessRecord = bytes.head() else { return }
    let header = record.header
    guard header.kind == RecordKind.exec, header.flags & RecordFlags.hasMore != 0 else {
      takeProcess(record, bytes, arguments: nil, isCut: header.flags & RecordFlags.argumentsAreCut != 0)
      return
    }
    let processor = Int(header.processor)
    while pending.count <= processor { pending.append(nil) }
    pending[processor] = PendingExec(record: record, bytes: Packed.copied(bytes))
  }

  /// Takes more arguments of the exec that the same CPU sent last.
  mutating func takeArguments(_ bytes: RawSpan) {
    guard let header: EventHeader = bytes.head() else { return }
    let processor = Int(header.processor)
    guard processor < pending.count, var exec = pending[processor],
      exec.record.header.sequence == header.sequence
    else { return }
    pending[processor] = nil
    let rest = bytes.extracting(droppingFirst: MemoryLayout<EventHeader>.size)
    if header.kind == RecordKind.environment {
      exec.environment = wanted(rest)
      finish(exec)
      return
    }
    rest.withUnsafeBytes { exec.bytes.append(contentsOf: $0) }
    if header.flags & RecordFlags.argumentsAreCut != 0 { exec.isCut = true }
    if header.flags & RecordFlags.hasMore != 0 { pending[processor] = exec } else { finish(exec) }
  }

  /// The variables that the configuration asks for, each with a zero byte behind it.
  private func wanted(_ environment: RawSpan) -> [UInt8] {
    var result: [UInt8] = []
    Packed.forEachText(environment, isCut: true) { text, isCut in
      text.withUnsafeBytes { text in
        guard let name = text.firstIndex(of: UInt8(ascii: "=")),
          environmentNames.contains(where: { $0.elementsEqual(text[..<name]) })
        else { return }
        redaction.withRedacted(text.bytes, isCut: isCut) { $0.withUnsafeBytes { result.append(contentsOf: $0) } }
        result.append(0)
      }
    }
    return result
  }

  /// Takes the execs of a CPU whose last arguments were lost as they are.
  mutating func finishPending(of processor: Int) {
    guard processor < pending.count, var exec = pending[processor] else { return }
    pending[processor] = nil
    exec.isCut = true
    finish(exec)
  }

  mutating func finishPending() { for processor in pending.indices { finishPending(of: processor) } }

  private mutating func finish(_ exec: PendingExec) {
    let record = exec.record
    let start = MemoryLayout<ProcessRecord>.size + Int(record.pathBytes) + Int(record.directoryBytes)
    let isCut = exec.isCut || record.header.flags & RecordFlags.argumentsAreCut != 0
    exec.bytes.withUnsafeBytes { bytes in
      let bytes = bytes.bytes
      takeProcess(
        record, bytes, arguments: start..<max(start, bytes.byteCount), isCut: isCut, environment: exec.environment)
    }
  }

  private mutating func takeProcess(
    _ record: ProcessRecord, _ bytes: RawSpan, arguments: Range<Int>?, isCut: Bool, environment: [UInt8] = []
  ) {
    let header = record.header
    let key = ProcessKey(start: header.start, pid: header.pid)
    let parent = table.find(ProcessKey(start: record.parentStart, pid: record.parent))
    if header.kind == RecordKind.fork {
      let creator = table.find(ProcessKey(start: record.creatorStart, pid: record.creator)) ?? parent
      describe(record)
      creator.map { inherit($0) }
      let process = Process(key: key, generation: 0, parent: parent, facts: Facts(packed: facts.bytes))
      table.insert(process)
      facts.removeAll()
      append(.processFork, header, by: process)
      return
    }
    describe(record)
    let start = MemoryLayout<ProcessRecord>.size + Int(record.pathBytes) + Int(record.directoryBytes)
    let arguments = arguments ?? start..<start + Int(record.argumentBytes)
    describeProgram(record, bytes, bytes.part(arguments.lowerBound, arguments.count), isCut: isCut)
    if !environment.isEmpty { facts.append(.processEnvironment, environment.span.bytes) }
    let before = table.find(key)
    let process = Process(
      key: before?.key ?? key, generation: before.map { $0.generation + 1 } ?? 0, parent: before?.parent ?? parent,
      facts: Facts(packed: facts.bytes))
    table.insert(process, at: header.time)
    facts.removeAll()
    append(.processExec, header, by: process)
  }

  /// Takes the end of a process.
  mutating func takeExit(_ bytes: RawSpan) {
    guard let record: ExitRecord = bytes.head() else { return }
    let header = record.header
    let process = process(header)
    facts.removeAll()
    let signal = record.status & 0x7f
    if signal != 0 {
      facts.append(.exitSignal, UInt64(signal))
    } else {
      facts.append(.exitCode, Int64(record.status >> 8 & 0xff))
    }
    facts.append(.exitDuration, header.time > header.start ? header.time - header.start : 0)
    facts.append(.exitCPUTime, record.processorTime)
    facts.append(.exitMaximumMemory, record.maximumPages * pageSize)
    append(.processExit, header, by: process)
    table.end(ProcessKey(start: header.start, pid: header.pid), at: header.time)
  }

  /// Takes what a process is since it entered other namespaces or another cgroup.
  mutating func takeChange(_ bytes: RawSpan) {
    guard let record: ChangeRecord = bytes.head() else { return }
    let process = process(record.header)
    facts.removeAll()
    facts.append(.processCapabilities, record.capabilities)
    facts.append(.processMountNamespace, UInt64(record.mountNamespace))
    facts.append(.processNetworkNamespace, UInt64(record.networkNamespace))
    facts.append(.processUserNamespace, UInt64(record.userNamespace))
    describeCgroup(record.cgroup, of: record.header.pid)
    change(process)
  }

  /// Puts the facts that were collected in the place of a process's own: events from now on have them.
  mutating func change(_ process: Process) {
    var new: Set<Field> = []
    facts.forEach { field, _, _ in new.insert(field) }
    if new.contains(.processCgroup) {
      new.formUnion([
        .processCgroupPath, .containerID, .containerRuntime, .containerName, .containerImage, .containerRootfs,
      ])
    }
    process.facts.forEach { field, bytes, isCut in
      if !new.contains(field) { facts.append(field, bytes, isCut: isCut) }
    }
    table.update(
      Process(
        key: process.key, generation: process.generation, parent: process.parent, facts: Facts(packed: facts.bytes)))
    facts.removeAll()
  }

  /// Takes a cgroup that came or went.
  mutating func takeCgroup(_ bytes: RawSpan) {
    guard let record: CgroupRecord = bytes.head() else { return }
    switch record.header.kind {
    case RecordKind.cgroupRemoved:
      cgroups.remove(record.cgroup)
      filters.forgetCgroup(record.cgroup)
    default:
      let path = Packed.copied(bytes.extracting(droppingFirst: MemoryLayout<CgroupRecord>.size))
      cgroups.insert(record.cgroup, path: Array(path.prefix { $0 != 0 }))
    }
  }

  /// Takes the processes that the iterator found.
  ///
  /// - Parameter bytes: records of processes, one behind the other.
  mutating func takeSnapshot(_ bytes: [UInt8]) {
    cgroups.readAll()
    var found: [UInt32: Range<Int>] = [:]
    var offset = 0
    while let record: ProcessRecord = bytes.span.bytes.part(offset, bytes.count).head() {
      let size = MemoryLayout<ProcessRecord>.size + Int(record.pathBytes) + Int(record.directoryBytes)
      guard offset + size <= bytes.count else { break }
      found[record.header.pid] = offset..<offset + size
      offset += size
    }
    for pid in ProcessFiles.all() where found[pid] == nil { found[pid] = 0..<0 }
    // Parents first: a process does not change its parent.
    for pid in found.keys.sorted() { takeExisting(pid, &found, bytes) }
  }

  private mutating func takeExisting(_ pid: UInt32, _ found: inout [UInt32: Range<Int>], _ bytes: [UInt8]) {
    guard let range = found.removeValue(forKey: pid) else { return }
    if range.isEmpty {
      // The kernel hides it from programs; /proc does not.
      guard let files = ProcessFiles(pid) else { return }
      takeExisting(files.parent, &found, bytes)
      takeFiles(files)
      return
    }
    let bytes = bytes
    let span = bytes.span.bytes.extracting(range)
    guard let record: ProcessRecord = span.head() else { return }
    if record.parent != pid { takeExisting(record.parent, &found, bytes) }
    let key = ProcessKey(start: record.header.start, pid: pid)
    let parent = record.parent == pid ? nil : table.find(ProcessKey(start: record.parentStart, pid: record.parent))
    describe(record)
    let arguments = ProcessFiles.arguments(pid)
    describeProgram(record, span, arguments.span.bytes, isCut: arguments.count == ProcessFiles.argumentLimit)
    table.insert(Process(key: key, generation: 0, parent: parent, facts: Facts(packed: facts.bytes)))
    facts.removeAll()
  }

  /// The process that did something; one that is not known is looked for in /proc, and else it is its number only.
  mutating func process(_ header: EventHeader) -> Process {
    let key = ProcessKey(start: header.start, pid: header.pid)
    if let known = table.find(key) { return known }
    if let files = ProcessFiles(header.pid), key.start >= files.start,
      key.start - files.start < 2 * ProcessTable.coarseness
    {
      return takeFiles(files)
    }
    facts.removeAll()
    facts.append(.processID, UInt64(header.pid))
    facts.append(.processStart, header.start)
    let process = Process(key: key, generation: 0, parent: nil, facts: Facts(packed: facts.bytes))
    facts.removeAll()
    return process
  }

  @discardableResult
  private mutating func takeFiles(_ files: ProcessFiles) -> Process {
    let parent = table[files.parent]
    facts.removeAll()
    files.describe(&facts, redaction)
    if let cgroup = cgroups.find(files.pid) { describeCgroup(cgroup, of: files.pid) }
    let process = Process(
      key: ProcessKey(start: files.start, pid: files.pid), generation: 0, parent: parent,
      facts: Facts(packed: facts.bytes))
    facts.removeAll()
    table.insert(process, isCoarse: true)
    return process
  }
}

// Facts of processes.
extension Reading {
  /// Who a process is.
  private mutating func describe(_ record: ProcessRecord) {
    facts.removeAll()
    facts.append(.processID, UInt64(record.header.pid))
    facts.append(.processParentID, UInt64(record.parent))
    facts.append(.processStart, record.header.start)
    appendText(.processName, record.command)
    facts.append(.processUser, UInt64(record.user))
    facts.append(.processGroup, UInt64(record.group))
    facts.append(.processRealUser, UInt64(record.realUser))
    facts.append(.processRealGroup, UInt64(record.realGroup))
    facts.append(.processSavedUser, UInt64(record.savedUser))
    facts.append(.processCapabilities, record.capabilities)
    if record.loginUser != .max { facts.append(.processLoginUser, UInt64(record.loginUser)) }
    if record.session != .max { facts.append(.processSession, UInt64(record.session)) }
    facts.append(.processNamespacedID, UInt64(record.namespacedPID))
    facts.append(.processPIDNamespace, UInt64(record.pidNamespace))
    facts.append(.processMountNamespace, UInt64(record.mountNamespace))
    facts.append(.processNetworkNamespace, UInt64(record.networkNamespace))
    facts.append(.processUserNamespace, UInt64(record.userNamespace))
    if !record.terminal.isEmpty { appendText(.processTTY, record.terminal) }
    describeCgroup(record.cgroup, of: record.header.pid)
  }

  private mutating func describeCgroup(_ id: UInt64, of pid: UInt32) {
    facts.append(.processCgroup, id)
    guard let cgroup = cgroups[id, of: pid] else { return }
    facts.append(.processCgroupPath, cgroup.path.span.bytes)
    guard let container = cgroup.container else { return }
    cgroups.waitForFiles(of: container)
    container.forEachFact { facts.append($0, $1) }
  }

  mutating func appendText<let count: Int>(_ field: Field, _ text: FixedString<count>) {
    withUnsafeBytes(of: text) { bytes in
      facts.append(field, UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.firstIndex(of: 0) ?? count)]).bytes)
    }
  }

  /// Which program a process runs.
  private mutating func describeProgram(
    _ record: ProcessRecord, _ bytes: RawSpan, _ arguments: RawSpan, isCut: Bool
  ) {
    let flags = record.header.flags
    // The kernel's own threads have no program.
    guard flags & RecordFlags.isKernelThread == 0 else { return }
    let head = MemoryLayout<ProcessRecord>.size
    let pathIsCut = flags & RecordFlags.pathIsCut != 0
    let packed = bytes.part(head, Int(record.pathBytes))
    appendPath(.processExecutable, packed, isCut: pathIsCut)
    facts.append(.processExecutableInode, record.inode)
    facts.append(.processExecutableDevice, userDevice(record.device))
    if record.links == 0 {
      // MNT_INTERNAL: the mount is the kernel's own, and nobody can reach a file in it by a name.
      let isMemory = record.mountFlags & 0x4000 != 0 && PackedNames.isMemoryFile(packed)
      facts.append(isMemory ? .processExecutableIsMemory : .processExecutableIsDeleted, true)
    }
    if flags & RecordFlags.isUpper != 0 { facts.append(.processExecutableIsUpper, true) }
    let redaction = redaction
    redaction.withRedacted(arguments, isCut: isCut) { facts.append(.processArguments, $0, isCut: isCut) }
    appendPath(
      .processWorkingDirectory, bytes.part(head + Int(record.pathBytes), Int(record.directoryBytes)),
      isCut: flags & RecordFlags.directoryIsCut != 0)
  }

  /// Appends a path that a program in the kernel packed.
  mutating func appendPath(_ field: Field, _ packed: RawSpan, isCut: Bool) {
    var text: [UInt8] = []
    swap(&path, &text)
    defer { swap(&path, &text) }
    PackedNames.unpack(packed, isCut: isCut, into: &text)
    facts.append(field, text.span.bytes, isCut: isCut)
  }

  /// The program of the process that created this one.
  private mutating func inherit(_ creator: Process) {
    creator.facts.forEach { field, bytes, isCut in
      switch field {
      case .processExecutable, .processExecutableInode, .processExecutableDevice, .processExecutableIsDeleted,
        .processExecutableIsMemory, .processExecutableIsUpper, .processArguments, .processWorkingDirectory,
        .processEnvironment:
        facts.append(field, bytes, isCut: isCut)
      default: break
      }
    }
  }
}

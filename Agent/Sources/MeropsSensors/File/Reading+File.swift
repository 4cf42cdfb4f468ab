// SPDX-License-Identifier: Apache-2.0
import Glibc
import MeropsModel

extension Reading {
  /// Takes what was done to a file.
  mutating func takeFile(_ bytes: RawSpan, _ kind: EventKind) {
    guard let record: FileRecord = bytes.head() else { return }
    let header = record.header
    let process = process(header)
    var kind = kind
    // Of an open that failed only its flags say what it was for.
    if kind == .fileOpen, record.error != 0, record.flags & 3 != 0 { kind = .fileWrite }
    if record.repeats > 0 {
      facts.removeAll()
      describe(record, bytes, kind)
      facts.append(.eventCount, record.repeats)
      append(.fileRepeats, header, by: process)
    }
    facts.removeAll()
    describe(record, bytes, kind)
    if record.error != 0 { facts.append(.eventError, UInt64(record.error)) }
    append(kind, header, by: process)
  }

  /// Takes repeats that the kernel's map forgot the file of, for want of room.
  mutating func takeForgottenRepeats(_ count: UInt64) {
    let now = Reading.sinceBoot()
    let own = UInt32(bitPattern: getpid())
    let key = table[own]?.key ?? ProcessKey(start: 0, pid: own)
    let header = EventHeader(
      time: now, start: key.start, sequence: 0, pid: key.pid, thread: key.pid, kind: 0, processor: 0, flags: 0)
    let process = process(header)
    facts.removeAll()
    facts.append(.eventCount, count)
    append(.fileRepeats, header, by: process)
  }

  /// Takes repeated opens that are over. The events before have the file's path.
  mutating func takeRepeats(_ key: OpenKey, _ repeats: OpenRepeats) {
    let header = EventHeader(
      time: Reading.sinceBoot(), start: key.start, sequence: 0, pid: key.pid, thread: key.pid, kind: 0, processor: 0,
      flags: 0)
    let process = process(header)
    facts.removeAll()
    facts.append(.fileInode, key.inode)
    facts.append(.fileDevice, userDevice(key.device))
    facts.append(.fileFlags, UInt64(key.flags))
    facts.append(.eventCount, repeats.count)
    append(.fileRepeats, header, by: process)
  }

  private mutating func describe(_ record: FileRecord, _ bytes: RawSpan, _ kind: EventKind) {
    let flags = record.header.flags
    let isUserName = flags & RecordFlags.isUserName != 0
    let places = MemoryLayout<FileRecord>.size
    let names = places + Int(record.directoryBytes)
    let targets = names + Int(record.nameBytes)
    let targetNames = targets + Int(record.targetDirectoryBytes)
    let texts = targetNames + Int(record.targetNameBytes)
    appendPlace(
      .filePath, bytes.part(places, Int(record.directoryBytes)), bytes.part(names, Int(record.nameBytes)),
      isCut: flags & (RecordFlags.nameIsCut | RecordFlags.pathIsCut) != 0)
    let text = withoutZero(bytes.part(texts, Int(record.textBytes)))
    let targetName = bytes.part(targetNames, Int(record.targetNameBytes))
    switch kind {
    case .fileRename, .fileLink:
      appendPlace(
        .fileTarget, bytes.part(targets, Int(record.targetDirectoryBytes)), targetName,
        isCut: flags & RecordFlags.targetIsCut != 0)
    case .fileSymlink: facts.append(.fileTarget, text)
    case .mount:
      // A device, or any word: it leads nowhere for a file system without one.
      facts.append(.mountSource, withoutZero(targetName))
      if text.byteCount > 0 { facts.append(.mountType, text) }
    default: break
    }
    if record.inode != 0 {
      facts.append(.fileInode, record.inode)
      facts.append(.fileDevice, userDevice(record.device))
      if flags & RecordFlags.isUpper != 0 { facts.append(.fileIsUpper, true) }
    }
    switch kind {
    case .fileOpen, .fileCreate, .fileWrite, .fileMapExecutable, .mount, .unmount:
      facts.append(.fileFlags, UInt64(record.flags))
    default: break
    }
    if record.mode != .max { facts.append(.fileMode, UInt64(record.mode)) }
    if record.owner != .max { facts.append(.fileOwner, UInt64(record.owner)) }
    if record.group != .max { facts.append(.fileGroup, UInt64(record.group)) }
    facts.append(.eventNameSource, (isUserName ? Self.user : Self.kernel).span.bytes)
  }

  private static let user = Array("user".utf8)
  private static let kernel = Array("kernel".utf8)

  /// Appends the path of a name in a directory; the name is empty where the directory is meant.
  private mutating func appendPlace(_ field: Field, _ packed: RawSpan, _ name: RawSpan, isCut: Bool) {
    var text: [UInt8] = []
    swap(&path, &text)
    defer { swap(&path, &text) }
    PackedNames.unpack(packed, isCut: false, into: &text)
    let name = withoutZero(name)
    if name.byteCount > 0 {
      let slash = UInt8(ascii: "/")
      if text.count == 1 { text.removeAll(keepingCapacity: true) }
      if name.unsafeLoad(as: UInt8.self) != slash { text.append(slash) }
      name.withUnsafeBytes { text.append(contentsOf: $0) }
    }
    facts.append(field, text.span.bytes, isCut: isCut)
  }

  /// Text without the zero byte that closes it.
  @_lifetime(copy bytes)
  private func withoutZero(_ bytes: RawSpan) -> RawSpan {
    let count = bytes.byteCount
    return count > 0 && bytes.unsafeLoad(fromByteOffset: count - 1, as: UInt8.self) == 0
      ? bytes.extracting(0..<count - 1) : bytes
  }
}

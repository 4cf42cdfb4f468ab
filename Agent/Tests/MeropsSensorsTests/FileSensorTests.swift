// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import MeropsSensors
import Testing

/// Acts on files by a script that the test starts, as the sensor reports them.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct FileSensorTests {
  /// A directory of its own, and what happened in it.
  struct Acts {
    var folder: String
    /// Those of the script's process, and all.
    var events: [Event]
    var allEvents: [Event]
    var allCounts: Counts
    var pid: UInt32
    var counts: Counts.Entry { allCounts[.file] }
    var reports: [SensorReport]
    /// The hook of what is done by names.
    var hook: String
    var isByHooks: Bool { hook.contains("fentry") }

    /// Does what a Python script says, with the directory as its working directory.
    init(_ script: String, _ change: (inout SensorOptions) -> Void = { _ in }) throws {
      let folder = NSTemporaryDirectory() + "merops-files-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      self.folder = URL(filePath: folder).resolvingSymlinksInPath().path
      var options = SensorOptions()
      change(&options)
      let watch = try Watch(options)
      let process = Foundation.Process()
      process.executableURL = URL(filePath: "/usr/bin/python3")
      process.arguments = ["-c", "import os, ctypes, shutil\nlibc = ctypes.CDLL(None)\n" + script]
      process.currentDirectoryURL = URL(filePath: folder)
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let pid = UInt32(bitPattern: process.processIdentifier)
      self.pid = pid
      allEvents = try watch.finish()
      events = allEvents.filter { $0.process.key.pid == pid }
      allCounts = try watch.sensors.counts()
      reports = watch.sensors.reports
      hook = try #require(watch.sensors.reports.first { $0.sensor.hasPrefix("file.unlink") }?.hook)
    }

    /// Those of a kind whose file lies in the directory (Python opens that, too), as `name`, `name -> target`, with `!errno`.
    func lines(_ kind: EventKind) -> [String] {
      events.filter { $0.kind == kind }.compactMap { event -> String? in
        guard let name = nameInside(event, .filePath), !name.isEmpty else { return nil }
        let target = nameInside(event, .fileTarget).map { " -> \($0)" } ?? ""
        if case .uint(let error)? = event[.eventError] { return "\(name)\(target) !\(error)" }
        return name + target
      }
    }

    /// Where the names of the acts of a kind are from.
    func sources(_ kind: EventKind) -> [Value?] {
      events.filter { $0.kind == kind && nameInside($0, .filePath) != nil }.map { $0[.eventNameSource] }
    }

    private func nameInside(_ event: Event, _ field: Field) -> String? {
      guard case .text(let path)? = event[field], let range = path.description.range(of: folder) else { return nil }
      return String(path.description[range.upperBound...])
    }
  }

  @Test func everyActHasItsPathAndItsOutcome() throws {
    let acts = try Acts(
      """
      here = os.open('.', os.O_RDONLY)
      os.close(os.open('new', os.O_CREAT | os.O_WRONLY, 0o644))
      os.close(os.open('new', os.O_RDWR, dir_fd=here))
      os.close(os.open(os.getcwd() + '/new', os.O_RDONLY))
      os.rename('new', 'one')
      os.rename('one', 'two', src_dir_fd=here, dst_dir_fd=here)
      os.link('two', 'hard')
      os.symlink('two', 'soft')
      os.close(os.open('soft', os.O_RDONLY))
      os.chmod('two', 0o600)
      file = os.open('hard', os.O_RDONLY)
      os.fchmod(file, 0o640)
      os.fchown(file, 1, 2)
      os.chown('two', 3, 4)
      os.unlink('hard')
      os.unlink('soft', dir_fd=here)
      os.mkdir('sub')
      os.rmdir('sub')
      def fails(act, *arguments):
        try: act(*arguments)
        except OSError: pass
      fails(os.unlink, 'none')
      fails(os.open, 'two/x', os.O_RDONLY)
      fails(os.open, 'missing', os.O_RDONLY)
      assert libc.mmap
      libc.mmap.restype = ctypes.c_void_p
      libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
      assert libc.mmap(None, 4096, 5, 2, os.open('two', os.O_RDONLY), 0) != 2 ** 64 - 1
      """
    ) { $0.files.repeatTime = .zero }
    #expect(acts.lines(.fileCreate) == ["/new"])
    #expect(acts.lines(.fileWrite) == ["/new"])
    #expect(acts.lines(.fileOpen) == ["/new", "/two", "/hard", "/two/x !20", "/two"])
    #expect(acts.lines(.fileRename) == ["/new -> /one", "/one -> /two"])
    #expect(acts.lines(.fileLink) == ["/two -> /hard"])
    #expect(acts.lines(.fileMode) == ["/two", "/hard"])
    #expect(acts.lines(.fileOwner) == ["/hard", "/two"])
    #expect(acts.lines(.fileUnlink) == ["/hard", "/soft", "/sub", "/none !2"])
    #expect(acts.lines(.fileMapExecutable) == ["/two"])
    let links = acts.events.filter { $0.kind == .fileSymlink }
    #expect(links.map { $0[.fileTarget] } == [.text("two")])
    #expect(acts.lines(.fileSymlink) == ["/soft"])
    let modes = acts.events.filter { $0.kind == .fileMode }.compactMap { $0[.fileMode] }
    #expect(modes == [.uint(acts.isByHooks ? 0o100600 : 0o600), .uint(0o100640)])
    let owners = acts.events.filter { $0.kind == .fileOwner }
    #expect(owners.compactMap { $0[.fileOwner] } == [.uint(1), .uint(3)])
    #expect(owners.compactMap { $0[.fileGroup] } == [.uint(2), .uint(4)])
    let ofNames: Value = acts.isByHooks ? .text("kernel") : .text("user")
    #expect(acts.sources(.fileCreate) == [.text("kernel")])
    // Of a file that is not there the kernel has nothing.
    #expect(acts.sources(.fileUnlink) == [ofNames, ofNames, ofNames, .text("user")])
    #expect(acts.sources(.fileRename) == [ofNames, ofNames])
    // The file is the same under all its names.
    let file = try #require(acts.events.first { $0.kind == .fileCreate }?[.fileInode])
    let named = acts.events.filter { [.fileRename, .fileLink].contains($0.kind) }
    #expect(named.map { $0[.fileInode] } == Array(repeating: acts.isByHooks ? file : nil, count: 3))
  }

  /// Where the kernel's own names are to be had, they are those of the files that were meant, whatever the caller's memory
  /// said: through links, over `..`, under other mounts.
  @Test func namesAreThoseOfTheFile() throws {
    let acts = try Acts(
      """
      os.makedirs('real/deep')
      os.symlink('real/deep', 'link')
      for name in 'abc': open('real/deep/' + name, 'w').close()
      os.unlink('link/a')
      os.rename('link/../deep/b', 'link/B')
      os.chmod('real/../link/c', 0o600)
      assert libc.unshare(0x20000) == 0
      assert libc.mount(b'none', b'/', None, 0x44000, None) == 0
      os.mkdir('bound')
      assert libc.mount(b'real/deep', b'bound', None, 0x1000, None) == 0
      os.unlink('bound/B')
      assert libc.umount2(b'bound', 2) == 0
      """)
    #expect(acts.lines(.fileUnlink) == [acts.isByHooks ? "/real/deep/a" : "/link/a", "/bound/B"])
    #expect(
      acts.lines(.fileRename)
        == [acts.isByHooks ? "/real/deep/b -> /real/deep/B" : "/link/../deep/b -> /link/B"])
    #expect(acts.lines(.fileMode) == [acts.isByHooks ? "/real/deep/c" : "/real/../link/c"])
    #expect(acts.lines(.mount) == ["/bound"])
    #expect(acts.lines(.unmount) == ["/bound"])
  }

  /// A FIFO that nobody reads: the kernel permits the open, and the FIFO refuses it.
  @Test func anOpenThatFailsAtItsEndIsOneEvent() throws {
    let acts = try Acts(
      """
      os.mkfifo('pipe')
      try: os.open('pipe', os.O_WRONLY | os.O_NONBLOCK)
      except OSError: pass
      """)
    let isToldTwice = acts.reports.contains { $0.hook?.contains("security_file_open") == true }
    #expect(acts.lines(.fileWrite) == (isToldTwice ? ["/pipe", "/pipe !6"] : ["/pipe !6"]))
  }

  /// Names of 4,000 bytes, two of them in one record.
  @Test func longNames() throws {
    let acts = try Acts(
      """
      for step in range(18):
        os.mkdir('d' * 200); os.chdir('d' * 200)
      open('old', 'w').close()
      os.rename('old', 'n' * 200)
      os.unlink('n' * 200)
      """)
    let folder = String(repeating: "/" + String(repeating: "d", count: 200), count: 18)
    let name = String(repeating: "n", count: 200)
    #expect(acts.lines(.fileRename) == ["\(folder)/old -> \(folder)/\(name)"])
    #expect(acts.lines(.fileUnlink) == ["\(folder)/\(name)"])
    #expect(acts.sources(.fileRename) == [acts.isByHooks ? .text("kernel") : .text("user")])
  }

  /// Files of an overlayfs lie in the upper layer as soon as they are changed. Each open is one event, though the file system
  /// opens the file behind it.
  @Test(.enabled(if: hasOverlay, "the kernel has no overlayfs")) func layers() throws {
    let acts = try Acts(
      """
      assert libc.unshare(0x20000) == 0
      assert libc.mount(b'none', b'/', None, 0x44000, None) == 0
      os.mkdir('room')
      assert libc.mount(b'merops', b'room', b'tmpfs', 0, None) == 0
      os.chdir('room')
      for name in ['lower', 'upper', 'work', 'all']: os.mkdir(name)
      shutil.copy('/bin/true', 'lower/below')
      open('lower/changed', 'w').close()
      options = b'lowerdir=lower,upperdir=upper,workdir=work'
      assert libc.mount(b'merops', b'all', b'overlay', 0, options) == 0
      shutil.copy('/bin/true', 'all/above')
      for name in ['below', 'above']:
        if os.fork() == 0: os.execv('all/' + name, [name])
        os.wait()
      os.close(os.open('all/below', os.O_RDONLY))
      os.close(os.open('all/changed', os.O_RDONLY))
      os.close(os.open('all/changed', os.O_WRONLY))
      os.close(os.open('all/changed', os.O_RDONLY | os.O_NOFOLLOW))
      """)
    let pid = try #require(acts.events.first).process.key.pid
    let programs = acts.allEvents.filter { $0.kind == .processExec && $0.process.parent?.key.pid == pid }
    #expect(programs.map { $0[.processExecutableIsUpper] } == [nil, .bool(true)])
    let opens = acts.events.filter { [.fileOpen, .fileWrite].contains($0.kind) }
      .compactMap { event -> String? in
        guard case .text(let path)? = event[.filePath], let range = path.description.range(of: "/room/all/") else {
          return nil
        }
        return "\(path.description[range.upperBound...]) \(event[.fileIsUpper] == .bool(true) ? "upper" : "lower")"
      }
    #expect(opens == ["below lower", "changed lower", "changed upper", "changed upper"])
  }

  private static let hasOverlay =
    (try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8))?.contains("\toverlay\n") == true

  /// What a process lets io_uring do, which no system call ends with.
  @Test func requestsOfARing() throws {
    let acts = try Acts(
      """
      import mmap, struct
      params = ctypes.create_string_buffer(120)
      ring = libc.syscall(425, 4, params)
      assert ring >= 0
      number = lambda at: struct.unpack_from('<I', params, at)[0]
      sq = mmap.mmap(ring, number(64) + 4 * number(0), offset=0)
      cq = mmap.mmap(ring, number(100) + 16 * number(4), offset=0x8000000)
      entries = mmap.mmap(ring, 64 * number(0), offset=0x10000000)
      word = lambda room, at: struct.unpack_from('<I', room, at)[0]
      texts = []
      def text(name):
        texts.append(ctypes.create_string_buffer(name.encode()))
        return ctypes.addressof(texts[-1])
      here = 0xffffff9c
      def request(operation, name, other=None, length=0, flags=0):
        tail = word(sq, number(44))
        index = tail & word(sq, number(48))
        struct.pack_into('<BBHiQQIIQHHiQQ', entries, 64 * index, operation, 0, 0, -100, text(other) if other else 0,
                         text(name), length, flags, 0, 0, 0, 0, 0, 0)
        struct.pack_into('<I', sq, number(64) + 4 * index, index)
        struct.pack_into('<I', sq, number(44), tail + 1)
        assert libc.syscall(426, ring, 1, 1, 1, None, 0) == 1
        head = word(cq, number(80))
        result = struct.unpack_from('<i', cq, number(100) + 16 * (head & word(cq, number(88))) + 8)[0]
        struct.pack_into('<I', cq, number(80), head + 1)
        return result
      os.mkdir('full')
      open('full/file', 'w').close()
      file = request(18, 'file', length=0o600, flags=os.O_CREAT | os.O_WRONLY)
      assert file >= 0, file
      # 5.10 has no links, as it took io_uring from 5.15 without them.
      if request(35, 'file', 'moved', here) == 0 and request(39, 'moved', 'hard', here) == 0:
        assert request(38, 'text', 'soft') == 0
        assert request(36, 'hard') == 0
        assert request(36, 'none') == -2
        assert request(36, 'full', flags=0x200) == -39
      """)
    #expect(acts.lines(.fileCreate) == (acts.isByHooks ? ["/full/file", "/file"] : ["/full/file"]))
    let isSeen = acts.hook.contains("fexit/io_")
    #expect(acts.lines(.fileRename) == (isSeen ? ["/file -> /moved"] : []))
    #expect(acts.lines(.fileLink) == (isSeen ? ["/moved -> /hard"] : []))
    #expect(acts.lines(.fileSymlink) == (isSeen ? ["/soft"] : []))
    // A request that ends before the kernel has found the file is not seen.
    #expect(acts.lines(.fileUnlink) == (isSeen ? ["/hard", "/full !39"] : []))
  }

  /// What the kernel's map of repeats had no room for is reported without a file.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["MEROPS_GUEST"] == nil, "the same on every kernel"))
  func noRepeatIsForgotten() throws {
    let files = 24_000
    let acts = try Acts(
      """
      os.mkdir('files')
      for index in range(\(files)):
        os.close(os.open(f'files/{index}', os.O_CREAT | os.O_WRONLY, 0o600))
        for again in range(2): os.close(os.open(f'files/{index}', os.O_RDONLY))
      shutil.rmtree('files')
      """
    ) { $0.ringBytes = 64 << 20 }
    let count = { (events: [Event]) in
      events.reduce(0) { if case .uint(let count)? = $1[.eventCount] { $0 + Int(count) } else { $0 } }
    }
    let ofFiles = count(acts.events.filter { $0.kind == .fileRepeats && $0[.fileInode] != nil })
    let forgotten = count(acts.allEvents.filter { $0.kind == .fileRepeats && $0[.fileInode] == nil })
    #expect(acts.counts.lost == 0)
    #expect(ofFiles < files, "the map had room for all: the test opens too few files")
    #expect(ofFiles + forgotten >= files)
  }

  @Test func repeatsAreCountedAndToldOfLater() throws {
    let acts = try Acts(
      """
      import time
      os.close(os.open('file', os.O_CREAT | os.O_WRONLY))
      for index in range(100): os.close(os.open('file', os.O_RDONLY))
      end = time.clock_gettime(time.CLOCK_BOOTTIME) + 3
      while time.clock_gettime(time.CLOCK_BOOTTIME) < end: time.sleep(0.1)
      os.close(os.open('file', os.O_RDONLY))
      """
    ) { $0.files.repeatTime = .seconds(3) }
    #expect(acts.lines(.fileOpen) == ["/file", "/file"])
    let repeats = acts.events.filter {
      $0.kind == .fileRepeats && $0[.filePath].map { "\($0)".contains("/file") } == true
    }
    #expect(repeats.compactMap { $0[.eventCount] } == [.uint(99)])
    #expect(acts.lines(.fileRepeats) == ["/file"])
  }

  /// What is over the limit is counted as filtered, and not recorded.
  @Test func aRateIsLimited() throws {
    let acts = try Acts(
      """
      os.close(os.open('file', os.O_CREAT | os.O_WRONLY))
      for index in range(5000): os.chmod('file', 0o600)
      """
    ) { $0.filters.limits[.file] = 100 }
    let count = acts.lines(.fileMode).count
    #expect(count < 5000)
    #expect(acts.counts.filtered >= UInt64(5000 - count))
  }

  @Test func directoriesAreLeftOutUnderAnyName() throws {
    let left = NSTemporaryDirectory() + "merops-left-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: left + "/deep/down", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: left) }
    let acts = try Acts(
      """
      os.symlink('\(left)/deep', 'other')
      os.close(os.open('other/down/file', os.O_CREAT | os.O_WRONLY))
      os.close(os.open('\(left)/deep/down/file', os.O_RDONLY))
      os.close(os.open('kept', os.O_CREAT | os.O_WRONLY))
      """
    ) { $0.files.ignoredDirectories.append(left) }
    #expect(acts.lines(.fileCreate) == ["/kept"])
    #expect(!acts.events.contains { $0[.filePath].map { "\($0)".contains("down/file") } == true })
  }

  @Test func mountsAndChangedRoots() throws {
    let acts = try Acts(
      """
      assert libc.unshare(0x20000) == 0
      assert libc.mount(b'none', b'/', None, 0x44000, None) == 0
      os.mkdir('root')
      assert libc.mount(b'merops', b'root', b'tmpfs', 6, None) == 0
      open('root/inside', 'w').close()
      here = os.getcwd()
      os.chroot('root')
      open('/inside', 'a').close()
      os.rename('/inside', '/moved')
      os.chdir('..')
      os.fchdir(os.open('/', os.O_RDONLY))
      os.chroot('.')
      """)
    let mounts = acts.events.filter { $0.kind == .mount && $0[.mountType] == .text("tmpfs") }
    #expect(acts.lines(.mount) == ["/root"])
    #expect(mounts.compactMap { $0[.mountSource] } == [.text("merops")])
    #expect(mounts.compactMap { $0[.fileFlags] } == [.uint(6)])
    // As seen from outside, also by a process with a root of its own.
    #expect(acts.lines(.fileCreate) == ["/root/inside"])
    #expect(acts.lines(.fileWrite) == ["/root/inside"])
    #expect(acts.lines(.fileRename) == ["/root/inside -> /root/moved"])
  }
}

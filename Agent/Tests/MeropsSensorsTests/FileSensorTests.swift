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
    var events: [Event]
    var counts: Counts.Entry

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
      process.arguments = ["-c", "import os, ctypes\nlibc = ctypes.CDLL(None)\n" + script]
      process.currentDirectoryURL = URL(filePath: folder)
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let pid = UInt32(bitPattern: process.processIdentifier)
      events = try watch.finish().filter { $0.process.key.pid == pid }
      counts = try watch.sensors.counts()[.file]
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
    #expect(modes == [.uint(0o600), .uint(0o100640)])
    let owners = acts.events.filter { $0.kind == .fileOwner }
    #expect(owners.compactMap { $0[.fileOwner] } == [.uint(1), .uint(3)])
    #expect(owners.compactMap { $0[.fileGroup] } == [.uint(2), .uint(4)])
    for event in acts.events where event.kind == .fileCreate || event.kind == .fileUnlink {
      #expect(event[.eventNameSource] == .text(event.kind == .fileCreate ? "kernel" : "user"))
    }
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
    ) { $0.files.rateLimit = 100 }
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

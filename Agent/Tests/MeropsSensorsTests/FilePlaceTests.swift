// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import MeropsSensors
import Testing

/// Files with names and in places that are hard to tell of.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct FilePlaceTests {
  private typealias Acts = FileSensorTests.Acts

  private func bytes(_ event: Event, _ field: Field) -> [UInt8] {
    if case .text(let text)? = event[field] { text.bytes } else { [] }
  }

  @Test func namesThatAreNotText() throws {
    let acts = try Acts(
      """
      os.close(os.open(b'\\xff\\n\\xfe', os.O_CREAT | os.O_WRONLY))
      os.rename(b'\\xff\\n\\xfe', b'\\xc3 ')
      os.unlink(b'\\xc3 ')
      """)
    let folder = Array(acts.folder.utf8)
    func named(_ kind: EventKind, _ field: Field = .filePath) -> [[UInt8]] {
      acts.events.filter { $0.kind == kind }.map { bytes($0, field) }.compactMap { bytes in
        bytes.firstRange(of: folder).map { Array(bytes[$0.upperBound...]) }
      }
    }
    #expect(named(.fileCreate) == [[0x2f, 0xff, 0x0a, 0xfe]])
    #expect(named(.fileRename) == [[0x2f, 0xff, 0x0a, 0xfe]])
    #expect(named(.fileRename, .fileTarget) == [[0x2f, 0xc3, 0x20]])
    #expect(named(.fileUnlink) == [[0x2f, 0xc3, 0x20]])
  }

  /// The longest name that a system call takes has 4,095 bytes; a path may be longer.
  @Test func longPaths() throws {
    let acts = try Acts(
      """
      top = os.getcwd()
      names = []
      while len(top) + sum(map(len, names)) + len(names) + 252 < 4095: names.append('d' * 250)
      path = top + '/' + '/'.join(names)
      os.makedirs(path)
      name = path + '/' + 'f' * (4095 - len(path) - 1)
      os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
      os.rename(name, name[:-1] + 'g')
      os.chdir(path)
      os.mkdir('more' * 60)
      os.close(os.open('more' * 60 + '/file', os.O_CREAT | os.O_WRONLY))
      os.unlink('more' * 60 + '/file')
      """)
    let creates = acts.events.filter { $0.kind == .fileCreate }
    try #require(creates.count == 2)
    // A guest's root is another one than the kernel's: the kernel's paths are longer at the front.
    #expect(bytes(creates[0], .filePath).count >= 4095 && bytes(creates[1], .filePath).count > 4095 - 250 + 240)
    for create in creates {
      if case .text(let path)? = create[.filePath] { #expect(!path.isCut && path.description.contains(acts.folder)) }
    }
    #expect(acts.lines(.fileCreate).last?.hasSuffix("more/file") == true)
    let rename = try #require(acts.events.first { $0.kind == .fileRename })
    #expect(bytes(rename, .filePath).suffix(3) == Array("fff".utf8))
    #expect(bytes(rename, .fileTarget).suffix(3) == Array("ffg".utf8))
    #expect(acts.lines(.fileUnlink).last?.hasSuffix("more/file") == true)
  }

  /// A file with two names has one identity, and so has one below a bind mount. The path is the one that was used.
  @Test func oneFileByManyNames() throws {
    let acts = try Acts(
      """
      os.close(os.open('one', os.O_CREAT | os.O_WRONLY))
      os.link('one', 'two')
      os.symlink('one', 'three')
      os.mkdir('there')
      assert libc.unshare(0x20000) == 0
      assert libc.mount(b'none', b'/', None, 0x44000, None) == 0
      assert libc.mount(b'.', b'there', None, 0x1000, None) == 0
      for name in 'one', 'two', 'three', 'there/two', 'there/../one': os.close(os.open(name, os.O_RDONLY))
      os.unlink('there/two')
      """
    ) { $0.files.repeatTime = .zero }
    #expect(acts.lines(.fileOpen) == ["/one", "/two", "/one", "/there/two", "/one"])
    let files = acts.events.filter { event in
      guard case .text(let path)? = event[.filePath] else { return false }
      return (event.kind == .fileOpen || event.kind == .fileCreate) && path.description.contains(acts.folder + "/")
    }
    #expect(files.count == 6)
    #expect(Set(files.map { $0.number(.fileInode) }).count == 1)
    #expect(Set(files.map { $0.number(.fileDevice) }).count == 1)
    #expect(acts.lines(.fileUnlink) == ["/there/two"])
  }

  /// Opens that no system call of the process makes. They are seen where the kernel has a hook for all opens.
  @Test func opensThroughARing() throws {
    let acts = try Acts(
      """
      import mmap, struct
      libc = ctypes.CDLL(None, use_errno=True)
      params = ctypes.create_string_buffer(120)
      ring = libc.syscall(425, 4, params)
      if ring < 0: open('refused', 'w').close(); raise SystemExit
      sq_entries, cq_entries = struct.unpack_from('II', params)
      # struct io_sqring_offsets at 40, struct io_cqring_offsets at 80.
      head, tail, mask, entries, flags, dropped, array = struct.unpack_from('7I', params, 40)
      cq_head, cq_tail, cq_mask, cq_total, overflow, cqes = struct.unpack_from('6I', params, 80)
      sq = mmap.mmap(ring, array + 4 * sq_entries, offset=0)
      cq = mmap.mmap(ring, cqes + 16 * cq_entries, offset=0x8000000)
      sqes = mmap.mmap(ring, 64 * sq_entries, offset=0x10000000)
      for name, flag in (b'new', os.O_CREAT | os.O_WRONLY), (b'new', os.O_RDONLY):
        text = ctypes.create_string_buffer(name)
        at, = struct.unpack_from('I', sq, tail)
        slot = at & struct.unpack_from('I', sq, mask)[0]
        # IORING_OP_OPENAT, relative to the working directory: address, mode, flags.
        sqes[64 * slot:64 * slot + 64] = struct.pack('BBHiQQII', 18, 0, 0, -100, 0, ctypes.addressof(text), 0o600, flag) + bytes(32)
        struct.pack_into('I', sq, array + 4 * slot, slot)
        struct.pack_into('I', sq, tail, at + 1)
        assert libc.syscall(426, ring, 1, 1, 1, None, 0) == 1, ctypes.get_errno()
        done, = struct.unpack_from('I', cq, cq_head)
        data, result = struct.unpack_from('Qi', cq, cqes + 16 * (done & struct.unpack_from('I', cq, cq_mask)[0]))
        assert result >= 0, result
        struct.pack_into('I', cq, cq_head, done + 1)
      """)
    // Where the kernel has no io_uring, or refuses it, there is nothing to see.
    guard acts.lines(.fileCreate) != ["/refused"] else { return }
    let hook = acts.reports.first { $0.sensor.hasPrefix("file.open") }?.hook
    let isHook = hook?.hasPrefix("fexit/") == true
    #expect(acts.lines(.fileCreate) == (isHook ? ["/new"] : []), "\(hook ?? "no hook")")
    #expect(acts.lines(.fileOpen) == (isHook ? ["/new"] : []))
  }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import Testing

@testable import MeropsSensors

/// Processes that are hard to tell of.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct HardProcessTests {
  private func events(
    _ script: String, _ change: (inout SensorOptions) -> Void = { _ in }
  ) throws -> [Event] { try ScriptRun(script, change).ofChildren }

  private func execs(_ script: String) throws -> [MeropsModel.Process] {
    try events(script).filter { $0.kind == .processExec }.map(\.process)
  }

  private func arguments(_ process: MeropsModel.Process) -> [Text] {
    if case .texts(let texts)? = process.facts[.processArguments] { texts } else { [] }
  }

  private func path(_ process: MeropsModel.Process) -> Text {
    if case .text(let text)? = process.facts[.processExecutable] { text } else { Text("") }
  }

  /// 16 KiB are whole, over several records; more is cut, and says so.
  @Test func longArguments() throws {
    let execs = try execs(
      """
      start(lambda: os.execv('/bin/true', ['true'] + [str(n % 10) * 1000 for n in range(16)]))
      start(lambda: os.execv('/bin/true', ['true'] + ['y' * 100000] * 18))
      start(lambda: os.execv('/bin/true', ['true'] + ['z'] * 60000))
      """)
    try #require(execs.count == 3)
    #expect(arguments(execs[0]) == [Text("true")] + (0..<16).map { Text(String(repeating: "\($0 % 10)", count: 1000)) })
    #expect(arguments(execs[1]) == ["true", Text(Array(repeating: 0x79, count: 16384 - 5), isCut: true)])
    let many = arguments(execs[2])
    #expect(many.count == 1 + (16384 - 5 + 1) / 2 && many.last?.isCut == true || many.last == "z")
    if case .texts? = execs[2].facts[.processArguments] {
      execs[2].facts.forEach { field, _, isCut in if field == .processArguments { #expect(isCut) } }
    }
  }

  /// Only the variables that were asked for, also behind arguments that take several records.
  @Test func environment() throws {
    let events = try events(
      """
      secrets = {'SECRET': 'x', 'LD_PRELOAD_NOT': 'y', 'LD_PRELOAD': '', 'TERM': 'a=b'}
      start(lambda: os.execve('/bin/true', ['true'], secrets))
      start(lambda: os.execve('/bin/true', ['true'] + ['z' * 1000] * 15, secrets))
      start(lambda: os.execve('/bin/true', ['true'], {'SECRET': 'x'}))
      start(lambda: os.execve('/bin/true', ['true'], {}))
      """
    ) { $0.environmentNames = ["LD_PRELOAD", "TERM"] }
    let execs = events.filter { $0.kind == .processExec }
    let kept = Value.texts(["LD_PRELOAD=", "TERM=a=b"])
    #expect(execs.map { $0[.processEnvironment] } == [kept, kept, nil, nil])
    #expect(execs.map { arguments($0.process).count } == [1, 16, 1, 1])
  }

  @Test func namesThatAreNotText() throws {
    let execs = try execs(
      """
      copy(b'\\xff\\xfe')
      start(lambda: os.execv(b'./\\xff\\xfe', [b'\\xc3', b'', b'a\\nb']))
      """)
    let process = try #require(execs.first)
    #expect(path(process).bytes.suffix(3) == [0x2f, 0xff, 0xfe])
    #expect(arguments(process).map(\.bytes) == [[0xc3], [], [0x61, 0x0a, 0x62]])
  }

  @Test func programsWithoutAName() throws {
    let execs = try execs(
      """
      memory = os.memfd_create('hidden', 0)
      with open('/bin/true', 'rb') as old: os.write(memory, old.read())
      start(lambda: os.execv(f'/proc/self/fd/{memory}', ['memory']))
      copy('gone')
      file = os.open('gone', os.O_RDONLY)
      os.set_inheritable(file, True)
      os.unlink('gone')
      start(lambda: os.execv(f'/proc/self/fd/{file}', ['deleted']))
      copy('memfd:kept')
      start(lambda: os.execv('memfd:kept', ['kept']))
      """)
    try #require(execs.count == 3)
    #expect(path(execs[0]) == "/memfd:hidden")
    #expect(path(execs[1]).description.hasSuffix("/gone"))
    #expect(execs.map { $0.facts[.processExecutableIsMemory] == .bool(true) } == [true, false, false])
    #expect(execs.map { $0.facts[.processExecutableIsDeleted] == .bool(true) } == [false, true, false])
  }

  /// The program that runs is the interpreter, or the loader; the arguments name the file.
  @Test func interpreters() throws {
    let execs = try execs(
      """
      with open('script', 'w') as file: file.write('#!/bin/sh -e\\nexit 7\\n')
      os.chmod('script', 0o755)
      start(lambda: os.execv('./script', ['script', 'one']), 7)
      loader = next(line.split()[-1] for line in open('/proc/self/maps') if '/ld-linux' in line)
      start(lambda: os.execv(loader, ['loader', '/bin/true']))
      """)
    try #require(execs.count == 2)
    #expect(path(execs[0]).description.hasSuffix(Shell.path))
    #expect(arguments(execs[0]) == ["/bin/sh", "-e", "./script", "one"])
    #expect(path(execs[1]).description.contains("/ld-linux"))
    #expect(arguments(execs[1]) == ["loader", "/bin/true"])
  }

  /// A thread that is not the first one becomes another program: the process is the same, and ends once.
  @Test func aThreadThatExecutes() throws {
    let events = try events(
      """
      def act():
        threading.Thread(target=lambda: os.execv('/bin/sh', ['sh', '-c', 'exit 5'])).start()
        threading.Event().wait()
      start(act, 5)
      """)
    #expect(events.map(\.kind) == [.processFork, .processExec, .processExit])
    #expect(Set(events.map(\.process.key)).count == 1)
    #expect(events.map(\.process.generation) == [0, 1, 1])
    #expect(events.last?[.exitCode] == .int(5))
    #expect(path(events[0].process).description.contains("python"))
  }

  /// A number that is used again is another process: nothing of the old one is said of the new one.
  @Test func aNumberThatIsUsedAgain() throws {
    let events = try events(
      """
      # PyDLL keeps the interpreter's lock: the child has it, too.
      libc = ctypes.PyDLL(None, use_errno=True)
      def clone(pid):
        wanted = ctypes.c_int(pid)
        # struct clone_args: exit_signal is the fifth, set_tid and its size are the ninth and the tenth (Linux 5.5).
        words = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17, 0, 0, 0, ctypes.addressof(wanted), 1 if pid else 0, 0)
        if not pid: words[8] = 0
        child = libc.syscall(435, words, 88)
        assert child >= 0, ctypes.get_errno()
        return child
      pid = 0
      for number in range(4):
        child = clone(pid)
        if child == 0:
          if number != 1: os.execv('/bin/sh', ['sh', '-c', f'exit {number}'])
          os._exit(number)
        assert pid in (0, child)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == number
        pid = child
      """)
    #expect(Set(events.map(\.process.key.pid)).count == 1)
    let lives = Dictionary(grouping: events, by: \.process.key.start).sorted { $0.key < $1.key }.map(\.value)
    try #require(lives.count == 4)
    for (number, life) in lives.enumerated() {
      let kinds: [EventKind] = number == 1 ? [.processFork, .processExit] : [.processFork, .processExec, .processExit]
      #expect(life.map(\.kind) == kinds)
      #expect(life.last?[.exitCode] == .int(Int64(number)))
      #expect(life.last.map { path($0.process).description.contains("python") } == (number == 1))
      if number != 1 { #expect(life.last.map { arguments($0.process).last } == Text("exit \(number)")) }
    }
  }

  /// The numbers of namespaces are those that /proc shows, and the process id is also said as the process sees it.
  @Test func namespacesOfItsOwn() throws {
    let run = try ScriptRun(
      """
      def tell(name):
        with open(name, 'w') as file:
          for kind in 'pid', 'mnt', 'net', 'user': print(os.stat('/proc/self/ns/' + kind).st_ino, file=file)
      tell('outside')
      # A mount namespace, a network namespace, and a PID namespace for the children.
      assert libc.unshare(0x20000 | 0x40000000 | 0x20000000) == 0, ctypes.get_errno()
      def act():
        assert libc.unshare(0x10000000) == 0
        tell('inside')
        os.execv('/bin/true', ['true'])
      start(act)
      """)
    let exec = try #require(run.ofChildren.first { $0.kind == .processExec })
    func numbers(_ name: String) throws -> [Value?] {
      try run.text(of: name).split(separator: "\n").map { UInt64($0).map { .uint($0) } }
    }
    let inside = try numbers("inside")
    let fields: [Field] = [
      .processPIDNamespace, .processMountNamespace, .processNetworkNamespace, .processUserNamespace,
    ]
    #expect(fields.map { exec[$0] } == inside)
    #expect(zip(inside, try numbers("outside")).allSatisfy { $0 != $1 })
    #expect(exec[.processNamespacedID] == .uint(1))
    #expect(exec[.processID] == .uint(UInt64(exec.process.key.pid)) && exec.process.key.pid != 1)
  }

  /// A process that is put into another cgroup when it runs already is in that one from then on, with what it starts.
  @Test(.enabled(if: CgroupTable.mountPoint() != nil, "no cgroup v2 is mounted"))
  func anotherCgroup() throws {
    let mount = try #require(CgroupTable.mountPoint())
    let name = "merops-test-\(getpid())-moved"
    let run = try ScriptRun(
      """
      path = '\(mount)/\(name)'
      os.mkdir(path)
      def act():
        with open(path + '/cgroup.procs', 'w') as file: file.write('0')
        os._exit(7)
      start(act, 7)
      with open('inside', 'w') as file: file.write(str(os.stat(path).st_ino))
      while True:
        try: os.rmdir(path); break
        except OSError: pass
      """)
    let id = UInt64(try run.text(of: "inside"))
    let events = run.ofChildren
    #expect(events.map(\.kind) == [.processFork, .processExit])
    #expect(events.last?[.processCgroupPath] == .text(Text("/" + name)))
    #expect(events.last?[.processCgroup] == id.map { .uint($0) })
    #expect(events.first?[.processCgroup] != events.last?[.processCgroup])
    #expect(events.first?[.processID] == events.last?[.processID])
  }

  /// One file by several names and ways: the path is the one that was used, as the first root of the mount namespace has
  /// it; the inode number says that it is the same file.
  @Test func oneProgramByManyNames() throws {
    let run = try ScriptRun(
      """
      copy('one')
      os.link('one', 'two')
      os.mkdir('there')
      os.mkdir('root')
      assert libc.unshare(0x20000) == 0
      assert libc.mount(b'none', b'/', None, 0x44000, None) == 0
      assert libc.mount(b'.', b'there', None, 0x1000, None) == 0
      # With what is mounted below: a guest's /tmp is.
      assert libc.mount(b'/', b'root', None, 0x5000, None) == 0
      here = os.getcwd()
      for name in './one', './two', 'there/one', '/proc/self/cwd/two': start(lambda: os.execv(name, ['x']))
      os.symlink('one', 'three')
      start(lambda: os.execv('three', ['x']))
      def act():
        os.chroot('root')
        os.chdir('/')
        os.execv(here + '/two', ['x'])
      start(act)
      """)
    let execs = run.ofChildren.filter { $0.kind == .processExec }
    let names = execs.map { path($0.process).description }
    // Behind the bind mount of the root, the folder's own mount is not there.
    let expected = ["/one", "/two", "/there/one", "/two", "/one", "/root\(run.folder)/two"]
    #expect(names.count == expected.count)
    for (name, expected) in zip(names, expected) { #expect(name.hasSuffix(run.folder + expected), "\(name)") }
    #expect(Set(execs.map { "\($0[.processExecutableInode] ?? .uint(0))" }).count == 1)
    #expect(Set(execs.map { "\($0[.processExecutableDevice] ?? .uint(0))" }).count == 1)
  }

  /// Threads that end at once: each may think that it is the last.
  @Test func threadsThatEndTogether() throws {
    let events = try events(
      """
      def act():
        for _ in range(20): threading.Thread(target=threading.Event().wait).start()
        os._exit(3)
      for _ in range(50): start(act, 3)
      """)
    #expect(events.filter { $0.kind == .processExit }.count == 50)
    #expect(events.allSatisfy { $0.kind != .processExit || $0[.exitCode] == .int(3) })
  }

  @Test func signalsThatEnd() throws {
    let events = try events(
      """
      import signal
      signal.signal(signal.SIGTERM, signal.SIG_DFL)
      signal.pthread_sigmask(signal.SIG_SETMASK, [])
      start(lambda: os.kill(os.getpid(), signal.SIGKILL), -9)
      start(lambda: os.kill(os.getpid(), signal.SIGTERM), -15)
      """)
    let exits = events.filter { $0.kind == .processExit }
    #expect(exits.map { $0[.exitSignal] } == [.uint(9), .uint(15)])
    #expect(exits.allSatisfy { $0[.exitCode] == nil })
  }

  /// Nearly 4,096 bytes are whole; more than 96 names are cut, and say so.
  @Test func longPaths() throws {
    let execs = try execs(
      """
      top = os.open('.', os.O_RDONLY)
      for _ in range(15): os.mkdir('d' * 250); os.chdir('d' * 250)
      copy('long')
      start(lambda: os.execv('./long', ['long']))
      os.fchdir(top)
      for _ in range(120): os.mkdir('e'); os.chdir('e')
      copy('deep')
      start(lambda: os.execv('./deep', ['deep']))
      os.fchdir(top)
      """)
    try #require(execs.count == 2)
    #expect(
      path(execs[0]).description.hasSuffix(
        String(repeating: "/" + String(repeating: "d", count: 250), count: 15) + "/long"))
    #expect(!path(execs[0]).isCut)
    #expect(path(execs[1]).isCut && path(execs[1]).description.contains("/e/e/e/deep"))
  }

  /// Processes that there were before the sensors, with their ancestors up to the first.
  @Test func processesThatWereThere() throws {
    let sleeper = try Shell.start("sleep 1000 & echo; wait")
    // Whoever starts the tests may ignore SIGTERM, and a shell then does so, too.
    defer { kill(sleeper.processIdentifier, SIGKILL) }
    let watch = try Watch()
    let process = try #require(watch.sensors.process(UInt32(bitPattern: sleeper.processIdentifier)))
    #expect(arguments(process) == ["/bin/sh", "-c", "sleep 1000 & echo; wait", "sh"])
    #expect(path(process).description.hasSuffix(Shell.path))
    #expect(process.parent?.key.pid == UInt32(getpid()))
    #expect(Array(process.ancestors).last?.key.pid == 1)
    #expect(watch.sensors.process(1)?.isFirst == true)
    let children = SmallFile.text("/proc/\(process.key.pid)/task/\(process.key.pid)/children").split(separator: " ")
    for child in children { kill(try #require(pid_t(child)), SIGKILL) }
    _ = try watch.finish()
  }

  /// A ring that is far too small loses records, and each one is counted.
  @Test func everyLossIsCounted() throws {
    var options = SensorOptions()
    options.ringBytes = 4096
    let watch = try Watch(options)
    watch.pause()
    try Shell.run("for i in $(seq 300); do /bin/true; done")
    watch.resume()
    try Shell.run("for i in $(seq 20); do /bin/true; done")
    _ = try watch.finish()
    let counts = try watch.sensors.counts()
    #expect(counts[.process].lost > 0)
    // What was sent and did not arrive is missing in the sequence of its CPU.
    let accounts = try watch.sensors.accounts()
    for eventClass in EventClass.allCases {
      #expect(accounts[eventClass].read == counts[eventClass].recorded, "\(eventClass)")
      #expect(accounts[eventClass].missing == counts[eventClass].lost, "\(eventClass)")
    }
  }
}

/// The table of processes, without a kernel.
@Suite struct ProcessTableTests {
  private func process(_ start: UInt64, _ pid: UInt32) -> MeropsModel.Process {
    MeropsModel.Process(key: ProcessKey(start: start, pid: pid), generation: 0, parent: nil, facts: Facts())
  }

  @Test func aNumberThatIsUsedAgainIsAnotherProcess() {
    var table = ProcessTable()
    let old = process(1000, 4_000_001)
    let new = process(2000, 4_000_001)
    table.insert(old)
    table.end(old.key, at: 1500)
    table.insert(new)
    #expect(table[4_000_001] === new)
    #expect(table.find(new.key) === new)
    // Late events of the old one still find it, until its time is over.
    #expect(table.find(old.key) === old)
    table.end(old.key, at: 1600)
    #expect(table[4_000_001] === new)
    table.end(process(1, 2).key, at: 1500 + ProcessTable.grace + 1)
    #expect(table.find(old.key) == nil)
  }

  /// Whoever hears of an act later asks what its process was then: before an exec, after it, and when the number is another's.
  @Test func aProcessIsKnownAsItWas() {
    var table = ProcessTable()
    let (shell, tool, other) = (process(1000, 4_000_001), process(1000, 4_000_001), process(9000, 4_000_001))
    table.insert(shell)
    table.insert(tool, at: 2_000_000)
    #expect(table.find(4_000_001, at: 1_999_999) === shell && table.find(4_000_001, at: 2_000_001) === tool)
    // The exec itself: another program has seen it a little earlier.
    #expect(table.find(4_000_001, at: 1_999_000) === shell)
    #expect(table.find(4_000_001, at: 1_999_000, afterExec: true) === tool)
    #expect(table.find(4_000_001, at: 2_000_500, afterExec: true) === tool)
    table.end(tool.key, at: 5_000_000)
    #expect(table.find(4_000_001, at: 4_000_000) === tool && table.find(4_000_001, at: 5_000_001) == nil)
    table.insert(other)
    #expect(table.find(4_000_001, at: 1_000_000) === shell && table.find(4_000_001, at: 5_000_001) === other)
    #expect(table.find(4_000_002, at: 1_000_000) == nil)
  }

  @Test func endedProcessesDoNotPileUp() {
    var table = ProcessTable()
    for number in 0..<UInt32(3 * ProcessTable.endedLimit) {
      let process = process(UInt64(number), 4_000_000 + number)
      table.insert(process)
      table.end(process.key, at: 1000)
    }
    #expect(table.count == 0)
    #expect(table.find(ProcessKey(start: 0, pid: 4_000_000)) == nil)
    let last = UInt32(3 * ProcessTable.endedLimit - 1)
    #expect(table.find(ProcessKey(start: UInt64(last), pid: 4_000_000 + last)) != nil)
  }

  /// /proc has the time of creation in hundredths of a second.
  @Test func processesKnownFromFiles() {
    var table = ProcessTable()
    table.insert(process(50_000_000, 4_000_001), isCoarse: true)
    #expect(table.find(ProcessKey(start: 57_654_321, pid: 4_000_001)) != nil)
    #expect(table.find(ProcessKey(start: 49_000_000, pid: 4_000_001)) == nil)
    #expect(table.find(ProcessKey(start: 90_000_000, pid: 4_000_001)) == nil)
  }

  /// Processes whose end was lost go when the table grows: nobody has their number.
  @Test func aLostEndIsFound() {
    var table = ProcessTable()
    table.insert(process(1, 4_190_001))
    table.insert(process(2, UInt32(getpid())))
    table.sweep()
    #expect(table[4_190_001] == nil)
    #expect(table[UInt32(getpid())] != nil)
  }
}

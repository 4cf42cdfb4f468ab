// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import Testing

@testable import MeropsSensors

/// Processes that are hard to tell of.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct HardProcessTests {
  /// What a Python script, and the processes that it starts, did.
  private func events(
    _ script: String, _ change: (inout SensorOptions) -> Void = { _ in }
  ) throws -> [Event] {
    let folder = NSTemporaryDirectory() + "merops-processes-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = SensorOptions()
    options.classes = [.process]
    change(&options)
    let watch = try Watch(options)
    let process = Foundation.Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [
      "-c",
      """
      import os, sys, threading
      def start(act, code=0):
        child = os.fork()
        if child == 0: act(); os._exit(99)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == code
      def copy(name):
        with open('/bin/true', 'rb') as old, open(name, 'wb') as new: new.write(old.read())
        os.chmod(name, 0o755)

      """ + script,
    ]
    process.currentDirectoryURL = URL(filePath: folder)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let pid = UInt32(bitPattern: process.processIdentifier)
    return try watch.finish().filter { $0.process.parent?.key.pid == pid }
  }

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

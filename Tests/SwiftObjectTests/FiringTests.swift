// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import BPFSystem
import Foundation
import SwiftObjects
import TestSupport
import Testing

/// Every program of every object is attached where it belongs, and runs when something happens there. Operations of
/// kernel structures are called by the kernel as it likes: those are ``CongestionTests``'s.
@Suite(.requires(.root), .requires(.kernelBTF), .requires(.cgroup2), .requires(.command("perl")), .serialized)
struct FiringTests {
  @Test(arguments: SwiftCorpus.names.filter { $0 != "congestion" }) func everyProgramRuns(_ name: String) throws {
    let statistics = try RunTimeStatistics()
    let programs = try SwiftCorpus.programs(name).can
    guard !programs.isEmpty else { return }
    let collection = try SwiftCorpus.load(name, programs)
    let places = Places()
    for name in programs {
      let program = try collection.program(name)
      let before = try program.sample()
      try places.fire(program, try #require(collection.spec[program: name]))
      #expect(try program.sample().since(before).runCount > 0, "\(name) did not run")
    }
    withExtendedLifetime(statistics) {}
  }
}

/// Where programs are attached, made when the first of a kind is.
private final class Places {
  private lazy var wire = Result { try Wire() }
  private lazy var cgroup = Result { try TestCgroup() }
  private lazy var probed = Result { try ProbedProgram() }

  /// Attaches a program, lets something happen, and detaches it.
  func fire(_ program: Program, _ spec: ProgramSpec) throws {
    switch program.type {
    case .xdp: try onPackets(program) { .xdp(interface: .index($0)) }
    case .schedCLS: try onPackets(program) { .trafficControl(interface: .index($0), direction: .ingress) }
    case .cgroupSKB, .cgroupSock, .cgroupSockAddr, .cgroupSockopt, .cgroupSysctl, .cgroupDevice, .sockOps:
      try inCgroup(program)
    case .skLookup:
      try onLoopback(program, .networkNamespace(path: "/proc/thread-self/ns/net")) { _ = try TestStream.pair() }
    case .netfilter:
      try onLoopback(program, .netfilter(family: .ipv4, hook: .localIn, priority: 0)) { _ = try TestStream.pair() }
    case .socketFilter, .skReuseport: try onSocket(program)
    case .skMsg, .skSKB: try onSockets(program)
    case .perfEvent: try onClock(program)
    case .syscall:
      var number: UInt64 = 41
      _ = try program.testRun(context: &number)
    case .kprobe where spec.sectionName.hasPrefix("u"): try inUserCode(program, spec.sectionName)
    default: try inKernel(program, isIterator: spec.sectionName.hasPrefix("iter/"))
    }
  }

  private func onPackets(_ program: Program, _ hook: (UInt32) -> Hook) throws {
    let wire = try wire.get()
    let hook = hook(UInt32(wire.pair.nearIndex))
    let before = try program.sample()
    try wire.pair.near.run {
      let link = try program.attach(to: hook)
      _ = try wire.sends { try program.sample().since(before).runCount }
      try link.detach()
    }
  }

  /// A process of the cgroup opens sockets and files.
  private func inCgroup(_ program: Program) throws {
    let (cgroup, wire) = (try cgroup.get(), try wire.get())
    let script = """
      socket(S,AF_INET,SOCK_STREAM,0); getsockopt(S,SOL_SOCKET,SO_ERROR); bind(S,sockaddr_in(0,INADDR_LOOPBACK));
      connect(S,sockaddr_in(9,INADDR_LOOPBACK)); socket(T,AF_INET6,SOCK_STREAM,0);
      connect(T,pack_sockaddr_in6(9,inet_pton(AF_INET6,'::1'))); open(F,'<','/dev/zero');
      open(G,'<','/proc/sys/net/ipv4/ip_default_ttl'); sysread(G,$x,9)
      """
    try wire.pair.near.run {
      let link = try program.attach(to: .cgroup(path: cgroup.path))
      _ = try cgroup.run(["perl", "-MSocket=:all", "-e", script])
      try link.detach()
    }
  }

  private func onLoopback(_ program: Program, _ hook: Hook, _ body: @escaping @Sendable () throws -> Void) throws {
    try NetworkNamespace().run {
      let link = try program.attach(to: hook)
      try body()
      try link.detach()
    }
  }

  private func onSocket(_ program: Program) throws {
    try NetworkNamespace().run {
      let receiver = try TestSocket(address: "127.0.0.1", port: 7500, sharesPort: true)
      let link = try program.attach(to: .socket(descriptor: receiver.descriptor))
      try TestSocket().send([1], to: "127.0.0.1", port: 7500)
      try link.detach()
    }
  }

  /// Both ends of a connection in a map of sockets.
  private func onSockets(_ program: Program) throws {
    let map = try AnyMap(creating: MapParameters(.sockmap, keySize: 4, valueSize: 4, maxEntries: 2))
    try NetworkNamespace().run {
      let link = try program.attach(to: .sockmap(map))
      let (near, far) = try TestStream.pair()
      let sockets = try DescriptorMap<UInt32>(map)
      try sockets.set(0, descriptor: near.descriptor)
      try sockets.set(1, descriptor: far.descriptor)
      // A verdict may be that it is not to be sent.
      try? near.send("12345678")
      // Verdicts on what arrives are given a moment later.
      for _ in 0..<200 where try program.sample().runCount == 0 { usleep(10_000) }
      try link.detach()
    }
  }

  private func onClock(_ program: Program) throws {
    var clock = PerfEvent(type: 1, config: 1)  // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK
    clock.samplePeriod = 1_000_000
    let event = try Perf.open(clock, processID: 0)
    let link = try program.attach(to: .perfEvent(descriptor: event.rawValue))
    for _ in 0..<500 where try program.sample().runCount == 0 { _ = (0..<200_000).reduce(0, &+) }
    try link.detach()
  }

  private func inUserCode(_ program: Program, _ section: String) throws {
    if section.hasPrefix("usdt") {
      let probed = try probed.get()
      let link = try program.attach(to: .usdt(USDT(path: probed.path, provider: "merops", name: "plain")))
      try probed.run()
      return try link.detach()
    }
    let place = Uprobe(
      path: ProbedFunction.library, symbol: ProbedFunction.makedev, isReturn: section.hasPrefix("uretprobe"),
      processID: getpid())
    let link = try program.attach(to: .uprobe(place))
    ProbedFunction.callMakedev(8, 1)
    try link.detach()
  }

  /// Its section says where: among what every process does.
  private func inKernel(_ program: Program, isIterator: Bool) throws {
    let link = try program.attach()
    if isIterator { _ = try link.output() }
    try Shell.check(["/bin/true"])
    // A folder is no program: this comes back.
    let folder = open("/", O_RDONLY | O_CLOEXEC)
    var nothing: UnsafeMutablePointer<CChar>?
    #expect(fexecve(folder, &nothing, &nothing) == -1)
    close(folder)
    try NetworkNamespace().run { _ = try TestStream.pair() }
    try link.detach()
  }
}

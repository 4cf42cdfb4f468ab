// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF

/// `merops trace`
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Load an object, attach its programs and print their events until Ctrl-C.",
    discussion: """
      merops reads every ring buffer and perf event array of the object. It decodes a record by the value type of its \
      map, or else by the struct of the object that has the size of the record; --type chooses another.
      The last line, on standard error, counts the records that were printed, those that perf buffers had no room for, \
      and those that were left in the rings.

      EXAMPLES
        merops trace execve_tracker.bpf.o
        merops trace probe.bpf.o --type events=exec_event --json
        merops trace probe.bpf.o --watch counts
        merops trace filter.bpf.o --interface veth0
      """)

  @Argument(help: "An eBPF object file.", completion: .file(extensions: ["o"])) var file: String
  @Option(help: ArgumentHelp("Also print the changes of this map; may be repeated.", valueName: "map")) var watch:
    [String] = []
  @Option(help: ArgumentHelp("The type of the records, of one map or of all.", valueName: "[map=]type")) var type:
    [String] = []
  @Option(help: ArgumentHelp("Set a global variable before loading; may be repeated.", valueName: "name=value"))
  var global: [String] = []
  @Option(help: "The interface to attach xdp and tc programs to.") var interface: String?
  @Option(help: "The cgroup to attach cgroup programs to.", completion: .directory) var cgroup: String?
  @Option(help: "Stop after this many seconds.") var seconds: Seconds?
  @Option(help: "Stop after this many records.") var count: Int?
  @Flag(name: .long, help: "Print JSON, one object per line.") var json = false

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count must be 1 or more") }
    try Repeated.check("--type", assignments: type)
    try Repeated.check("--watch", watch)
  }

  func run() throws {
    Interrupt.catchSignals()
    let collection = try ObjectFile.collection(file, globals: global)
    let types = try RecordFormats(type, collection.spec)
    guard !watch.isEmpty || collection.spec.maps.contains(where: { $0.type.hasRecords }) else {
      throw Refusal("\(file) has no ring buffer or perf event array to read; --watch MAP shows a map")
    }
    try collection.load()
    // Open before anything is attached: what a program sends to a perf event array without a reader is lost.
    let tracer = try Tracer(collection, printer: RecordPrinter(types: types, json: json))
    var watchers = try watch.map { try MapWatcher(collection.map($0), json: json) }
    for (name, place) in try attach(collection) { Output.note("\(name) is attached to \(place)") }

    let end = seconds.map { ContinuousClock.now + $0.duration }
    var nextRead = ContinuousClock.now
    while !Interrupt.isRequested {
      try tracer.poll(limit: (count ?? .max) - tracer.count)
      if ContinuousClock.now >= nextRead {
        for index in watchers.indices { try watchers[index].step() }
        nextRead = ContinuousClock.now + .seconds(1)
      }
      if let count, tracer.count >= count { break }
      if let end, ContinuousClock.now >= end { break }
    }
    collection.detachAll()
    let rest = tracer.countRest()
    let unread = rest > 0 ? ", \(rest) not printed" : ""
    Output.note("\(tracer.count) records, \(tracer.lost) lost\(unread)")
    collection.close()
  }

  /// Attaches every program, and returns where.
  private func attach(_ collection: BPFCollection) throws -> [(name: String, place: String)] {
    let report = try collection.attachAll()
    var places = report.attached.map { (name: $0.name, place: $0.place) }
    for waiting in report.waiting {
      let program = try collection.program(waiting.name)
      let link = try program.attach(to: hook(of: program, section: waiting.place))
      places.append((waiting.name, link.place))
      collection.keep(link, as: waiting.name)
    }
    return places
  }

  /// The hook of a program whose section names no target.
  private func hook(of program: Program, section: String) throws -> Hook {
    func refusal(_ hint: String) -> Refusal {
      Refusal("the section of \(program.name), '\(section)', does not say where the program attaches: \(hint)")
    }
    switch program.type {
    case .xdp, .schedCLS, .schedACT:
      guard let interface else { throw refusal("give --interface") }
      guard program.type != .xdp else { return .xdp(interface: .name(interface)) }
      return .trafficControl(
        interface: .name(interface), direction: program.attachType == .tcxEgress ? .egress : .ingress)
    case .cgroupSKB, .cgroupSock, .cgroupSockAddr, .cgroupSockopt, .cgroupSysctl, .cgroupDevice, .sockOps,
      .lsm where program.attachType == .lsmCgroup:
      guard let cgroup else { throw refusal("give --cgroup") }
      return .cgroup(path: cgroup)
    default: throw refusal("name the target in the section, after a slash")
    }
  }
}

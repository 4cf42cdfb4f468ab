// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl
import MeropsModel
import MeropsScreens

struct FirewallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "firewall",
    abstract: "Block and allow packets by their source, where they arrive.",
    discussion: """
      Rules count for all packets that arrive on guarded interfaces, before Linux makes anything of them. The longest prefix \
      counts; of a block and an allowance of the same prefix the block. Rules go on when the agent ends, until the machine \
      is started anew. The agent's settings need `firewall: {enabled: true}`; only root may change rules.

      EXAMPLES
        sudo merops firewall guard eth0
        sudo merops firewall block 203.0.113.0/24 --for 10m --reason 'password guessing'
        sudo merops firewall allow 203.0.113.7
        sudo merops firewall import drop.txt --name drop
        merops firewall list
        merops firewall watch
      """,
    subcommands: [
      Block.self, Allow.self, Unblock.self, Import.self, List.self, Stats.self, Watch.self, Default.self, Guard.self,
      Release.self,
    ])
}

/// What a rule may have besides its sources.
struct RuleOptions: ParsableArguments {
  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("How long the rule counts: 10m, 2h, 7d. For ever if not given.", valueName: "time"),
    completion: Candidates.times)
  var time: String?
  @Option(help: "Why, for whoever looks at the list.")
  var reason: String?
  @Option(name: .shortAndLong, help: "Count only for this interface, and guard it.", completion: Candidates.interfaces)
  var interface: String?

  func fill(_ request: inout FirewallRequest) throws {
    request.reason = reason
    request.interface = interface
    if let time {
      guard let duration = TimePoint.duration(time), duration > 0 else {
        throw ValidationError("'\(time)' is not how long a rule can count: write 10m, 2h or 7d.")
      }
      request.time = duration
    }
  }
}

/// What a packet has to be besides its source.
struct ConditionOptions: ParsableArguments {
  @Option(
    name: [.customLong("protocol")],
    help: "Only this protocol: tcp, udp, icmp, icmpv6, sctp, gre, esp, ... or a number.",
    completion: .list(["tcp", "udp", "icmp", "icmpv6", "sctp", "gre", "esp"]))
  var transport: String?
  @Option(help: "Only to this port, or these: 22, 8000-8080.")
  var port: String?
  @Option(help: "Only from this port, or these.")
  var sourcePort: String?
  @Option(help: "Only with these flags of TCP: syn,!ack.")
  var flags: String?
  @Option(help: "Only of this type of ICMP, by its number.")
  var icmpType: UInt8?
  @Option(
    help: ArgumentHelp(
      "Only packets of connections that this machine has sent something of (established), or only others (new).",
      valueName: "new|established"),
    completion: .list(["new", "established"]))
  var state: String?
  @Option(
    help: ArgumentHelp(
      "Block what one source sends beyond so many packets a second, or allow what it sends within. Of IPv6, a source is a /64.",
      valueName: "packets"))
  var rate: UInt32?
  @Option(help: ArgumentHelp("So many may come at once; a second's if not given.", valueName: "packets"))
  var burst: UInt32?

  func fill(_ request: inout FirewallRequest) {
    (request.transport, request.port, request.sourcePort) = (transport, port, sourcePort)
    (request.flags, request.icmpType, request.state) = (flags, icmpType, state)
    (request.rate, request.burst) = (rate, burst)
  }
}

extension FirewallCommand {
  private static func add(
    _ action: String, _ sources: [String], _ options: RuleOptions, _ conditions: ConditionOptions,
    _ agent: AgentOptions,
    json: Bool
  ) throws {
    var request = FirewallRequest(action: action)
    request.sources = sources
    try options.fill(&request)
    conditions.fill(&request)
    let reply = try agent.client.send("POST", "/v1/firewall/rules", request, as: FirewallReply.self)
    if json { return try Output.json(reply) }
    let verb = action == "drop" ? "Blocked" : "Allowed"
    let what = sources.isEmpty ? "what meets the conditions" : sources.joined(separator: ", ")
    let until = request.time.map { " for \(Amount.duration($0))" } ?? ""
    Output.line("\(verb) \(what)\(until): rule \(reply.rules.map { "\($0)" }.joined(separator: ", ")).")
    for note in reply.notes { Output.note(note) }
  }

  struct Block: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "block", abstract: "Drop packets from addresses.",
      discussion: """
        When the command ends, the rule counts. An address that is blocked already gets the new time and reason.

        EXAMPLES
          sudo merops firewall block 203.0.113.7 2001:db8::/32
          sudo merops firewall block 203.0.113.0/24 --for 10m --reason 'password guessing'
          sudo merops firewall block 0.0.0.0/0 --protocol tcp --port 23 --interface eth0
          sudo merops firewall block --protocol tcp --flags syn,fin
          sudo merops firewall block --protocol udp --port 53 --rate 100 --burst 200
          sudo merops firewall block 198.51.100.0/24 --state new      what it begins; its answers pass
        """)
    @OptionGroup var agent: AgentOptions
    @Argument(help: "Addresses and blocks: 203.0.113.7, 203.0.113.0/24, 2001:db8::/32. All, if a protocol is given.")
    var sources: [String] = []
    @OptionGroup var options: RuleOptions
    @OptionGroup var conditions: ConditionOptions
    @Flag(help: "As JSON.") var json = false

    func run() throws { try FirewallCommand.add("drop", sources, options, conditions, agent, json: json) }
  }

  struct Allow: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "allow", abstract: "Let packets from addresses pass.",
      discussion: """
        Where everything else passes, this makes an exception from a longer block. `unblock --rule N` takes it back.

        EXAMPLES
          sudo merops firewall allow 203.0.113.7 --for 1h      although 203.0.113.0/24 is blocked
          sudo merops firewall allow 192.0.2.0/24 && sudo merops firewall default drop
          sudo merops firewall allow --state established               what answers this machine
        """)
    @OptionGroup var agent: AgentOptions
    @Argument(help: "Addresses and blocks. All, if a protocol is given.")
    var sources: [String] = []
    @OptionGroup var options: RuleOptions
    @OptionGroup var conditions: ConditionOptions
    @Flag(help: "As JSON.") var json = false

    func run() throws { try FirewallCommand.add("pass", sources, options, conditions, agent, json: json) }
  }

  struct Unblock: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unblock", abstract: "Take a block back, or any rule or list.",
      discussion: """
        EXAMPLES
          sudo merops firewall unblock 203.0.113.0/24
          sudo merops firewall unblock --rule 7
          sudo merops firewall unblock --list drop
        """)
    @OptionGroup var agent: AgentOptions
    @Argument(help: "Sources as they were blocked.") var sources: [String] = []
    @Option(name: .customLong("rule"), help: "The number of a rule; may be repeated.") var rules: [UInt32] = []
    @Option(help: "The name of a list.") var list: String?
    @Flag(help: "As JSON.") var json = false

    func run() throws {
      var removal = FirewallRemoval()
      (removal.sources, removal.rules, removal.list) = (sources, rules, list)
      guard !sources.isEmpty || !rules.isEmpty || list != nil else {
        throw ValidationError("Name addresses, --rule or --list.")
      }
      let reply = try agent.client.send("POST", "/v1/firewall/removals", removal, as: FirewallReply.self)
      if json { return try Output.json(reply) }
      let numbers = reply.rules.map { "\($0)" }.joined(separator: ", ")
      Output.line("Took \(Amount.count(UInt64(reply.sources))) sources out of rule \(numbers).")
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Block or allow the addresses of a list.",
      discussion: """
        A list is an address, a block or a range (FIRST-LAST) a line, with comments behind # or ;, or what `ipset save` or \
        `nft list set` writes. It takes the place of the list of the same name, in one step. A line that cannot be understood \
        is an error: then nothing changes.

        EXAMPLES
          sudo merops firewall import drop.txt --name drop --reason 'Spamhaus DROP'
          ipset save blacklist | sudo merops firewall import - --name blacklist --for 1d
          nft list set inet filter bad | sudo merops firewall import - --name bad
          sudo merops firewall import partners.txt --name partners --allow
        """)
    @OptionGroup var agent: AgentOptions
    @Argument(help: "The file; - for standard input.", completion: .file()) var file: String
    @Option(help: "The list's name; the file's, if not given.") var name: String?
    @Flag(help: "Let the addresses pass, in place of blocking them.") var allow = false
    @OptionGroup var options: RuleOptions
    @OptionGroup var conditions: ConditionOptions
    @Flag(help: "As JSON.") var json = false

    func run() throws {
      guard let name = name ?? (file == "-" ? nil : file.split(separator: "/").last.map(String.init)) else {
        throw ValidationError("A list from standard input needs a --name.")
      }
      var request = FirewallRequest(action: allow ? "pass" : "drop")
      request.list = name
      request.addresses = String(decoding: try InputFile.read(file), as: UTF8.self)
      try options.fill(&request)
      conditions.fill(&request)
      let reply = try agent.client.send("POST", "/v1/firewall/rules", request, as: FirewallReply.self)
      if json { return try Output.json(reply) }
      Output.line(
        "\(allow ? "Allowed" : "Blocked") \(Amount.count(UInt64(reply.sources))) sources of the list \(name): rule "
          + "\(reply.rules.map { "\($0)" }.joined(separator: ", ")), in \(Amount.duration(reply.time)).")
      for note in reply.notes { Output.note(note) }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Show the rules, and what each has done.",
      discussion: """
        EXAMPLES
          merops firewall list
          merops firewall list --json | jq '.rules[] | select(.packets > 0)'
        """)
    @OptionGroup var agent: AgentOptions
    @Flag(help: "As JSON.") var json = false

    func run() throws {
      if json { return Output.bytes(try agent.client.get("/v1/firewall")) }
      let report = try agent.client.get("/v1/firewall", as: FirewallReport.self)
      Output.lines(FirewallScreen(report).rules(width: Terminal.width))
    }
  }

  struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "stats", abstract: "Show what was dropped and passed, where, and what the tables take.",
      discussion: """
        EXAMPLES
          merops firewall stats
          watch -n 1 merops firewall stats
        """)
    @OptionGroup var agent: AgentOptions
    @Flag(help: "As JSON.") var json = false

    func run() throws {
      if json { return Output.bytes(try agent.client.get("/v1/firewall")) }
      let report = try agent.client.get("/v1/firewall", as: FirewallReport.self)
      Output.lines(FirewallScreen(report).statistics())
    }
  }

  struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "watch", abstract: "Show packets that are dropped, as they come.",
      discussion: """
        Of a flood some are shown, and how many were not. A line names the rule that dropped the packet.

        EXAMPLES
          merops firewall watch
          merops firewall watch --json | jq -r .source
        """)
    @OptionGroup var agent: AgentOptions
    @Flag(help: "As JSON lines.") var json = false

    func run() throws {
      Interrupt.catchSignals()
      var rest: [UInt8] = []
      let json = json
      try agent.client.stream("/v1/firewall/drops") { piece in
        rest += piece
        while let end = rest.firstIndex(of: 0x0a) {
          let line = Array(rest[..<end])
          rest.removeFirst(end + 1)
          if line.isEmpty { continue }
          if json {
            Output.bytes(line + [0x0a])
          } else if let drop = FirewallScreen.drop(line) {
            Output.line(drop)
          }
        }
        return !Interrupt.isRequested
      }
    }
  }

  struct Default: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "default", abstract: "Say what becomes of packets that no rule names.",
      discussion: """
        With `drop`, only what rules allow passes, and ARP and other packets that are no IP. Allow yourself first, and what \
        answers: without a rule with `--state established`, answers and open connections are no exception.

        EXAMPLES
          sudo merops firewall allow --state established
          sudo merops firewall default drop
          sudo merops firewall default pass
        """)
    @OptionGroup var agent: AgentOptions
    @Argument(help: "pass or drop.", completion: .list(["pass", "drop"])) var action: String

    func run() throws {
      var settings = FirewallSettings()
      settings.defaultAction = action
      _ = try agent.client.send("PATCH", "/v1/firewall", settings, as: FirewallReply.self)
      Output.line(action == "drop" ? "Only what rules allow passes." : "What no rule blocks passes.")
    }
  }

  struct Guard: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "guard", abstract: "Have the rules count on interfaces.",
      discussion: """
        Where an interface has an XDP program of somebody else, this fails, and that one stays.

        EXAMPLES
          sudo merops firewall guard eth0 eth1
        """)
    @OptionGroup var agent: AgentOptions
    @Argument(help: "Names of interfaces.", completion: Candidates.interfaces) var interfaces: [String]

    func run() throws {
      var settings = FirewallSettings()
      settings.guarding = interfaces
      _ = try agent.client.send("PATCH", "/v1/firewall", settings, as: FirewallReply.self)
      let report = try agent.client.get("/v1/firewall", as: FirewallReport.self)
      for interface in report.interfaces where interfaces.contains(interface.name) {
        Output.line("\(interface.name) is guarded\(FirewallScreen.explanation(of: interface.mode)).")
      }
    }
  }

  struct Release: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "release", abstract: "Have the rules count no longer on interfaces.",
      discussion: """
        EXAMPLES
          sudo merops firewall release eth0
          sudo merops firewall release --all
        """)
    @OptionGroup var agent: AgentOptions
    @Argument(help: "Names of interfaces.", completion: Candidates.interfaces) var interfaces: [String] = []
    @Flag(help: "All that are guarded.") var all = false

    func run() throws {
      guard all != !interfaces.isEmpty else { throw ValidationError("Name interfaces, or --all.") }
      var settings = FirewallSettings()
      settings.releasing =
        all ? try agent.client.get("/v1/firewall", as: FirewallReport.self).interfaces.map(\.name) : interfaces
      _ = try agent.client.send("PATCH", "/v1/firewall", settings, as: FirewallReply.self)
      Output.line("No longer guarded: \((settings.releasing ?? []).joined(separator: ", ")). The rules stay.")
    }
  }
}

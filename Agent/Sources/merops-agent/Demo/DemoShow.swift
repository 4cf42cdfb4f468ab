// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsControl
import MeropsModel

/// What the demo shows, in its order.
struct DemoShow {
  let stage: DemoStage
  let voice: DemoVoice

  private static let steps = 9

  init(stage: DemoStage, waitsForKeys: Bool) {
    self.stage = stage
    voice = DemoVoice(stage: stage, steps: Self.steps, waitsForKeys: waitsForKeys)
  }

  func run() throws {
    try voice.text(
      """
      This is a show: it happens in a network, a cgroup and a folder of its own, with an agent of its own. It changes nothing \
      else on this machine, and nothing of it stays. Ctrl-C ends it.
      """)
    try stage.begin()
    try voice.text(
      """
      Behind # stands what is typed; `app` runs something as the application that is attacked, in the cgroup \
      \(stage.cgroup). To type along, as root in another terminal:
      """)
    try voice.line("    nsenter --net --mount --target \(getpid()) sh -c '. \(stage.folder)/env; exec sh'")
    try seen()
    try denied()
    try changed()
    try rolledBack()
    try packets()
    try voice.gap()
    try voice.text(
      """
      That is all, and all of it is removed now. Next: `merops run` shows what your machine does; docs/policies-guide.md leads \
      from a first policy that only tells to one that denies.
      """)
  }

  private static let askCloud = "app bash -c 'cat < /dev/tcp/169.254.169.254/80'"
  private static let askDatabase = "app bash -c 'cat < /dev/tcp/10.77.0.7/5432'"
  private static let mine = "app ./miner 'mining coins for somebody else'"

  private func seen() throws {
    try voice.step("An attack")
    try voice.text(
      """
      The application is a shop. Somebody has found a hole in it and runs commands as the application. They ask the cloud for \
      the machine's secret key, and start a program that they brought along. Both work.
      """)
    try voice.typed(Self.mine)
    try voice.typed(Self.askCloud)

    try voice.step("What the agent has seen of it")
    let condition = "process.linux.cgroup == \"\(stage.cgroup)\""
    try wait(for: condition + " && destination.port == 80u && event.kind == \"network.connect\"")
    try wait(for: condition + " && event.kind == \"process.exec\" && process.executable.path.endsWith(\"/miner\")")
    try voice.typed("merops events --text --where '\(condition)'")
  }

  private func denied() throws {
    try voice.step("A policy against it")
    try voice.typed("cat shop.yaml")
    try voice.typed("merops policy check shop.yaml")

    try voice.step("What it would have done, before it does anything")
    try voice.typed("merops policy backtest shop.yaml --since 10m")

    try voice.step("It counts: the kernel says no")
    try voice.typed("merops policy apply shop.yaml")
    try voice.typed(Self.mine)
    try voice.typed(Self.askCloud)
    try voice.typed(Self.askDatabase)

    try voice.step("Why?")
    try wait(for: "event.kind == \"policy.decision\" && policy.rule == \"no-secret-keys\"")
    try voice.typed("merops explain")
  }

  private func changed() throws {
    try voice.step("The policy is changed while the attack goes on")
    try voice.text(
      """
      On each CPU a process of the application now asks for the secret key, and connects to its database, without a pause. \
      Meanwhile two policies that both forbid the first, in different words, replace each other again and again.
      """)
    let (processes, board) = try stage.startLoad()
    // Each process has begun.
    try stage.wait { board.slowest > 0 }
    let before = board.sum()
    let swapped = try underLoad(
      "for n in $(seq 50); do merops policy apply v2/shop.yaml; merops policy apply shop.yaml; done | tail -n 1", board)
    guard swapped.leaked == 0, swapped.wronged == 0, swapped.denied > 0 else {
      throw ControlError(status: 0, message: "An act slipped through, or was denied wrongly: please report this.")
    }
    try voice.text("The same by deleting the old policy and then adding the new one:")
    let deleted = try underLoad(
      "for n in $(seq 10); do merops policy delete shop.yaml; merops policy apply shop.yaml; done | tail -n 1", board)
    try stage.endLoad(processes)
    try voice.text(
      """
      So the count can be another one than 0: \(Self.number(deleted.leaked)) times the secret key could be had between \
      deleting and adding. In the first way there is no moment between: \(Self.number(board.sum().denied - before.denied)) \
      attempts were denied.
      """)
  }

  /// Runs a command while processes act.
  private func underLoad(_ command: String, _ board: DemoBoard) throws -> DemoCounts {
    let before = board.sum()
    try voice.typed(command) { try voice.progress(Self.told(board.sum() - before)) }
    let counts = board.sum() - before
    try voice.result(Self.told(counts))
    return counts
  }

  private static func told(_ counts: DemoCounts) -> String {
    "secret key: \(number(counts.denied)) denied, \(number(counts.leaked)) slipped through   "
      + "database: \(number(counts.allowed)) connected, \(number(counts.wronged)) denied"
  }

  private func rolledBack() throws {
    try voice.step("A mistake, and the way back")
    try voice.text("This policy forgets the database.")
    try voice.typed("merops policy apply mistake.yaml")
    try voice.typed(Self.askDatabase)
    try voice.typed("merops policy rollback")
    try voice.typed(Self.askDatabase)
    try voice.typed("merops policy history | tail -n 3")
  }

  private func packets() throws {
    try voice.step("Packets, dropped where they arrive")
    try voice.text("The network interface shop0 has a neighbor, 203.0.113.66, who knocks at a port.")
    try voice.typed("merops firewall guard shop0")
    try voice.typed("merops firewall block 203.0.113.0/24 --for 10m --reason 'knocks at our ports'")
    try voice.typed("bash -c 'for n in 1 2 3 4 5; do echo knock > /dev/udp/203.0.113.1/9; done'")
    try stage.wait {
      try stage.client.get("/v1/firewall", as: FirewallReport.self).rules.contains { $0.packets >= 5 }
    }
    try voice.typed("merops firewall list")
  }

  /// Waits until the agent has an event.
  private func wait(for condition: String) throws {
    var request = EventRequest()
    (request.condition, request.limit, request.format) = (condition, 1, .packed)
    try stage.wait { try !stage.client.events(request).isEmpty }
  }

  private static func number(_ count: UInt64) -> String {
    let digits = Array(String(count))
    return String(
      digits.indices.flatMap { index in
        index > 0 && (digits.count - index) % 3 == 0 ? [",", digits[index]] : [digits[index]]
      })
  }
}

extension DemoShow {
  /// The files of policies, by their names.
  static let policies = [
    "shop.yaml": """
    apiVersion: merops/v1
    kind: Policy
    metadata: {name: shop}
    spec:
      rules:
        - id: no-secret-keys
          on: network.connect
          match: destination.address == "169.254.169.254"
          action: deny
          message: The shop asks the cloud for the machine's secret key
        - id: no-strange-programs
          on: process.exec
          match: process.executable.path.startsWith("/tmp/")
          action: kill
          message: The shop starts a program that somebody brought along

    """,
    "v2/shop.yaml": """
    apiVersion: merops/v1
    kind: Policy
    metadata: {name: shop}
    spec:
      lists: {elsewhere: [169.254.0.0/16, 198.51.100.0/24]}
      rules:
        - id: nowhere-else
          on: network.connect
          match: destination.address in elsewhere && destination.port < 1024u
          action: deny
          message: The shop connects to something that is not its database

    """,
    "mistake.yaml": """
    apiVersion: merops/v1
    kind: Policy
    metadata: {name: mistake}
    spec:
      rules:
        - id: nobody
          on: network.connect
          action: deny

    """,
  ]
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF

/// `merops link`
struct LinkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link", abstract: "List, show and detach links.",
    subcommands: [LinkList.self, LinkShow.self, LinkDetach.self])
}

/// `merops link list`
struct LinkList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the links in the kernel: which program is attached where.",
    discussion: """
      Needs CAP_SYS_ADMIN and Linux 5.8.

      EXAMPLES
        merops link list
        merops link list --processes
      """)

  @OptionGroup var output: OutputOptions
  @OptionGroup var holders: HolderOptions

  func run() throws {
    let links = try Link.ids().compactMap { id in try? LinkFacts(id: id) }
    output.print(LinkListReport(links: links, owners: holders.owners))
  }
}

/// `merops link show`
struct LinkShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one link.",
    discussion: """
      A link has no name of its own: name its program.

      EXAMPLES
        merops link show 7
        merops link show on_execve
      """)

  @Argument(help: "Its id, the name of its program, or its pinned path.") var link: ObjectName
  @OptionGroup var output: OutputOptions

  func run() throws {
    output.print(LinkReport(link: LinkFacts(try link.link().info()), owners: Owners()))
  }
}

/// `merops link detach`
struct LinkDetach: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detach", abstract: "Detach a program from its hook, whoever holds the link.",
    discussion: """
      The kernel detaches xdp, tcx, netkit, cgroup, netns, netfilter, sockmap and struct_ops links on request. It keeps \
      tracing, kprobe, uprobe, tracepoint and perf event links as long as something holds them: remove the pin, or end \
      the process that `merops link show` names.

      EXAMPLES
        merops link detach 7
      """)

  @Argument(help: "Its id, the name of its program, or its pinned path.") var link: ObjectName

  func run() throws {
    let link = try link.link()
    let before = LinkFacts(try link.info())
    try link.detach()
    guard (try? LinkFacts(id: before.info.id)) != nil, !before.info.type.isDetachable else { return }
    let holders = Owners().text(link: before.info.id)
    throw StillAttached(id: before.info.id, place: before.place, holders: holders)
  }
}

/// A link that the kernel keeps while somebody holds it.
struct StillAttached: Error, CustomStringConvertible {
  var id: UInt32
  var place: String
  var holders: String

  var description: String {
    "the kernel keeps link \(id) (\(place)) as long as something holds it; "
      + (holders.isEmpty ? "remove its pin in a bpffs" : "end the processes that hold it: \(holders)")
  }
}

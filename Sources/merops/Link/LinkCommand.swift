// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import CommandSupport

/// `merops link`
struct LinkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link", abstract: "List, show and detach links.",
    subcommands: [LinkList.self, LinkShow.self, LinkDetach.self])
}

/// `merops link list`
struct LinkList: Listing {
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

  func run() throws { try Self.list(json: output.json, processes: holders.processes) }

  static func list(json: Bool, processes: Bool) throws {
    let links = try Link.ids().compactMap { id in try? LinkFacts(id: id) }
    OutputOptions.print(LinkListReport(links: links, owners: processes ? Owners() : nil), json: json)
  }
}

/// `merops link show`
struct LinkShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one link.",
    discussion: """
      A link has no name of its own: a name is its program's.

      EXAMPLES
        merops link show 7
        merops link show on_execve
      """)

  @Argument(help: "Id, program's name or pinned path.") var link: ObjectName
  @OptionGroup var output: OutputOptions

  func run() throws {
    output.print(LinkReport(link: LinkFacts(try link.link().information()), owners: Owners()))
  }
}

/// `merops link detach`
struct LinkDetach: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detach", abstract: "Detach a program, whoever holds its link.",
    discussion: """
      The kernel detaches xdp, tcx, netkit, cgroup, netns, netfilter, sockmap and struct_ops links so. Tracing, kprobe,
      uprobe, tracepoint and perf event links go when their last holder lets go: remove the pin, or end the process that
      `merops link show` names.

      EXAMPLES
        merops link detach 7
      """)

  @Argument(help: "Id, program's name or pinned path.") var link: ObjectName

  func run() throws {
    let link = try link.link()
    let before = LinkFacts(try link.information())
    try link.detach()
    guard (try? LinkFacts(id: before.information.id)) != nil, !before.isForceable else { return }
    let holders = Owners().text(link: before.information.id)
    throw StillAttached(id: before.information.id, place: before.place, holders: holders)
  }
}

/// A link that the kernel keeps while somebody holds it.
struct StillAttached: Error, CustomStringConvertible {
  var id: UInt32
  var place: String
  var holders: String

  var description: String {
    "link \(id) (\(place)) cannot be detached by force: it goes with its last holder; "
      + (holders.isEmpty ? "remove its pin in a bpffs" : "it is held by \(holders)")
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Where among the programs that share a hook a new one stands.
///
/// - Requires: Linux 6.6 (tcx, netkit), 6.17 (cgroup)
public enum AttachOrder: Sendable, Hashable {
  case first
  case last
  case beforeProgram(id: UInt32)
  case afterProgram(id: UInt32)
  case beforeLink(id: UInt32)
  case afterLink(id: UInt32)

  private static let before: UInt32 = 1 << 3  // BPF_F_BEFORE
  private static let after: UInt32 = 1 << 4  // BPF_F_AFTER
  private static let byID: UInt32 = 1 << 5  // BPF_F_ID
  private static let isLink: UInt32 = 1 << 13  // BPF_F_LINK

  /// The kernel's flags.
  var flags: UInt32 {
    switch self {
    case .first: Self.before
    case .last: 0
    case .beforeProgram: Self.before | Self.byID
    case .afterProgram: Self.after | Self.byID
    case .beforeLink: Self.before | Self.byID | Self.isLink
    case .afterLink: Self.after | Self.byID | Self.isLink
    }
  }

  /// The neighbour's id; zero for none.
  var neighbour: UInt32 {
    switch self {
    case .first, .last: 0
    case .beforeProgram(let id), .afterProgram(let id), .beforeLink(let id), .afterLink(let id): id
    }
  }
}

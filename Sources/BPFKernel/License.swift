// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// The license of the programs in a file. Helpers that read kernel memory, and many others, are for programs under the GPL
/// (alone or as a choice) only.
///
///     let license = License.gpl
///
/// Source: `license_is_gpl_compatible` in `include/linux/license.h`.
@frozen public enum License: UInt8 {
  /// "GPL"
  case gpl
  /// "GPL v2"
  case gplV2
  /// "GPL and additional rights"
  case gplAndAdditionalRights
  /// "Dual BSD/GPL"
  case dualBSDGPL
  /// "Dual MIT/GPL"
  case dualMITGPL
  /// "Dual MPL/GPL"
  case dualMPLGPL
  /// "Proprietary": not under the GPL.
  case proprietary
}

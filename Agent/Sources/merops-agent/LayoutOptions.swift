// SPDX-License-Identifier: Apache-2.0

import MeropsScreens

extension LineLayout {
  /// As the terminal wants it.
  static func current(showsDate: Bool = false) -> LineLayout {
    LineLayout(width: Terminal.width, isColored: Terminal.isColored, showsDate: showsDate)
  }
}

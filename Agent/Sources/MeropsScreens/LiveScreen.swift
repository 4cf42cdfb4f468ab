// SPDX-License-Identifier: Apache-2.0

/// Lines that scroll, over a foot that stays at the bottom. Makes text; whoever has the terminal writes it.
public struct LiveScreen: Sendable {
  public var layout: LineLayout
  public var foot = Foot()
  private var footIsDrawn = false

  public init(layout: LineLayout) { self.layout = layout }

  /// What stands above all lines.
  public func head(_ title: String) -> String { layout.colored(title.visible, "1") + "\n" + layout.heading + "\n" }

  /// Text that puts lines above the foot, and the foot as it is now.
  public mutating func drawing(_ lines: [String]) -> String {
    var text = erasing()
    for line in lines { text += line + "\n" }
    guard let width = layout.width else { return text }
    text += String(repeating: "─", count: width - 1) + "\n" + foot.text(width: width - 1)
    footIsDrawn = true
    return text
  }

  /// Text that takes the foot away.
  public mutating func erasing() -> String {
    guard footIsDrawn else { return "" }
    footIsDrawn = false
    return "\r\u{1b}[1A\u{1b}[J"
  }
}

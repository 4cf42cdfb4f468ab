// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Knows which processes stand on the screen, so that what their children do can be marked.
public struct Lineage: Sendable {
  private var order: [ProcessKey] = []
  private var shown: Set<ProcessKey> = []
  private let limit: Int

  /// - Parameter limit: how many processes are remembered: a screen's worth.
  public init(limit: Int = 40) { self.limit = limit }

  /// How many of the actor's ancestors are on the screen, in an unbroken line; the actor is on it from now on.
  public mutating func depth(of event: Event) -> Int {
    var actor = event.process
    if event.kind == .processExec || event.kind == .processFork, let parent = actor.parent { actor = parent }
    let depth = actor.ancestors.prefix { shown.contains($0.key) }.reduce(0) { count, _ in count + 1 }
    remember(actor.key)
    return depth
  }

  private mutating func remember(_ key: ProcessKey) {
    guard shown.insert(key).inserted else { return }
    order.append(key)
    if order.count > limit { shown.remove(order.removeFirst()) }
  }
}

// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// How batches follow each other in a reply of ``ReplyFormat/packed``: four bytes of length, little-endian, then so many bytes
/// of ``MeropsModel/EventBatch/packed()``. A length of zero keeps the connection alive; one of 0xffffffff is followed by
/// eight bytes, how many events this subscriber has lost by being slow, since it began.
public struct EventFrames: Sendable {
  public enum Frame: Sendable {
    case events(EventBatch)
    case alive
    case lost(UInt64)
  }

  private var rest: [UInt8] = []
  /// A batch is far smaller; a length that lies must not fill the memory.
  private static let maximum = 256 << 20

  public init() {}

  public static func bytes(_ batch: EventBatch) -> [UInt8] {
    let packed = batch.packed()
    return little(UInt64(packed.count), bytes: 4) + packed
  }

  public static let alive: [UInt8] = [0, 0, 0, 0]

  public static func lost(_ count: UInt64) -> [UInt8] { [0xff, 0xff, 0xff, 0xff] + little(count, bytes: 8) }

  /// Takes bytes as they arrive.
  ///
  /// - Returns: the frames that are complete now.
  /// - Throws: ``ControlError`` if the bytes are not frames.
  public mutating func read(_ bytes: some Collection<UInt8>) throws(ControlError) -> [Frame] {
    rest += bytes
    var frames: [Frame] = []
    var offset = 0
    defer { rest.removeFirst(offset) }
    while rest.count - offset >= 4 {
      let length = Self.number(rest[offset..<offset + 4])
      if length == 0 {
        frames.append(.alive)
        offset += 4
      } else if length == 0xffff_ffff {
        guard rest.count - offset >= 12 else { break }
        frames.append(.lost(Self.number(rest[offset + 4..<offset + 12])))
        offset += 12
      } else {
        guard length <= UInt64(Self.maximum) else { throw Self.damaged }
        let end = offset + 4 + Int(length)
        guard rest.count >= end else { break }
        do { frames.append(.events(try EventBatch(packed: Array(rest[offset + 4..<end])))) } catch {
          throw Self.damaged
        }
        offset = end
      }
    }
    return frames
  }

  private static let damaged = ControlError(
    status: 502,
    message: "The agent sent something other than a batch of events: it is of another version than this program.")

  private static func little(_ number: UInt64, bytes: UInt64) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

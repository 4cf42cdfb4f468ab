// SPDX-License-Identifier: Apache-2.0

import Foundation
public import MeropsModel
import Synchronization

public struct StreamSinkOptions: Sendable {
  /// Bytes of events that wait for the file. What does not fit is dropped and counted.
  public var queueBytes = 8 << 20
  /// Which events it wants.
  public var condition: (@Sendable (Event) -> Bool)?
  /// Takes one sentence when the file takes nothing, and one when it does again.
  public var report: @Sendable (String) -> Void = { _ in }
  /// Is called once when whoever reads a pipe has closed it.
  public var readerLeft: @Sendable () -> Void = {}

  public init() {}
}

/// Writes events to standard output or a file. ``append(_:)`` never waits: a thread of the sink writes, and events that do
/// not fit into its queue are dropped and counted.
public final class StreamSink: Sendable {
  private let shared: Shared
  private let options: StreamSinkOptions

  private final class Shared: Sendable {
    struct State {
      var queue: [EventBatch] = []
      var status: SinkStatus
      var isClosing = false
      var isReopening = false
    }

    let state: Mutex<State>
    let wake = DispatchSemaphore(value: 0)
    let ended = DispatchSemaphore(value: 0)

    init(_ name: String) { state = Mutex(State(status: SinkStatus(name: name))) }
  }

  /// Starts writing.
  public init(
    _ name: String, to output: sending any LineOutput, format: any EventFormat = JSONLineWriter(),
    _ options: StreamSinkOptions = StreamSinkOptions()
  ) {
    let shared = Shared(name)
    self.shared = shared
    self.options = options
    // It belongs to the thread.
    nonisolated(unsafe) let output = output
    let thread = Thread { Self.run(output, format, options, shared) }
    thread.name = "merops.lines"
    thread.start()
  }

  /// Takes events; never waits.
  public func append(_ batch: EventBatch) {
    let fits = shared.state.withLock { state in
      guard !state.isClosing, state.status.waitingBytes + batch.size <= options.queueBytes else {
        state.status.dropped += UInt64(batch.count)
        return false
      }
      state.queue.append(batch)
      state.status.waitingBytes += batch.size
      state.status.waitingEvents += batch.count
      return true
    }
    if fits { shared.wake.signal() }
  }

  public var status: SinkStatus { shared.state.withLock { $0.status } }

  /// Opens the file anew, after another program has moved it.
  public func reopen() {
    shared.state.withLock { $0.isReopening = true }
    shared.wake.signal()
  }

  /// Writes what waits, then ends.
  public func close() {
    let isFirst = shared.state.withLock { state in
      defer { state.isClosing = true }
      return !state.isClosing
    }
    shared.wake.signal()
    if isFirst { shared.ended.wait() }
  }

  deinit { close() }

  private static func run(
    _ output: any LineOutput, _ format: any EventFormat, _ options: StreamSinkOptions, _ shared: Shared
  ) {
    defer { shared.ended.signal() }
    var format = format
    var buffer: [UInt8] = []
    var hasReaderLeft = false
    while true {
      shared.wake.wait()
      let (batches, isClosing, isReopening) = shared.state.withLock { state in
        defer { (state.queue, state.isReopening) = ([], false) }
        return (state.queue, state.isClosing, state.isReopening)
      }
      if isReopening { output.reopen() }
      for batch in batches {
        buffer.removeAll(keepingCapacity: true)
        var count = 0
        for event in batch where options.condition?(event) ?? true {
          format.append(event, to: &buffer)
          count += 1
        }
        let trouble = hasReaderLeft ? "Nobody reads it." : buffer.isEmpty ? nil : output.write(buffer)
        let (before, name) = shared.state.withLock { state in
          let before = state.status.trouble
          state.status.waitingBytes -= batch.size
          state.status.waitingEvents -= batch.count
          if trouble == nil { state.status.delivered += UInt64(count) } else { state.status.dropped += UInt64(count) }
          if trouble != nil { state.status.failures += 1 }
          if count > 0 || trouble != nil { state.status.trouble = trouble }
          return (before, state.status.name)
        }
        if output.hasReaderLeft, !hasReaderLeft {
          hasReaderLeft = true
          options.readerLeft()
        } else if let trouble, before == nil {
          options.report("The sink \(name) drops events: \(trouble)")
        } else if trouble == nil, before != nil, count > 0 {
          options.report("The sink \(name) writes again.")
        }
      }
      // A long line, or a flood of them, does not stay in memory.
      if buffer.capacity > 4 << 20 { buffer = [] }
      if isClosing, batches.isEmpty { return }
      if isClosing { shared.wake.signal() }
    }
  }
}

/// Where lines go: an object for a sink, used by one thread.
public protocol LineOutput: AnyObject {
  /// Writes whole lines.
  ///
  /// - Returns: A sentence where it did not; then none of a file's lines is there.
  func write(_ lines: [UInt8]) -> String?
  func reopen()
  /// The reader of a pipe has closed it.
  var hasReaderLeft: Bool { get }
}

/// A descriptor that somebody else opened, such as standard output. The process has to ignore SIGPIPE.
public final class DescriptorOutput: LineOutput {
  private let descriptor: Int32
  public private(set) var hasReaderLeft = false

  public init(_ descriptor: Int32) { self.descriptor = descriptor }

  public func reopen() {}

  public func write(_ lines: [UInt8]) -> String? {
    guard let code = descriptor.writeAll(lines) else { return nil }
    if code == EPIPE { hasReaderLeft = true }
    return "It cannot be written (\(String(cString: strerror(code))))."
  }
}

/// A file that is moved away when it is large, as `NAME.1`, `NAME.2`, and so on. Only its owner may read it.
public final class RotatedFile: LineOutput {
  private let path: String
  private let maximumBytes: Int
  private let kept: Int
  private var descriptor: Int32 = -1
  private var size = 0

  /// - Parameters:
  ///   - maximumBytes: Bytes after which the file is moved away.
  ///   - kept: Files that were moved away and are kept.
  public init(_ path: String, maximumBytes: Int = 100 << 20, kept: Int = 5) {
    (self.path, self.maximumBytes, self.kept) = (path, maximumBytes, kept)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  public var hasReaderLeft: Bool { false }

  public func reopen() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  public func write(_ lines: [UInt8]) -> String? {
    if descriptor >= 0, size > 0, size + lines.count > maximumBytes { rotate() }
    if descriptor < 0, let trouble = open() { return trouble }
    guard let code = descriptor.writeAll(lines) else {
      size += lines.count
      return nil
    }
    // No half line stays.
    ftruncate(descriptor, size)
    return "\(path) cannot be written (\(String(cString: strerror(code))))."
  }

  private func open() -> String? {
    descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    var facts = stat()
    guard descriptor >= 0, fstat(descriptor, &facts) == 0 else {
      return "\(path) cannot be opened (\(String(cString: strerror(errno))))."
    }
    size = Int(facts.st_size)
    return nil
  }

  private func rotate() {
    reopen()
    guard kept > 0 else {
      unlink(path)
      return
    }
    for number in stride(from: kept - 1, to: 0, by: -1) { rename("\(path).\(number)", "\(path).\(number + 1)") }
    rename(path, "\(path).1")
  }
}

extension Int32 {
  /// Writes all bytes to this descriptor.
  ///
  /// - Returns: The error number if that failed.
  fileprivate func writeAll(_ bytes: [UInt8]) -> Int32? {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        let rest = UnsafeRawBufferPointer(rebasing: all[offset...])
        return Glibc.write(self, rest.baseAddress, rest.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EAGAIN {
          // Somebody made the terminal or pipe nonblocking.
          var entry = pollfd(fd: self, events: Int16(POLLOUT), revents: 0)
          poll(&entry, 1, -1)
          continue
        }
        return errno
      }
      offset += count
    }
    return nil
  }
}

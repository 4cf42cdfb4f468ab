// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import MeropsSensors
import Synchronization
import Testing

/// Sensors that run in a thread while a test does something.
final class Watch: Sendable {
  let sensors: Sensors
  private let state = Mutex(State())
  private let isOver = DispatchSemaphore(value: 0)
  private let gate = DispatchSemaphore(value: 1)

  private struct State {
    var events: [Event] = []
    var error: (any Error)?
  }

  /// Returns when the sensors report what happens.
  init(_ options: SensorOptions = SensorOptions()) throws {
    sensors = try Sensors(options)
    try sensors.attach()
    Thread.detachNewThread { [self] in
      do {
        try sensors.run { batch in
          state.withLock { $0.events += batch }
          gate.wait()
          gate.signal()
        }
      } catch {
        state.withLock { $0.error = error }
      }
      isOver.signal()
    }
  }

  /// Keeps the reader waiting at its next batch.
  func pause() { gate.wait() }
  func resume() { gate.signal() }

  /// Ends the sensors, and returns what they told.
  func finish() throws -> [Event] {
    sensors.stop()
    isOver.wait()
    return try state.withLock { state in
      if let error = state.error { throw error }
      return state.events
    }
  }
}

enum Shell {
  /// Where /bin/sh leads.
  static let path = URL(filePath: "/bin/sh").resolvingSymlinksInPath().path

  static func start(_ script: String, _ arguments: [String] = []) throws -> Foundation.Process {
    try Foundation.Process.run(URL(filePath: "/bin/sh"), arguments: ["-c", script, "sh"] + arguments)
  }

  static func run(_ script: String, _ arguments: [String] = []) throws {
    let process = try start(script, arguments)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}

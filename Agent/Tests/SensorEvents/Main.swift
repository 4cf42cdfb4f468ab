// SPDX-License-Identifier: Apache-2.0
// sensor-events [SECONDS]: what the sensors see, as JSON lines, until Ctrl-C or for so many seconds. Needs root.
import Foundation
import MeropsModel
import MeropsSensors
import MeropsSinks

@main struct Tool {
  static func main() {
    do {
      let sensors = try Sensors(SensorOptions())
      for report in sensors.reports {
        note("\(report.sensor): \(report.hook ?? "off")\(report.missing.map { ", missing: \($0)" } ?? "")")
      }
      signal(SIGPIPE, SIG_IGN)
      if let seconds = CommandLine.arguments.dropFirst().first.flatMap({ UInt32($0) }) {
        Thread.detachNewThread {
          sleep(seconds)
          sensors.stop()
        }
      }
      var writer = JSONLineWriter()
      var text: [UInt8] = []
      try sensors.run { batch in
        text.removeAll(keepingCapacity: true)
        for event in batch { writer.append(event, to: &text) }
        text.withUnsafeBytes { _ = write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      }
      let counts = try sensors.counts()
      for eventClass in EventClass.allCases where counts[eventClass].seen > 0 {
        let entry = counts[eventClass]
        note("\(eventClass.name): recorded \(entry.recorded), filtered \(entry.filtered), lost \(entry.lost)")
      }
    } catch {
      note("\(error)")
      exit(1)
    }
  }

  static func note(_ text: String) { FileHandle.standardError.write(Data("sensor-events: \(text)\n".utf8)) }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BPFBytecode
import BPFSystem
import BTFCoding

/// `merops features`
struct FeaturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "features",
    abstract: "Probe which eBPF features this kernel has.",
    discussion: """
      merops tries each feature: it loads a small program or creates a map, and drops it. This needs CAP_BPF or root.

      EXAMPLES
        merops features
        merops features --missing
        merops features --helpers xdp
        merops features --json
      """)

  @Flag(help: "Show only what this kernel lacks, with the version that added it.") var missing = false
  @Option(help: "List the helpers that programs of this type may call.") var helpers: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    if let helpers {
      guard let type = ProgramType(name: helpers) else {
        throw Refusal("'\(helpers)' is not a program type; `merops features` lists them")
      }
      return output.print(HelperReport(type: type, helpers: try Features.helpers(in: type)))
    }
    var features: [FeatureFact] = []
    for type in ProgramType.allKnown where type != .unspecified {
      features.append(
        FeatureFact(
          group: "program type", name: "\(type)", works: try Features.supports(type), since: type.minimumKernel))
    }
    for type in MapType.allKnown where type != .unspecified {
      features.append(
        FeatureFact(group: "map type", name: "\(type)", works: try Features.supports(type), since: type.minimumKernel))
    }
    for ability in Features.Ability.allCases {
      features.append(
        FeatureFact(
          group: "ability", name: "\(ability)", works: try Features.supports(ability), since: ability.minimumKernel))
    }
    if missing { features.removeAll { $0.works } }
    output.print(FeatureReport(kernel: KernelName.current.release, features: features))
  }
}

struct FeatureFact {
  var group: String
  var name: String
  var works: Bool
  var since: KernelVersion?
}

struct FeatureReport: Report {
  var kernel: String
  var features: [FeatureFact]

  var text: String {
    var table = Table("KIND", "FEATURE", "HERE", "SINCE")
    for feature in features {
      table.row(feature.group, feature.name, feature.works ? "yes" : "no", feature.since.map { "\($0)" } ?? "-")
    }
    return "kernel \(kernel)\n\n\(table.text)"
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("kernel", kernel)
    json.key("features")
    json.beginArray()
    for feature in features {
      json.beginObject()
      json.field("kind", feature.group)
      json.field("name", feature.name)
      json.key("works")
      json.bool(feature.works)
      if let since = feature.since { json.field("since", "\(since)") }
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }
}

struct HelperReport: Report {
  var type: ProgramType
  var helpers: [Helper]

  var text: String { helpers.map { "\($0)" }.joined(separator: "\n") }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("type", "\(type)")
    json.key("helpers")
    json.beginArray()
    for helper in helpers { json.string("\(helper)") }
    json.endArray()
    json.endObject()
  }
}

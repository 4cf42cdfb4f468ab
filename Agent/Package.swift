// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
]

// A package of its own, so that whoever depends on the library resolves and builds nothing of the agent, and so that the
// agent uses the library's public API like any other user.
let package = Package(
  name: "MeropsAgent",
  targets: [
    // What every other target speaks: events, processes, fields. No imports.
    .target(name: "MeropsModel", swiftSettings: settings),
    .testTarget(name: "MeropsModelTests", dependencies: ["MeropsModel"], swiftSettings: settings),
    // Conditions over events: text, checked tree, answer.
    .target(name: "MeropsExpression", dependencies: ["MeropsModel"], swiftSettings: settings),
    .testTarget(
      name: "MeropsExpressionTests", dependencies: ["MeropsExpression", "MeropsModel"], swiftSettings: settings),
    // What events become elsewhere, a file for each form.
    .target(name: "MeropsSinks", dependencies: ["MeropsModel"], swiftSettings: settings),
    .testTarget(name: "MeropsSinksTests", dependencies: ["MeropsSinks", "MeropsModel"], swiftSettings: settings),
    // Known acts with a ledger of them, for tests and benchmarks. In C: it forks, and enters namespaces.
    .executableTarget(name: "merops-workload", path: "Tests/Workload"),
    .executableTarget(
      name: "cel-conformance", dependencies: ["MeropsExpression", "MeropsModel"], path: "Tests/CELConformance",
      swiftSettings: settings),
  ]
)

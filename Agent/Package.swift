// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

// A package of its own, so that whoever depends on the library resolves and builds nothing of the agent, and so that the
// agent uses the library's public API like any other user.
let package = Package(
  name: "MeropsAgent",
  dependencies: [
    .package(name: "Merops", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
  ],
  targets: [
    // What every other target speaks: events, processes, fields. No imports.
    .target(name: "MeropsModel", swiftSettings: settings),
    .testTarget(name: "MeropsModelTests", dependencies: ["MeropsModel"], swiftSettings: settings),
    // Conditions over events: text, checked tree, answer.
    .target(name: "MeropsExpression", dependencies: ["MeropsModel"], swiftSettings: settings),
    .testTarget(
      name: "MeropsExpressionTests", dependencies: ["MeropsExpression", "MeropsModel"], swiftSettings: settings),
    // What events become elsewhere, a file for each form.
    .target(name: "MeropsSinks", dependencies: ["CHTTP", "MeropsModel"], swiftSettings: settings),
    // libcurl, loaded when a collector is to be reached.
    .target(name: "CHTTP", exclude: ["without"]),
    .testTarget(
      name: "MeropsSinksTests", dependencies: ["MeropsSinks", "MeropsModel", "TestServer"], exclude: ["Peers"],
      swiftSettings: settings),
    // What answers in place of a collector, on loopback.
    .target(name: "TestServer", path: "Tests/TestServer", swiftSettings: settings),
    // Known acts with a ledger of them, for tests and benchmarks. In C: it forks, and enters namespaces.
    .executableTarget(name: "merops-workload", path: "Tests/Workload"),
    // The same with sockets, in a network namespace of its own.
    .executableTarget(name: "merops-sockets", path: "Tests/Sockets"),
    // What happens in the kernel, as events.
    .target(
      name: "MeropsSensors",
      dependencies: [
        "MeropsModel", .product(name: "BPF", package: "Merops"), .product(name: "BPFBytecode", package: "Merops"),
        .product(name: "BPFKernel", package: "Merops"), .product(name: "BPFValues", package: "Merops"),
      ],
      exclude: ["Acts/bpf", "Calls/bpf", "File/bpf", "Network/Packets/bpf", "Network/Sockets/bpf", "Process/bpf"],
      swiftSettings: settings, plugins: [.plugin(name: "BPFPlugin", package: "Merops")]),
    .testTarget(
      name: "MeropsSensorsTests", dependencies: ["MeropsSensors", "MeropsModel", "merops-sockets", "merops-workload"],
      swiftSettings: settings),
    // The workload through kernel, sensors and store, compared with its ledger.
    .testTarget(
      name: "CompletenessTests",
      dependencies: [
        "MeropsSensors", "MeropsStore", "MeropsModel", "merops-workload", .product(name: "BPF", package: "Merops"),
        .product(name: "BPFKernel", package: "Merops"), .product(name: "BPFValues", package: "Merops"),
      ],
      exclude: ["bpf"], swiftSettings: settings, plugins: [.plugin(name: "BPFPlugin", package: "Merops")]),
    // Policies: files, what they mean, and the instructions that they become. No system call: it runs anywhere.
    .target(
      name: "MeropsPolicy",
      dependencies: [
        "MeropsExpression", "MeropsModel", .product(name: "BPFBytecode", package: "Merops"),
        .product(name: "BPFInterpreter", package: "Merops"), .product(name: "BPFObject", package: "Merops"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    // Rules of other projects as policies. No system call.
    .target(
      name: "MeropsPolicyImport",
      dependencies: [
        "MeropsExpression", "MeropsModel", "MeropsPolicy", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "MeropsPolicyImportTests",
      dependencies: ["MeropsExpression", "MeropsModel", "MeropsPolicy", "MeropsPolicyImport"], swiftSettings: settings),
    // Policies in the running kernel: hooks, banks, verdicts.
    .target(
      name: "MeropsEnforcement",
      dependencies: [
        "MeropsPolicy", "MeropsModel", .product(name: "BPF", package: "Merops"),
        .product(name: "BPFBytecode", package: "Merops"), .product(name: "BPFObject", package: "Merops"),
        .product(name: "BTF", package: "Merops"),
      ],
      exclude: ["bpf"], swiftSettings: settings, plugins: [.plugin(name: "BPFPlugin", package: "Merops")]),
    .testTarget(
      name: "MeropsPolicyTests",
      dependencies: [
        "MeropsPolicy", "MeropsEnforcement", "MeropsExpression", "MeropsModel", "merops-connector", "merops-deeds",
        "merops-enforcer", .product(name: "BPF", package: "Merops"), .product(name: "BPFBytecode", package: "Merops"),
      ],
      swiftSettings: settings),
    // Applies policies until somebody ends it.
    .executableTarget(
      name: "merops-enforcer", dependencies: ["MeropsPolicy", "MeropsEnforcement"], path: "Tests/Enforcer",
      swiftSettings: settings),
    // Connects in a loop and counts what is refused.
    .executableTarget(name: "merops-connector", path: "Tests/Connector"),
    // Does what rules are about: to files, processes, the kernel.
    .executableTarget(name: "merops-deeds", path: "Tests/Deeds"),
    // The sensors' events as JSON lines, without the rest of the agent.
    .executableTarget(
      name: "sensor-events", dependencies: ["MeropsSensors", "MeropsSinks", "MeropsModel"], path: "Tests/SensorEvents",
      swiftSettings: settings),
    // Packets that are dropped where they arrive: rules, their image in the kernel, and who takes it over at the next start.
    .target(
      name: "MeropsFirewall",
      dependencies: [
        "MeropsModel", .product(name: "BPF", package: "Merops"), .product(name: "BPFKernel", package: "Merops"),
        .product(name: "BPFValues", package: "Merops"),
      ],
      exclude: ["bpf"], swiftSettings: settings, plugins: [.plugin(name: "BPFPlugin", package: "Merops")]),
    .testTarget(
      name: "MeropsFirewallTests",
      dependencies: ["MeropsFirewall", "MeropsModel", .product(name: "BPF", package: "Merops")], swiftSettings: settings
    ),
    // Events and tables as people read them.
    .target(name: "MeropsScreens", dependencies: ["MeropsModel"], swiftSettings: settings),
    .testTarget(name: "MeropsScreensTests", dependencies: ["MeropsScreens", "MeropsModel"], swiftSettings: settings),
    // Requests to an agent and its replies; the client.
    .target(name: "MeropsControl", dependencies: ["MeropsModel"], swiftSettings: settings),
    // The server: the only target that imports the HTTP server.
    .target(
      name: "MeropsServer",
      dependencies: [
        "MeropsControl", "MeropsModel", .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "MeropsServerTests", dependencies: ["MeropsServer", "MeropsControl", "MeropsModel"],
      swiftSettings: settings),
    // The agent's numbers: for Prometheus, and for swift-metrics.
    .target(
      name: "MeropsMetrics", dependencies: ["MeropsModel", .product(name: "CoreMetrics", package: "swift-metrics")],
      swiftSettings: settings),
    .testTarget(
      name: "MeropsMetricsTests",
      dependencies: ["MeropsMetrics", "MeropsModel", .product(name: "CoreMetrics", package: "swift-metrics")],
      swiftSettings: settings),
    // Events on disk: schema, batches, retention, queries. The only target that imports GRDB.
    .target(
      name: "MeropsStore",
      dependencies: [
        "MeropsModel", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ], swiftSettings: settings),
    .testTarget(
      name: "MeropsStoreTests", dependencies: ["MeropsStore", "MeropsModel", "SampleEvents", "store-child"],
      swiftSettings: settings),
    // Appends until somebody ends it.
    .executableTarget(
      name: "store-child", dependencies: ["MeropsStore", "MeropsModel", "SampleEvents"], path: "Tests/StoreChild",
      swiftSettings: settings),
    .executableTarget(
      name: "agent-bench", dependencies: ["MeropsStore", "MeropsSinks", "MeropsModel", "SampleEvents"],
      path: "Benchmarks/Bench", swiftSettings: settings),
    .executableTarget(
      name: "firewall-bench",
      dependencies: [
        "MeropsFirewall", "MeropsModel", .product(name: "BPF", package: "Merops"),
        .product(name: "BPFKernel", package: "Merops"), .product(name: "BPFValues", package: "Merops"),
      ],
      path: "Benchmarks/Firewall", exclude: ["bpf"], swiftSettings: settings,
      plugins: [.plugin(name: "BPFPlugin", package: "Merops")]),
    // Acts whose cost is measured.
    .executableTarget(name: "merops-acts", path: "Benchmarks/Acts"),
    // Made-up events, for tests and benchmarks.
    .target(name: "SampleEvents", dependencies: ["MeropsModel"], path: "Tests/SampleEvents", swiftSettings: settings),
    // Wires the rooms together: order of start and stop, the settings, overload. No logic of its own.
    .target(
      name: "MeropsAgent",
      dependencies: [
        "MeropsControl", "MeropsEnforcement", "MeropsExpression", "MeropsFirewall", "MeropsModel", "MeropsPolicy",
        "MeropsSensors", "MeropsServer", "MeropsSinks", "MeropsMetrics", "MeropsStore",
        .product(name: "Logging", package: "swift-log"), .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "MeropsAgentTests",
      dependencies: [
        "MeropsAgent", "MeropsControl", "MeropsModel", "MeropsStore", "TestServer", "merops-agent", "merops-workload",
        "meropsd",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    // The daemon.
    .executableTarget(
      name: "meropsd",
      dependencies: [
        "MeropsAgent", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings,
      // Before the folders of the system: what is linked statically then loads no libcurl at the start.
      linkerSettings: [
        .unsafeFlags(["-L\(Context.packageDirectory)/Sources/CHTTP/without"], .when(configuration: .release))
      ]),
    // What people type. It knows no sensor and no store: it asks the daemon.
    .executableTarget(
      name: "merops-agent",
      dependencies: [
        "MeropsControl", "MeropsModel", "MeropsPolicy", "MeropsPolicyImport", "MeropsScreens",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "cel-conformance", dependencies: ["MeropsExpression", "MeropsModel"], path: "Tests/CELConformance",
      swiftSettings: settings),
  ]
)

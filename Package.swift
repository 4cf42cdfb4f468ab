// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "Merops",
  products: [
    .library(name: "BPF", targets: ["BPF"]),
    .library(name: "BPFKernel", targets: ["BPFKernel"]),
    .library(name: "BPFValues", targets: ["BPFValues"]),
    .library(name: "BPFCompiler", targets: ["BPFCompiler"]),
    .library(name: "BPFObject", targets: ["BPFObject"]),
    .library(name: "BPFBytecode", targets: ["BPFBytecode"]),
    .library(name: "BPFInterpreter", targets: ["BPFInterpreter"]),
    .library(name: "BTF", targets: ["BTF"]),
    .library(name: "BTFCoding", targets: ["BTFCoding"]),
    .executable(name: "merops", targets: ["merops"]),
    .plugin(name: "BPFPlugin", targets: ["BPFPlugin"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // Values of both sides of the kernel boundary: compiled here, and for BPF by the build step.
    .target(name: "BPFValues", swiftSettings: settings),

    // Layer 0, formats: the standard library only.
    .target(name: "BPFELF", swiftSettings: settings),
    .target(name: "Gzip", swiftSettings: settings),
    .target(name: "BTF", swiftSettings: settings),
    .target(name: "BTFCoding", dependencies: ["BTF"], swiftSettings: settings),
    .target(name: "BTFText", dependencies: ["BTF", "BTFCoding"], swiftSettings: settings),
    .target(name: "BPFBytecode", dependencies: ["BPFValues"], swiftSettings: settings),
    .target(
      name: "BPFObject", dependencies: ["BPFELF", "BTF", "BPFBytecode", "BPFValues"], swiftSettings: settings),

    .target(
      name: "BPFInterpreter", dependencies: ["BPFObject", "BTF", "BPFBytecode", "BPFValues"], swiftSettings: settings),

    // Layer 1, the kernel.
    .target(name: "CBPF"),
    .target(
      name: "BPFSystem",
      dependencies: ["CBPF", "BPFValues", "Gzip", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: settings),
    .target(
      name: "BPF",
      dependencies: [
        "BPFSystem", "BPFObject", "BPFELF", "BTF", "BTFCoding", "BPFBytecode", "BPFValues",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),

    // Layer 2, kernel programs in Swift: what a probe imports. Compiled here for editors and tests; the build step
    // compiles the same sources for BPF.
    .target(name: "CBPFKernel"),
    .target(
      name: "BPFKernel", dependencies: ["CBPFKernel", "BPFValues"],
      swiftSettings: settings + [.swiftLanguageMode(.v5), .enableExperimentalFeature("Lifetimes")]),

    // Layer 2, the toolchain: the compiler of kernel programs, skeletons of objects, and the tool and plugin that use them
    // while a package builds.
    .target(
      name: "BPFCompiler", dependencies: ["BPFObject", "BPFELF", "BTF", "BTFText"], swiftSettings: settings),
    .target(name: "BPFSkeleton", dependencies: ["BPFObject", "BPFELF", "BTF", "BTFText"], swiftSettings: settings),
    .executableTarget(
      name: "bpf-build", dependencies: ["BPFCompiler", "BPFSkeleton", "BPFObject", "BTFText"], swiftSettings: settings),
    .plugin(name: "BPFPlugin", capability: .buildTool(), dependencies: ["bpf-build"]),

    // Layer 4, the command line.
    .executableTarget(
      name: "merops",
      dependencies: [
        "BPF", "BPFObject", "BTF", "BTFCoding", "BTFText", "BPFCompiler", "BPFSkeleton",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // Examples: each one is run by CI.
    // These have their kernel side in Swift.
    .executableTarget(
      name: "exec-events", dependencies: ["BPF"],
      path: "Examples/ExecEvents", exclude: ["bpf"], swiftSettings: settings, plugins: ["BPFPlugin"]),
    .executableTarget(
      name: "packet-filter", dependencies: ["BPF"],
      path: "Examples/PacketFilter", exclude: ["bpf", "demo.sh"], swiftSettings: settings, plugins: ["BPFPlugin"]),
    .executableTarget(
      name: "connection-latency",
      dependencies: ["BPF", "BPFKernel"],
      path: "Examples/ConnectionLatency", exclude: ["bpf"], swiftSettings: settings, plugins: ["BPFPlugin"]),
    .executableTarget(
      name: "source-counter", dependencies: ["BPF"],
      path: "Examples/SourceCounter", exclude: ["bpf", "demo.sh"], swiftSettings: settings, plugins: ["BPFPlugin"]),
    .executableTarget(
      name: "open-watcher", dependencies: ["BPF"],
      path: "Examples/OpenWatcher", exclude: ["bpf"], swiftSettings: settings, plugins: ["BPFPlugin"]),
    // And these in C.
    .executableTarget(
      name: "execve-tracker", dependencies: ["BPF"],
      path: "Examples/ExecveTracker", exclude: ["bpf"], swiftSettings: settings, plugins: ["BPFPlugin"]),
    .executableTarget(
      name: "dynamic-firewall",
      dependencies: ["BPF", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Examples/DynamicFirewall", exclude: ["bpf", "demo.sh"], swiftSettings: settings, plugins: ["BPFPlugin"]),

    // Tests. TestObjects is the corpus: kernel programs in C, compiled by the plugin.
    .target(
      name: "TestObjects", path: "Tests/TestObjects", exclude: ["Nested", "bpf"], swiftSettings: settings,
      plugins: ["BPFPlugin"]),
    // The same in Swift.
    .target(
      name: "SwiftObjects", dependencies: ["BPFKernel"], path: "Tests/SwiftObjects", exclude: ["bpf"],
      swiftSettings: settings,
      plugins: ["BPFPlugin"]),
    .target(name: "CTestSupport", path: "Tests/CTestSupport"),
    .target(
      name: "TestSupport", dependencies: ["BPF", "BPFValues", "CTestSupport"], path: "Tests/TestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "TestSupportTests", dependencies: ["BPF", "TestObjects", "TestSupport"], swiftSettings: settings),
    .testTarget(name: "GzipTests", dependencies: ["Gzip", "TestSupport"], swiftSettings: settings),
    .testTarget(name: "BPFELFTests", dependencies: ["BPFELF", "TestObjects", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "BTFTests",
      dependencies: ["BTF", "BTFCoding", "BTFText", "BPFELF", "BPFSystem", "TestObjects", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "BPFBytecodeTests", dependencies: ["BPFBytecode", "BPFELF", "TestObjects", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "BPFObjectTests",
      dependencies: ["BPFObject", "BPFELF", "BTF", "BPFBytecode", "TestObjects", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "BPFInterpreterTests",
      dependencies: [
        "BPFInterpreter", "BPF", "BPFSystem", "BPFObject", "BPFBytecode", "BTF", "dynamic-firewall", "execve-tracker",
        "SwiftObjects", "TestObjects", "TestSupport",
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "bpf-conformance", dependencies: ["BPFInterpreter", "BPFBytecode"], path: "Tests/Conformance",
      swiftSettings: settings),
    .testTarget(
      name: "BPFKernelTests", dependencies: ["BPFKernel", "TestSupport"],
      swiftSettings: settings + [.swiftLanguageMode(.v5), .enableExperimentalFeature("Lifetimes")]),
    .testTarget(
      name: "BPFCompilerTests",
      dependencies: ["BPFCompiler", "BPF", "BPFObject", "BTF", "BTFText", "BPFELF", "BPFBytecode", "TestSupport"],
      exclude: ["Fixtures", "Mistakes"], swiftSettings: settings),
    .testTarget(name: "FrontDoorTests", dependencies: ["BPF", "BPFKernel", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "BPFSystemTests", dependencies: ["BPFSystem", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "BPFTests",
      dependencies: [
        "BPF", "BPFSystem", "BPFObject", "BPFBytecode", "BPFELF", "BTF", "BTFCoding", "TestObjects", "TestSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "BPFSkeletonTests",
      dependencies: [
        "BPFSkeleton", "BPF", "BPFELF", "BPFObject", "BTF", "BTFCoding", "BTFText", "SwiftObjects", "TestObjects",
        "TestSupport",
      ],
      exclude: ["bpf"], swiftSettings: settings, plugins: ["BPFPlugin"]),
    .testTarget(
      name: "SwiftObjectTests",
      dependencies: ["BPF", "BPFInterpreter", "BPFObject", "BPFSystem", "BTF", "SwiftObjects", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "PeerTests",
      dependencies: ["BPF", "BPFObject", "BPFBytecode", "SwiftObjects", "TestObjects", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "CommandTests",
      dependencies: ["merops", "execve-tracker", "dynamic-firewall", "TestSupport", "TestObjects"],
      swiftSettings: settings),
  ]
)

// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "MeropsBenchmarks",
  dependencies: [.package(name: "Merops", path: "..")],
  targets: [
    // Clocks and the count of allocations: the same code on both sides.
    .target(name: "CMeter"),
    // Our side: what the programs in libbpf/ do, with Merops.
    .executableTarget(
      name: "measured", dependencies: ["CMeter", .product(name: "BPF", package: "Merops")], swiftSettings: settings),
    // The interpreter beside the kernel's compiler, on the same programs.
    .executableTarget(
      name: "interpreted",
      dependencies: [.product(name: "BPF", package: "Merops"), .product(name: "BPFInterpreter", package: "Merops")],
      swiftSettings: settings),
    // Ten kernel programs in C and in Swift, by turns.
    .executableTarget(
      name: "programs",
      dependencies: [.product(name: "BPF", package: "Merops"), .product(name: "BPFCompiler", package: "Merops")],
      swiftSettings: settings),
    // Records as JSON, beside Foundation's encoder.
    .executableTarget(
      name: "records",
      dependencies: [
        .product(name: "BPF", package: "Merops"), .product(name: "BTF", package: "Merops"),
        .product(name: "BTFCoding", package: "Merops"),
      ],
      swiftSettings: settings),
    // Runs both sides by turns and compares.
    .executableTarget(
      name: "benchmarks", dependencies: [.product(name: "BPF", package: "Merops")], swiftSettings: settings),
  ]
)

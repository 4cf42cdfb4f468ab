// SPDX-License-Identifier: Apache-2.0

/// Type names that an application says and means somebody else's type by. A skeleton of that name would hide it in the
/// whole module that it is compiled in.
enum ForeignNames {
  static let all = Set((swift + " " + foundation + " " + bpf).split { $0.isWhitespace }.map(String.init))

  /// The standard library, concurrency, regular expressions, `Synchronization`, `Observation`.
  static let swift = """
    Actor AdditiveArithmetic AnyActor AnyBidirectionalCollection AnyClass AnyCollection AnyHashable AnyIndex
    AnyIterator AnyKeyPath AnyObject AnyRandomAccessCollection AnyRegexOutput AnySequence Array ArraySlice
    AsyncCompactMapSequence AsyncDropFirstSequence AsyncDropWhileSequence AsyncFilterSequence
    AsyncFlatMapSequence AsyncIteratorProtocol AsyncMapSequence AsyncPrefixSequence AsyncPrefixWhileSequence
    AsyncSequence AsyncStream AsyncThrowingCompactMapSequence AsyncThrowingDropWhileSequence
    AsyncThrowingFilterSequence AsyncThrowingFlatMapSequence AsyncThrowingMapSequence
    AsyncThrowingPrefixWhileSequence AsyncThrowingStream Atomic AtomicLazyReference AtomicLoadOrdering
    AtomicOptionalRepresentable AtomicRepresentable AtomicStoreOrdering AtomicUpdateOrdering
    BidirectionalCollection BinaryFloatingPoint BinaryInteger BitwiseCopyable Bool BooleanLiteralType CBool
    CChar CChar16 CChar32 CDouble CFloat CFloat16 CInt CLong CLongDouble CLongLong CShort CSignedChar
    CUnsignedChar CUnsignedInt CUnsignedLong CUnsignedLongLong CUnsignedShort CVaListPointer CVarArg CWideChar
    CancellationError CaseIterable Character CheckedContinuation Clock ClosedRange Codable CodingKey
    CodingKeyRepresentable CodingUserInfoKey Collection CollectionDifference CollectionOfOne CommandLine
    Comparable ContiguousArray ContinuousClock Copyable CustomConsumingRegexComponent
    CustomDebugStringConvertible CustomLeafReflectable CustomPlaygroundDisplayConvertible CustomReflectable
    CustomStringConvertible Decodable Decoder DecodingError DefaultBidirectionalIndices DefaultIndices
    DefaultRandomAccessIndices DefaultStringInterpolation Dictionary DiscardingTaskGroup DiscontiguousSlice
    Double DropFirstSequence DropWhileSequence Duration DurationProtocol EmptyCollection EmptyIterator Encodable
    Encoder EncodingError EnumeratedIterator EnumeratedSequence Equatable Error Escapable Executor ExecutorJob
    ExpressibleByArrayLiteral ExpressibleByBooleanLiteral ExpressibleByDictionaryLiteral
    ExpressibleByExtendedGraphemeClusterLiteral ExpressibleByFloatLiteral ExpressibleByIntegerLiteral
    ExpressibleByNilLiteral ExpressibleByStringInterpolation ExpressibleByStringLiteral
    ExpressibleByUnicodeScalarLiteral ExtendedGraphemeClusterType FixedWidthInteger FlattenCollection
    FlattenSequence Float Float16 Float32 Float64 Float80 FloatLiteralType FloatingPoint
    FloatingPointClassification FloatingPointRoundingRule FloatingPointSign GlobalActor Hashable Hasher
    Identifiable IndexingIterator InlineArray InstantProtocol Int Int128 Int16 Int32 Int64 Int8
    IntegerLiteralType IteratorProtocol IteratorSequence Job JobPriority JoinedIterator JoinedSequence KeyPath
    KeyValuePairs KeyedDecodingContainer KeyedDecodingContainerProtocol KeyedEncodingContainer
    KeyedEncodingContainerProtocol LazyCollection LazyCollectionProtocol LazyDropWhileSequence
    LazyFilterSequence LazyMapSequence LazyPrefixWhileSequence LazySequence LazySequenceProtocol
    LosslessStringConvertible MainActor ManagedBuffer ManagedBufferPointer MemoryLayout Mirror MutableCollection
    MutableRawSpan MutableSpan Mutex Never Numeric ObjectIdentifier Observable ObservationRegistrar Observations
    OpaquePointer OptionSet Optional OutputRawSpan OutputSpan PartialKeyPath PartialRangeFrom
    PartialRangeThrough PartialRangeUpTo PrefixSequence RandomAccessCollection RandomNumberGenerator Range
    RangeExpression RangeReplaceableCollection RangeSet RawRepresentable RawSpan ReferenceWritableKeyPath Regex
    RegexComponent RegexRepetitionBehavior RegexSemanticLevel RegexWordBoundaryKind Repeated Result
    ReversedCollection SIMD SIMD16 SIMD2 SIMD3 SIMD32 SIMD4 SIMD64 SIMD8 SIMDMask SIMDScalar SIMDStorage
    Sendable SendableMetatype Sequence SerialExecutor Set SetAlgebra SignedInteger SignedNumeric
    SingleValueDecodingContainer SingleValueEncodingContainer Slice Span StaticBigInt StaticString StrideThrough
    StrideThroughIterator StrideTo StrideToIterator Strideable String StringInterpolationProtocol
    StringLiteralType StringProtocol Substring SuspendingClock SystemRandomNumberGenerator Task TaskExecutor
    TaskGroup TaskPriority TextOutputStream TextOutputStreamable ThrowingDiscardingTaskGroup ThrowingTaskGroup
    UInt UInt128 UInt16 UInt32 UInt64 UInt8 UTF16 UTF32 UTF8 UTF8Span UnboundedRange UnfoldFirstSequence
    UnfoldSequence Unicode UnicodeCodec UnicodeDecodingResult UnicodeScalar UnicodeScalarType
    UnkeyedDecodingContainer UnkeyedEncodingContainer Unmanaged UnownedJob UnownedSerialExecutor
    UnownedTaskExecutor UnsafeBufferPointer UnsafeContinuation UnsafeCurrentTask MirrorPath UnsafeSendable UnsafeMutableBufferPointer
    UnsafeMutablePointer UnsafeMutableRawBufferPointer UnsafeMutableRawPointer UnsafePointer
    UnsafeRawBufferPointer UnsafeRawPointer UnsafeThrowingContinuation UnsignedInteger Void WordPair
    WritableKeyPath Zip2Iterator Zip2Sequence
    """

  /// What objects may well be called, of Foundation's.
  static let foundation = """
    AttributedString Bundle Calendar CharacterSet Data Date DateComponents DateInterval Decimal FileHandle
    FileManager Formatter Host IndexPath IndexSet JSONDecoder JSONEncoder Locale Lock Measurement Notification
    NotificationCenter OperationQueue Operation Pipe Port Process ProcessInfo Progress Scanner Stream Thread
    TimeInterval TimeZone Timer URL URLComponents URLRequest URLResponse URLSession UUID Unit UserDefaults
    """

  /// Of the library that a skeleton is made for.
  static let bpf = """
    Ability AnyMap ArenaMemory AttachReport AttachTarget AttachType BPFCollection BPFError BPFToken BigEndian
    BloomFilterMap ByteBool CPUTarget Capabilities CgroupVerdict Descriptor DescriptorMap DeviceBinding DeviceTarget EventReader
    Features FixedString Flexible FlexibleRecord Global GlobalVariable Hook IPv4Address IPv6Address Interface
    IteratorVerdict KernelType KernelTypes KernelVersion LPMKey LSMVerdict Link LinkInfo LinkSet LinkType
    LoadOptions LocalStorage MACAddress Map MapAccess MapCodec MapFlags MapInfo MapOfMaps MapParameters MapPinning
    MapType MapTypes MapUsage MappedArray ModuleTypes NetfilterHook NetfilterVerdict NetworkNamespace ObjectSpec
    PackedPath PerCPUMap PerfOptions PerfReader PerfRecord PreparedProgram Program ProgramInfo ProgramKinds
    ProgramSample ProgramType Queue QueueMap RingReader RunTimeStatistics Skeleton SkeletonProgram SkeletonSupport
    SocketVerdict StackTraces TestRun TestRunResult Token TrafficAction UpdateMode UserRingWriter VerificationReport
    VerifierError VerifierLog XDPAction
    """
}

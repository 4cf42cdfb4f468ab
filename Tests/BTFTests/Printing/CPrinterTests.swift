// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFText
import Testing

/// C that means what BTF says, as clang reads it.
@Suite struct CPrinterTests {
  @Test(
    "The kernel's header compiles, and each size and offset agrees",
    .enabled(if: Input.hasKernel, "no kernel BTF"), .enabled(if: !Clang.isMissing, "no clang"))
  func kernel() throws {
    let types = try #require(Input.kernel)
    let (header, names) = try CPrinter(types).headerAndNames()
    let (assertions, count) = try LayoutAssertions.source(types, names: names)
    let composites = types.ids.count { types.kind($0)?.isComposite ?? false && !types.name($0).isEmpty }
    #expect(count > composites)
    #expect(names.keys.count { types.kind($0)?.isComposite ?? false } == composites)
    let program = """
      __attribute__((section("tp_btf/sched_switch"))) int f(unsigned long long *context) {
        struct task_struct *task = (void *)context[1];
        return task->se.exec_start + task->real_parent->tgid + task->in_execve;
      }
      """
    try Clang.compile(header + assertions + program)
    if let bpftool = Tool.bpftool {
      let theirs = try Tool.run(bpftool, ["btf", "dump", "file", Input.kernelPath, "format", "c"])
      try Clang.compile(String(decoding: theirs, as: UTF8.self) + program)
    }
  }

  @Test("Hard declarations", .enabled(if: !Clang.isMissing, "no clang"))
  func declarations() throws {
    let source = """
      struct incomplete;
      typedef int (*handler_t)(struct incomplete *, const char *fmt, ...);
      typedef struct { int counter; } atomic_t;
      typedef _Bool bool;
      enum big { BIG_A = -1, BIG_B = 0x100000000 };
      enum wide { WIDE = 0xffffffffffffffff };
      enum __attribute__((packed)) small { SMALL = 3 };
      struct node { struct node *next, **link; const struct node *const volatile pinned; };
      struct declarators {
        int (*operations[4])(int, char *const argv[]);
        void (*(*choose)(int which))(void *restrict);
        const char *const names[3];
        char matrix[2][3][4];
        int (*row)[5];
        handler_t handler, *handlers;
        atomic_t count;
        unsigned __int128 wide;
        double real;
        bool yes;
        enum big big;
        enum small small;
        enum wide wide_enum;
        struct node node;
        volatile unsigned long flags;
        struct { int x; union { long y; struct { short z[2]; } inner; }; } anonymous[2];
        enum { INSIDE = 1, ALSO } choice;
      } declarators;
      """
    let expected = """
      struct incomplete;

      typedef int (*handler_t)(struct incomplete *, const char *, ...);

      typedef struct {
      \tint counter;
      } atomic_t;

      #if !defined(__STDC_VERSION__) || __STDC_VERSION__ < 202311L
      typedef _Bool bool;
      #endif

      enum big {
      \tBIG_A = -1LL,
      \tBIG_B = 4294967296LL,
      };

      enum small {
      \tSMALL = 3,
      } __attribute__((mode(QI)));

      enum wide {
      \tWIDE = 18446744073709551615ULL,
      };

      struct node {
      \tstruct node *next;
      \tstruct node **link;
      \tconst struct node * const volatile pinned;
      };

      struct declarators {
      \tint (*operations[4])(int, char * const *);
      \tvoid (*(*choose)(int))(void * restrict);
      \tconst char * const names[3];
      \tchar matrix[2][3][4];
      \tint (*row)[5];
      \thandler_t handler;
      \thandler_t *handlers;
      \tatomic_t count;
      \tunsigned __int128 wide;
      \tdouble real;
      \tbool yes;
      \tenum big big;
      \tenum small small;
      \tenum wide wide_enum;
      \tstruct node node;
      \tvolatile unsigned long flags;
      \tstruct {
      \t\tint x;
      \t\tunion {
      \t\t\tlong y;
      \t\t\tstruct {
      \t\t\t\tshort z[2];
      \t\t\t} inner;
      \t\t};
      \t} anonymous[2];
      \tenum {
      \t\tINSIDE = 1,
      \t\tALSO = 2,
      \t} choice;
      };


      """
    let types = try Clang.types(of: source)
    let id = try #require(types.id(named: "declarators", kind: .structure))
    let printed = try CPrinter(types).definitions(of: [id])
    #expect(printed.split(separator: "\n") == expected.split(separator: "\n"))
  }

  /// Layouts that need packing or padding: name, and the C that has it.
  static let layouts: [(name: String, source: String)] = [
    ("natural gap", "struct s { char a; long b; short c; }"),
    ("packed", "struct s { char a; long b; short c; } __attribute__((packed))"),
    ("packed without odd offsets", "struct s { int a; char b; } __attribute__((packed))"),
    ("packed inside", "struct s { char a; struct { short b; int c; } __attribute__((packed)) d; int e; }"),
    ("one member packed", "struct s { char a; int b __attribute__((packed)); char c; int d; }"),
    ("aligned member", "struct s { char a; char b __attribute__((aligned(32))); char c; }"),
    ("aligned whole", "struct s { char a; int b; } __attribute__((aligned(64)))"),
    ("aligned small", "struct s { char a[3]; } __attribute__((aligned(16)))"),
    ("packed and aligned", "struct s { char a; long b; } __attribute__((packed, aligned(4)))"),
    ("bit fields", "struct s { int a: 3; unsigned b: 7; _Bool c: 1; long d: 33; char e; }"),
    ("padded bit fields", "struct s { int a: 3; int: 5; int b: 2; int: 0; int c: 4; short d; }"),
    ("bit fields over a boundary", "struct s { char a; int b: 20; int c: 20; long d: 40; }"),
    ("packed bit fields", "struct s { char a: 3; int b: 20; long c: 50; int d; } __attribute__((packed))"),
    ("bit field after array", "struct s { char a[3]; int b: 5; int c: 9; }"),
    ("enumeration bit field", "enum e { A, B }; struct s { enum e a: 2; enum e b: 1; short c; }"),
    ("wide bit field", "struct s { unsigned __int128 a; __int128 b: 100; char c; }"),
    ("flexible array", "struct s { int n; char a; short data[]; }"),
    ("flexible array of structs", "struct s { long n; struct { char a; int b; } data[]; }"),
    ("empty", "struct s { }; struct t { int a; struct s b; struct s c[2]; long d; }"),
    ("marker arrays", "struct s { char a; int begin[0]; char b; long end[0]; }"),
    ("union", "union s { char a[5]; int b; struct { short c; char d; } e; int f: 3; }"),
    ("padded union", "union s { char a; int b; } __attribute__((aligned(32)))"),
    ("packed union", "union s { char a[5]; int b; } __attribute__((packed))"),
    ("union in a struct", "struct s { char a; union { char b[9]; long c; } __attribute__((packed)); int d; }"),
    ("padded union in a struct", "struct s { char a; union { int b; } __attribute__((aligned(16))) u; char c; }"),
    ("wide integers", "struct s { char a; unsigned __int128 b; int c; }"),
    (
      "nothing natural",
      "struct s { char a; struct { long b; } c; } __attribute__((packed)); struct t { char a; struct s b; }"
    ),
  ]

  @Test("Layouts come out as they went in", .enabled(if: !Clang.isMissing, "no clang"), arguments: layouts)
  func layout(name: String, source: String) throws {
    let hasOuter = source.contains("struct t")
    let variable =
      hasOuter ? "struct t variable;" : source.hasPrefix("union") ? "union s variable;" : "struct s variable;"
    let types = try Clang.types(of: source + ";\n" + variable)
    let (header, names) = try CPrinter(types).headerAndNames()
    let (assertions, count) = try LayoutAssertions.source(types, names: names)
    #expect(count > 1 || source == "struct s { }")
    let object = try Clang.compile(header + assertions + variable, ["-Wno-gnu-empty-struct"])
    // What the compiler makes of our text prints as the same text.
    let again = try BTFTypes(bytes: try #require(try Input.section(".BTF", of: object)))
    #expect(try CPrinter(again).header() == header)
  }

  @Test("Types of one name get different names", .enabled(if: !Clang.isMissing, "no clang"))
  func conflicts() throws {
    let source = """
      void first(void) { struct same { int a; }; typedef struct same same_t; static same_t x; x.a++; }
      void second(void) { struct same { long b; }; typedef struct same same_t; static same_t x; x.b++; }
      """
    let header = try CPrinter(try Clang.types(of: source)).header()
    for expected in [
      "struct same {\n\tint a;\n};", "struct same___2 {\n\tlong b;\n};", "typedef struct same same_t;",
      "typedef struct same___2 same_t___2;",
    ] { #expect(header.contains(expected), "\(expected)") }
    try Clang.compile(header)
  }

  @Test("One type on one line", .enabled(if: !Clang.isMissing, "no clang"))
  func oneLine() throws {
    let types = try Clang.types(of: "typedef struct { int a; } t; struct { int (*f)(t, long[3], char); } *x[2];")
    let section = try #require(types.ids.first { types.kind($0) == .variable })
    #expect(types.declaration(of: section, named: "x") == "struct {...} *x[2]")
    #expect(types.declaration(of: 4_000_000) == "?")
    let function = try #require(types.ids.first { types.kind($0) == .functionPrototype })
    #expect(types.declaration(of: function, named: "f") == "int f(t, long *, char)")
  }

  @Test(
    "A module's header has its own types and what they need of the kernel's", .enabled(if: !Clang.isMissing, "no clang")
  )
  func split() throws {
    let base = try Clang.types(
      of:
        "struct list { struct list *next; }; struct other { int a; } other; struct list list; struct far { int b; } far;"
    )
    var builder = BTFBuilder(base: base)
    let list = try #require(base.id(named: "list", kind: .structure))
    let far = try builder.add(.pointer(try #require(base.id(named: "far", kind: .structure))))
    let members = [
      BTFComposite.Member(name: "list", type: list, bitOffset: 0), .init(name: "far", type: far, bitOffset: 64),
    ]
    _ = try builder.add(.structure(BTFComposite(name: "own", size: 16, members: members)))
    let types = try BTFTypes(bytes: builder.encode(), base: base)
    let header = try CPrinter(types).header()
    #expect(header.contains("struct list {\n\tstruct list *next;\n};"))
    #expect(header.contains("struct far;\n\nstruct own {\n\tstruct list list;\n\tstruct far *far;\n};"))
    #expect(!header.contains("other"))
    try Clang.compile(header)
  }
}

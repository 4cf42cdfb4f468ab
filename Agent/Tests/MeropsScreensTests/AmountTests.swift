// SPDX-License-Identifier: Apache-2.0

import MeropsScreens
import Testing

struct AmountTests {
  @Test(arguments: [
    (0, "0"), (999, "999"), (1204, "1,204"), (1_234_567, "1,234,567"), (UInt64.max, "18,446,744,073,709,551,615"),
  ]) func counts(_ number: UInt64, _ text: String) { #expect(Amount.count(number) == text) }

  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (4200, "4.1 KB"), (10 << 10, "10 KB"), (21 << 20, "21 MB"),
    (1_048_575, "1023 KB"), (3 << 30, "3.0 GB"), (UInt64.max, "15 EB"),
  ]) func bytes(_ number: UInt64, _ text: String) { #expect(Amount.bytes(number) == text) }

  @Test(arguments: [
    (999, "999 ns"), (3_140_000, "3.1 ms"), (12_400_000, "12 ms"), (1_500_000_000, "1.5 s"),
    (61_000_000_000, "1 min 1 s"),
    (7_200_000_000_000, "2 h"), (273_600_000_000_000, "3 d 4 h"),
  ]) func durations(_ number: UInt64, _ text: String) { #expect(Amount.duration(number) == text) }

  @Test(arguments: [(0, "0 %"), (0.004, "0.4 %"), (1, "100 %"), (Double.nan, "0 %")])
  func percents(_ share: Double, _ text: String) { #expect(Amount.percent(share) == text) }

  @Test(arguments: [(7, "7"), (812_000_000, "812 M"), (1999, "1.9 k")])
  func roughly(_ number: UInt64, _ text: String) { #expect(Amount.rough(number) == text) }
}

// SPDX-License-Identifier: Apache-2.0

/// The agent's version.
public enum Version {
  public static let text = "0.1.0"
}

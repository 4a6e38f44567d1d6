package io.ebpf4j.junit.packet;

/** The Internet checksum, RFC 1071. */
final class Checksum {
  private long sum;

  static int of(byte[] bytes) {
    Checksum checksum = new Checksum();
    checksum.add(bytes);
    return checksum.value();
  }

  /** Adds bytes, padded to an even number of them. */
  void add(byte[] bytes) {
    for (int i = 0; i < bytes.length; i += 2) {
      int low = i + 1 < bytes.length ? bytes[i + 1] & 0xff : 0;
      addWord((bytes[i] & 0xff) << 8 | low);
    }
  }

  void addWord(int word) {
    sum += word;
  }

  int value() {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return (int) ~folded & 0xffff;
  }
}

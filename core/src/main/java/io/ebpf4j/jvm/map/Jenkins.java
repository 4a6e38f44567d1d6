package io.ebpf4j.jvm.map;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;

/**
 * Bob Jenkins's hash function of 2006, "lookup3", by which Linux finds the bucket of a key: with a
 * seed of 0 it decides the order of a map's elements.
 */
final class Jenkins {
  private static final int START = 0xdeadbeef;
  private static final int BLOCK = 3 * Integer.BYTES;

  private Jenkins() {}

  /** The hash of a key of one word. */
  static int hash(int word, int seed) {
    int start = START + Integer.BYTES + seed;
    return finish(start + word, start, start);
  }

  /** The hash of a key of two words, the first in the low half. */
  static int hash(long words, int seed) {
    int start = START + Long.BYTES + seed;
    return finish(start + (int) words, start + (int) (words >>> 32), start);
  }

  /** The hash of bytes in raw memory. */
  static int hash(long address, int bytes, int seed) {
    int a = START + bytes + seed;
    int b = a;
    int c = a;
    long at = address;
    int left = bytes;
    for (; left > BLOCK; left -= BLOCK, at += BLOCK) {
      a += Memory.getInt(at);
      b += Memory.getInt(at + 4);
      c += Memory.getInt(at + 8);
      a = a - c ^ Integer.rotateLeft(c, 4);
      c += b;
      b = b - a ^ Integer.rotateLeft(a, 6);
      a += c;
      c = c - b ^ Integer.rotateLeft(b, 8);
      b += a;
      a = a - c ^ Integer.rotateLeft(c, 16);
      c += b;
      b = b - a ^ Integer.rotateLeft(a, 19);
      a += c;
      c = c - b ^ Integer.rotateLeft(b, 4);
      b += a;
    }
    if (left == 0) {
      return c;
    }
    a += word(at, left);
    b += word(at + 4, left - 4);
    c += word(at + 8, left - 8);
    return finish(a, b, c);
  }

  /** The hash of a key of a user. */
  static int hash(MemorySegment key, int bytes, int seed) {
    int a = START + bytes + seed;
    int b = a;
    int c = a;
    int at = 0;
    int left = bytes;
    for (; left > BLOCK; left -= BLOCK, at += BLOCK) {
      a += key.get(JAVA_INT_UNALIGNED, at);
      b += key.get(JAVA_INT_UNALIGNED, at + 4);
      c += key.get(JAVA_INT_UNALIGNED, at + 8);
      a = a - c ^ Integer.rotateLeft(c, 4);
      c += b;
      b = b - a ^ Integer.rotateLeft(a, 6);
      a += c;
      c = c - b ^ Integer.rotateLeft(b, 8);
      b += a;
      a = a - c ^ Integer.rotateLeft(c, 16);
      c += b;
      b = b - a ^ Integer.rotateLeft(a, 19);
      a += c;
      c = c - b ^ Integer.rotateLeft(b, 4);
      b += a;
    }
    if (left == 0) {
      return c;
    }
    a += word(key, at, left);
    b += word(key, at + 4, left - 4);
    c += word(key, at + 8, left - 8);
    return finish(a, b, c);
  }

  /** The word at an address of which that many bytes are there; the others are 0. */
  private static int word(long address, int bytes) {
    if (bytes >= Integer.BYTES) {
      return Memory.getInt(address);
    }
    int word = 0;
    for (int i = 0; i < bytes; i++) {
      word |= (Memory.getByte(address + i) & 0xff) << 8 * i;
    }
    return word;
  }

  private static int word(MemorySegment key, int offset, int bytes) {
    if (bytes >= Integer.BYTES) {
      return key.get(JAVA_INT_UNALIGNED, offset);
    }
    int word = 0;
    for (int i = 0; i < bytes; i++) {
      word |= (key.get(JAVA_BYTE, offset + i) & 0xff) << 8 * i;
    }
    return word;
  }

  private static int finish(int first, int second, int third) {
    int a = first;
    int b = second;
    int c = (third ^ b) - Integer.rotateLeft(b, 14);
    a = (a ^ c) - Integer.rotateLeft(c, 11);
    b = (b ^ a) - Integer.rotateLeft(a, 25);
    c = (c ^ b) - Integer.rotateLeft(b, 16);
    a = (a ^ c) - Integer.rotateLeft(c, 4);
    b = (b ^ a) - Integer.rotateLeft(a, 14);
    return (c ^ b) - Integer.rotateLeft(b, 24);
  }
}

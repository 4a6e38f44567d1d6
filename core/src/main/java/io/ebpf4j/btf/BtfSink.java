package io.ebpf4j.btf;

import java.math.BigInteger;

/**
 * Takes a value piece by piece, as {@link BtfPrinter} walks over it: each value is one of the
 * numbers, strings and so on, or an object or array of values between its start and end. In an
 * object each value follows its name. The kinds of numbers are apart because JSON and text write
 * them differently.
 */
public interface BtfSink {
  /** An object starts. */
  void startObject();

  /** The name of the next value; two in one object may be equal (anonymous members have ""). */
  void name(String name);

  /** The object ends. */
  void endObject();

  /** An array starts. */
  void startArray();

  /** The array ends. */
  void endArray();

  /** An integer: signed as it is. */
  void number(long value);

  /** An integer to be read as unsigned. */
  void unsigned(long value);

  /**
   * A bit field or an integer of an unusual width, up to 128 bits: bpftool writes it in hex, {@code
   * "0x1f"} in JSON and {@code 0x1f} as text.
   *
   * @param value not negative
   */
  void hex(BigInteger value);

  /** A pointer: bpftool writes a number in JSON, and {@code 0x…} or {@code (nil)} as text. */
  void pointer(long address);

  /**
   * A floating-point number, which bpftool cannot print.
   *
   * @param shortest the shortest decimal that reads as the same value; {@code NaN} and {@code
   *     Infinity} among them
   */
  void floating(double value, String shortest);

  /** A truth value. */
  void bool(boolean value);

  /** Text: an enumerator's name, a character or a terminated array of characters. */
  void string(String value);
}

package io.ebpf4j.btf;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.HexFormat;

/** Writes a value as bpftool's JSON, for strings that need no escape. */
final class JsonSink implements BtfSink {
  private final StringBuilder json = new StringBuilder();
  private boolean separate;

  static String of(Btf btf, int type, String hex) {
    return of(btf, type, HexFormat.of().parseHex(hex));
  }

  static String of(int type, BtfBuilder types, String hex) {
    return of(types.build(), type, hex);
  }

  static String of(Btf btf, int type, byte[] value) {
    JsonSink sink = new JsonSink();
    BtfPrinter.print(btf, type, MemorySegment.ofArray(value), sink);
    return sink.json.toString();
  }

  @Override
  public void startObject() {
    put("{");
    separate = false;
  }

  @Override
  public void name(String name) {
    put('"' + name + "\":");
    separate = false;
  }

  @Override
  public void endObject() {
    separate = false;
    put("}");
  }

  @Override
  public void startArray() {
    put("[");
    separate = false;
  }

  @Override
  public void endArray() {
    separate = false;
    put("]");
  }

  @Override
  public void number(long value) {
    put(Long.toString(value));
  }

  @Override
  public void unsigned(long value) {
    put(Long.toUnsignedString(value));
  }

  @Override
  public void hex(BigInteger value) {
    put("\"0x" + value.toString(16) + '"');
  }

  @Override
  public void pointer(long address) {
    put(Long.toUnsignedString(address));
  }

  @Override
  public void floating(double value, String shortest) {
    put(shortest);
  }

  @Override
  public void bool(boolean value) {
    put(Boolean.toString(value));
  }

  @Override
  public void string(String value) {
    put('"' + value + '"');
  }

  private void put(String text) {
    if (separate) {
      json.append(',');
    }
    json.append(text);
    separate = true;
  }
}

package io.ebpf4j.cli;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfPrinter;
import io.ebpf4j.btf.BtfSink;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;

/** Writes values by their types on one line: as JSON like bpftool, or for people. */
final class ValueText implements BtfSink {
  /** How a value is written. */
  enum Style {
    /** {@code {"packets":3,"name":"lo"}}, as {@code bpftool -j} does. */
    JSON,
    /** <code>{packets = 3, name = "lo"}</code>; a string that is the whole value stands bare. */
    PLAIN
  }

  private final Style style;
  private final StringBuilder text = new StringBuilder();
  private int depth;
  private boolean first = true;

  private ValueText(Style style) {
    this.style = style;
  }

  /** A value of a type, on one line. */
  static String of(Btf btf, int type, byte[] value, Style style) {
    ValueText sink = new ValueText(style);
    BtfPrinter.print(btf, type, MemorySegment.ofArray(value), sink);
    return sink.text.toString();
  }

  @Override
  public void startObject() {
    open('{');
  }

  @Override
  public void name(String name) {
    separate();
    if (style == Style.JSON) {
      quoted(name);
      text.append(':');
      first = true;
    } else {
      text.append(name).append(name.isEmpty() ? "" : " = ");
      first = true;
    }
  }

  @Override
  public void endObject() {
    close('}');
  }

  @Override
  public void startArray() {
    open('[');
  }

  @Override
  public void endArray() {
    close(']');
  }

  @Override
  public void number(long value) {
    scalar(Long.toString(value));
  }

  @Override
  public void unsigned(long value) {
    scalar(Long.toUnsignedString(value));
  }

  @Override
  public void hex(BigInteger value) {
    String hex = "0x" + value.toString(16);
    scalar(style == Style.JSON ? '"' + hex + '"' : hex);
  }

  @Override
  public void pointer(long address) {
    if (style == Style.JSON) {
      scalar(Long.toUnsignedString(address));
    } else {
      scalar(address == 0 ? "(nil)" : "0x" + Long.toHexString(address));
    }
  }

  @Override
  public void floating(double value, String shortest) {
    scalar(style == Style.PLAIN || Double.isFinite(value) ? shortest : '"' + shortest + '"');
  }

  @Override
  public void bool(boolean value) {
    scalar(Boolean.toString(value));
  }

  @Override
  public void string(String value) {
    separate();
    if (style == Style.PLAIN && depth == 0) {
      text.append(value);
    } else {
      quoted(value);
    }
  }

  private void scalar(String value) {
    separate();
    text.append(value);
  }

  private void open(char bracket) {
    separate();
    text.append(bracket);
    depth++;
    first = true;
  }

  private void close(char bracket) {
    text.append(bracket);
    depth--;
    first = false;
  }

  private void separate() {
    if (!first) {
      text.append(style == Style.JSON ? "," : ", ");
    }
    first = false;
  }

  private void quoted(String value) {
    text.append('"').append(JsonStringEncoder.getInstance().quoteAsString(value)).append('"');
  }
}

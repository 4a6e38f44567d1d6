package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfException;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an operation answered: OK or the name of an errno, and the bytes that came back where they
 * count.
 */
record Answer(String outcome, String bytes) {
  private static final Pattern ERRNO = Pattern.compile("\\b(OK|E[A-Z0-9]{3,}|524)\\b");
  private static final Pattern ESCAPED = Pattern.compile("b'([^']*)'");
  private static final Pattern HEX = Pattern.compile("\\('([0-9a-f]+)',\\)");
  private static final Pattern NUMBER = Pattern.compile("\\((\\d+),\\)");

  /** Reads an answer as the facts write it. */
  static Answer parse(String text) {
    Matcher hex = HEX.matcher(text);
    if (hex.matches()) {
      return new Answer("OK", hex.group(1));
    }
    Matcher number = NUMBER.matcher(text);
    if (number.matches()) {
      return new Answer("OK", number.group(1));
    }
    Matcher errno = ERRNO.matcher(text);
    if (!errno.find()) {
      throw new IllegalArgumentException("no answer in: " + text);
    }
    Matcher escaped = ESCAPED.matcher(text);
    return new Answer(
        errno.group(1).equals("524") ? "ENOTSUPP" : errno.group(1),
        escaped.find() ? escaped.group(1).replace("\\x", "") : "");
  }

  /** What a call answers that throws where it is refused. */
  static Answer of(Runnable call) {
    return of(() -> {
      call.run();
      return "";
    });
  }

  /** What a call answers that says whether there was such a key. */
  static Answer ofFound(BooleanSupplier call) {
    return ofFound(call, new byte[0]);
  }

  /** The same, with what came back into a buffer. */
  static Answer ofFound(BooleanSupplier call, byte[] buffer) {
    try {
      return call.getAsBoolean()
          ? new Answer("OK", HexFormat.of().formatHex(buffer))
          : new Answer("ENOENT", "");
    } catch (BpfException e) {
      return new Answer(e.errno().name(), "");
    }
  }

  static Answer of(Callable<String> call) {
    try {
      return new Answer("OK", call.call());
    } catch (BpfException e) {
      return new Answer(e.errno().name(), "");
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}

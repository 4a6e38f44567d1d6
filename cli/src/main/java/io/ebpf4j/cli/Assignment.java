package io.ebpf4j.cli;

/** An option's argument {@code NAME=VALUE} or {@code NAME[KEY]=VALUE}, taken apart. */
record Assignment(String name, String key, String value) {
  /**
   * Takes {@code NAME=VALUE} apart.
   *
   * @throws IllegalArgumentException where it is not of that form
   */
  static Assignment plain(String text, String form) {
    int equals = text.indexOf('=');
    if (equals < 1 || equals == text.length() - 1) {
      throw malformed(text, form);
    }
    return new Assignment(text.substring(0, equals), "", text.substring(equals + 1));
  }

  /**
   * Takes {@code NAME[KEY]=VALUE} apart. A key may be JSON, in which brackets may stand; so it ends
   * at the first {@code ]=} before which it is a value.
   *
   * @throws IllegalArgumentException where it is not of that form
   */
  static Assignment keyed(String text, String form) {
    int open = text.indexOf('[');
    if (open < 1) {
      throw malformed(text, form);
    }
    IllegalArgumentException first = null;
    for (int close = text.indexOf("]=", open); close >= 0; close = text.indexOf("]=", close + 1)) {
      String key = text.substring(open + 1, close);
      String value = text.substring(close + 2);
      if (key.isEmpty() || value.isEmpty()) {
        break;
      }
      try {
        Literal.parse(key);
        return new Assignment(text.substring(0, open), key, value);
      } catch (IllegalArgumentException e) {
        first = first == null ? e : first;
      }
    }
    throw first == null ? malformed(text, form) : first;
  }

  private static IllegalArgumentException malformed(String text, String form) {
    return new IllegalArgumentException("'" + text + "' is not of the form " + form);
  }
}

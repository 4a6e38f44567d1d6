package io.ebpf4j.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows of text under a heading, in columns as wide as they need; numbers stand on the right. */
final class TextTable {
  private static final String GAP = "  ";

  private final List<String[]> rows = new ArrayList<>();
  private final boolean[] numeric;

  TextTable(String... heading) {
    rows.add(heading);
    numeric = new boolean[heading.length];
    Arrays.fill(numeric, true);
  }

  /** Adds a row with as many cells as the heading has. */
  void row(String... cells) {
    rows.add(cells);
    for (int column = 0; column < cells.length; column++) {
      numeric[column] &= isNumber(cells[column]);
    }
  }

  boolean isEmpty() {
    return rows.size() == 1;
  }

  void print(PrintWriter out) {
    int[] widths = new int[numeric.length];
    for (String[] row : rows) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], row[column].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < widths.length; column++) {
        String padding = " ".repeat(widths[column] - row[column].length());
        line.append(numeric[column] ? padding + row[column] : row[column] + padding).append(GAP);
      }
      out.println(line.toString().stripTrailing());
    }
  }

  private static boolean isNumber(String cell) {
    int digits = cell.endsWith("%") ? cell.length() - 1 : cell.length();
    for (int index = cell.startsWith("-") ? 1 : 0; index < digits; index++) {
      char character = cell.charAt(index);
      if (character != '.' && character != ',' && (character < '0' || character > '9')) {
        return false;
      }
    }
    return digits > 0;
  }
}

package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;

/** Prints one JSON value and a line end, as a stream. */
final class Json {
  private Json() {}

  static void print(PrintWriter out, Body body) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      body.write(json);
    }
    out.println();
    out.flush();
  }

  /** Writes the value. */
  interface Body {
    void write(JsonGenerator json) throws IOException;
  }
}

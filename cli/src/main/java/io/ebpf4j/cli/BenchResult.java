package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/**
 * What timing a program on one kernel came to.
 *
 * @param mode {@code compiled} or {@code interpreted} on the JVM kernel, else empty
 * @param method how its runs were made and timed
 * @param nanosPerRun the lower quartile of the batches; NaN where it could not be timed
 * @param runs runs that were timed
 * @param bytesPerRun bytes of Java heap that a run allocates; NaN where that is not known
 * @param refusal why it could not be timed, or null
 */
record BenchResult(
    String program,
    String kernel,
    String mode,
    BenchSubject.Method method,
    double nanosPerRun,
    long runs,
    double bytesPerRun,
    @Nullable String refusal) {

  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("program", program);
    json.writeStringField("kernel", kernel);
    if (!mode.isEmpty()) {
      json.writeStringField("mode", mode);
    }
    json.writeFieldName("ns_per_run");
    number(json, nanosPerRun, 3);
    json.writeNumberField("runs", runs);
    if (!Double.isNaN(bytesPerRun)) {
      json.writeFieldName("bytes_allocated_per_run");
      number(json, bytesPerRun, 1);
    }
    json.writeStringField("method", method.words());
    if (refusal != null) {
      json.writeStringField("refused", refusal);
    }
    json.writeEndObject();
  }

  /** A whole number without a point. */
  private static void number(JsonGenerator json, double value, int places) throws IOException {
    if (Double.isNaN(value)) {
      json.writeNull();
      return;
    }
    BigDecimal rounded = BigDecimal.valueOf(value).setScale(places, RoundingMode.HALF_UP);
    json.writeNumber(rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString());
  }
}

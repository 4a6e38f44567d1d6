package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.SerializedString;
import io.ebpf4j.spec.Errno;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes runs as one JSON object, whatever its size in constant memory. */
final class JsonReport {
  private static final SerializableString[] BYTES = bytes();

  private final JsonGenerator json;

  private JsonReport(JsonGenerator json) {
    this.json = json;
  }

  /** Prints the object and a line end. */
  static void print(
      String object, List<RunReport> runs, @Nullable Differences differences, PrintWriter out)
      throws IOException {
    Json.print(out, json -> new JsonReport(json).report(object, runs, differences));
  }

  private void report(String object, List<RunReport> runs, @Nullable Differences differences)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("object", object);
    json.writeArrayFieldStart("runs");
    for (RunReport run : runs) {
      run(run);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("differences");
    if (differences != null) {
      for (Difference difference : differences.first()) {
        difference(difference);
      }
    }
    json.writeEndArray();
    if (differences != null && differences.count() > 0) {
      json.writeNumberField("differences_count", differences.count());
      json.writeArrayFieldStart("differences_suspects");
      for (String helper : differences.suspects()) {
        json.writeString(helper);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private void difference(Difference difference) throws IOException {
    json.writeStartObject();
    switch (difference) {
      case Difference.Load load -> {
        json.writeStringField("what", "load");
        json.writeStringField("jvm", load.jvm());
        json.writeStringField("linux", load.linux());
      }
      case Difference.Packet packet -> {
        json.writeStringField("what", packet.what());
        json.writeNumberField("packet", packet.packet());
        if (packet.offset() >= 0) {
          json.writeNumberField("offset", packet.offset());
        }
        json.writeStringField("jvm", packet.jvm());
        json.writeStringField("linux", packet.linux());
      }
      case Difference.Element element -> {
        json.writeStringField("what", "element");
        json.writeStringField("map", element.map());
        json.writeFieldName("key");
        hex(element.keyBytes());
        if (!element.variable().isEmpty()) {
          json.writeStringField("variable", element.variable());
        }
        if (element.cpu() >= 0) {
          json.writeNumberField("cpu", element.cpu());
        }
        side("jvm", element.jvm());
        side("linux", element.linux());
      }
    }
    json.writeEndObject();
  }

  private void side(String name, Difference.Side side) throws IOException {
    json.writeFieldName(name);
    if (side.bytes() == null) {
      json.writeString(side.text());
    } else {
      hex(side.bytes());
    }
  }

  private void run(RunReport run) throws IOException {
    json.writeStartObject();
    json.writeStringField("kernel", run.kernel());
    json.writeStringField("program", run.program());
    json.writeStringField("type", run.type().label());
    json.writeNumberField("packets", run.packets());
    if (run.nanosPerPacket().isPresent()) {
      json.writeNumberField(
          "ns_per_packet", Math.round(run.nanosPerPacket().getAsDouble() * 10) / 10.0);
    } else {
      json.writeNullField("ns_per_packet");
    }
    counts("verdicts", run.verdicts());
    if (!run.refused().isEmpty()) {
      counts("refused", run.refused());
    }
    if (run.truncated() > 0) {
      json.writeNumberField("truncated", run.truncated());
    }
    maps(run.maps());
    json.writeEndObject();
  }

  /** Writes the field {@code maps} of an object that is being written. */
  static void maps(JsonGenerator json, List<MapDump> maps) throws IOException {
    new JsonReport(json).maps(maps);
  }

  private void maps(List<MapDump> maps) throws IOException {
    json.writeArrayFieldStart("maps");
    for (MapDump map : maps) {
      map(map);
    }
    json.writeEndArray();
  }

  private void counts(String name, Map<String, Long> counts) throws IOException {
    json.writeObjectFieldStart(name);
    for (Map.Entry<String, Long> entry : counts.entrySet()) {
      json.writeNumberField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
  }

  private void map(MapDump map) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", map.name());
    json.writeStringField("type", map.spec().type().label());
    json.writeNumberField("bytes_key", map.spec().keySize());
    json.writeNumberField("bytes_value", map.spec().valueSize());
    json.writeNumberField("max_entries", Integer.toUnsignedLong(map.spec().maxEntries()));
    json.writeArrayFieldStart("elements");
    TypedElements types = new TypedElements(map.spec(), ValueText.Style.JSON);
    map.forEach((key, value, error) -> element(map, types, key, value, error));
    json.writeEndArray();
    json.writeEndObject();
  }

  private void element(
      MapDump map, TypedElements types, byte[] key, byte[] value, @Nullable Errno error)
      throws IOException {
    json.writeStartObject();
    json.writeFieldName("key");
    hex(key);
    if (error != null) {
      json.writeObjectFieldStart("value");
      json.writeStringField("error", text(error));
      json.writeEndObject();
    } else if (map.perCpu()) {
      json.writeArrayFieldStart("values");
      for (int cpu = 0; cpu < map.cpus(); cpu++) {
        json.writeStartObject();
        json.writeNumberField("cpu", cpu);
        json.writeFieldName("value");
        hex(map.valueOf(cpu, value));
        json.writeEndObject();
      }
      json.writeEndArray();
    } else {
      json.writeFieldName("value");
      hex(value);
    }
    if (error == null && types.known()) {
      formatted(map, types, key, value);
    }
    json.writeEndObject();
  }

  private void formatted(MapDump map, TypedElements types, byte[] key, byte[] value)
      throws IOException {
    json.writeObjectFieldStart("formatted");
    if (types.hasKeyType()) {
      json.writeFieldName("key");
      json.writeRawValue(types.key(key));
    }
    if (map.perCpu()) {
      json.writeArrayFieldStart("values");
      for (int cpu = 0; cpu < map.cpus(); cpu++) {
        json.writeStartObject();
        json.writeNumberField("cpu", cpu);
        json.writeFieldName("value");
        json.writeRawValue(types.value(map.valueOf(cpu, value)));
        json.writeEndObject();
      }
      json.writeEndArray();
    } else {
      json.writeFieldName("value");
      json.writeRawValue(types.value(value));
    }
    json.writeEndObject();
  }

  private void hex(byte[] bytes) throws IOException {
    json.writeStartArray();
    for (byte one : bytes) {
      json.writeString(BYTES[one & 0xff]);
    }
    json.writeEndArray();
  }

  /** What strerror(3) says, which does not know the kernel's own ENOTSUPP. */
  private static String text(Errno error) {
    return error == Errno.ENOTSUPP ? "Unknown error 524" : error.text();
  }

  private static SerializableString[] bytes() {
    SerializableString[] bytes = new SerializableString[256];
    for (int value = 0; value < bytes.length; value++) {
      bytes[value] = new SerializedString("0x%02x".formatted(value));
    }
    return bytes;
  }
}

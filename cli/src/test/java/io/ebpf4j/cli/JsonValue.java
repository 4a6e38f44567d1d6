package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * JSON that was read back.
 *
 * @param value a map, list, string, {@code Long}, {@code Double} or {@code Boolean}
 */
record JsonValue(Object value) {
  /** What JSON's null is read as. */
  static final Object NULL = "null";

  /** The one value that the text has. */
  static JsonValue parse(String text) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(text)) {
      parser.nextToken();
      Object value = read(parser);
      if (parser.nextToken() != null) {
        throw new AssertionError("there is something behind the JSON value");
      }
      return new JsonValue(value);
    }
  }

  boolean has(String member) {
    return ((Map<?, ?>) value).containsKey(member);
  }

  JsonValue get(String member) {
    Object found = ((Map<?, ?>) value).get(member);
    return new JsonValue(Objects.requireNonNull(found, () -> member + " is missing in " + value));
  }

  JsonValue get(int index) {
    return list().get(index);
  }

  List<JsonValue> list() {
    List<JsonValue> elements = new ArrayList<>();
    for (Object element : (List<?>) value) {
      elements.add(new JsonValue(Objects.requireNonNull(element)));
    }
    return elements;
  }

  /** The element of a list whose member {@code name} is that. */
  JsonValue named(String name) {
    return list().stream()
        .filter(element -> element.get("name").value().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is missing"));
  }

  private static Object read(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> members = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          members.put(name, read(parser));
        }
        yield members;
      }
      case START_ARRAY -> {
        List<Object> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          elements.add(read(parser));
        }
        yield elements;
      }
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE, VALUE_FALSE -> parser.getBooleanValue();
      case VALUE_NULL -> NULL;
      case VALUE_STRING -> parser.getText();
      default -> throw new AssertionError("unexpected " + parser.currentToken());
    };
  }
}

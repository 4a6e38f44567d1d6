package io.ebpf4j.junit;

import io.ebpf4j.TypedMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToLongFunction;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ObjectAssert;

/**
 * Assertions on a map of Java objects.
 *
 * @param <K> keys
 * @param <V> values
 */
public final class TypedMapAssert<K, V>
    extends AbstractAssert<TypedMapAssert<K, V>, TypedMap<K, V>> {
  TypedMapAssert(TypedMap<K, V> actual) {
    super(actual, TypedMapAssert.class);
  }

  /** Checks the value of a key. */
  public TypedMapAssert<K, V> contains(K key, V expected) {
    V value = present(key);
    if (!Objects.deepEquals(value, expected)) {
      failWithActualExpectedAndMessage(
          value, expected, "%s[%s] is %s, not %s", name(), key, value, expected);
    }
    return this;
  }

  /** Checks that a key is there. */
  public TypedMapAssert<K, V> containsKey(K key) {
    present(key);
    return this;
  }

  /** Checks that a key is not there. */
  public TypedMapAssert<K, V> doesNotContainKey(K key) {
    isNotNull();
    Optional<V> value = actual.get(key);
    if (value.isPresent()) {
      failWithMessage("%s[%s] is there: %s", name(), key, value.get());
    }
    return this;
  }

  /** Checks all elements that are not {@code ordinary}, such as the zeros of an array. */
  public TypedMapAssert<K, V> containsOnlyBeside(V ordinary, Map<K, V> expected) {
    isNotNull();
    List<Map.Entry<K, V>> elements = new ArrayList<>();
    for (Map.Entry<K, V> element : actual) {
      if (!element.getValue().equals(ordinary)) {
        elements.add(element);
      }
    }
    Assertions.assertThat(elements)
        .as(name() + " without elements that are " + ordinary)
        .containsExactlyInAnyOrderElementsOf(expected.entrySet());
    return this;
  }

  /** Goes on with the value of a key. */
  public ObjectAssert<V> value(K key) {
    return Assertions.assertThat(present(key)).as("%s[%s]", name(), key);
  }

  /** Checks the sum of the values that a per-CPU map has under a key, where they are numbers. */
  public TypedMapAssert<K, V> hasSum(K key, long expected) {
    return hasSum(key, value -> number(key, value), expected);
  }

  /**
   * Checks the sum of what is read of each CPU's value under a key: {@code hasSum(0, (Traffic t) ->
   * t.packets(), 3)}.
   */
  @SuppressWarnings("unchecked") // The caller says what the values are.
  public <E> TypedMapAssert<K, V> hasSum(K key, ToLongFunction<E> read, long expected) {
    V value = present(key);
    if (!(value instanceof List<?> values)) {
      failWithMessage("%s[%s] is %s: it is no per-CPU map", name(), key, value);
      return this;
    }
    long sum = values.stream().mapToLong(one -> read.applyAsLong((E) one)).sum();
    if (sum != expected) {
      failWithActualExpectedAndMessage(
          sum, expected, "%s[%s] sums up to %d, not %d: %s", name(), key, sum, expected, values);
    }
    return this;
  }

  private long number(K key, Object value) {
    if (!(value instanceof Number number)) {
      failWithMessage("%s[%s] holds %s, which is no number", name(), key, value);
      return 0;
    }
    return number.longValue();
  }

  private V present(K key) {
    isNotNull();
    Optional<V> value = actual.get(key);
    if (value.isEmpty()) {
      failWithMessage("%s has no key %s", name(), key);
    }
    return value.orElseThrow();
  }

  private String name() {
    return actual.map().name();
  }
}

package io.ebpf4j.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class VariableTest {
  private final ObjectFile object = TestObjects.read("globals");

  @Test
  void variablesAreListedBySectionAndPlace() {
    assertThat(object.variables())
        .extracting(Variable::name)
        .containsExactly(
            "seven",
            "origin",
            "array",
            "hidden_eight",
            "limit",
            "greeting",
            "count.____fmt",
            "custom_data",
            "custom_constant",
            "count.calls",
            "zero",
            "big_zero",
            "hidden_zero");
    assertThat(object.variable("limit").readOnly()).isTrue();
    assertThat(object.variable("seven").readOnly()).isFalse();
  }

  @Test
  void initialValuesAreRead() {
    assertThat(object.get("seven").get(ValueLayout.JAVA_INT, 0)).isEqualTo(7);
    assertThat(object.get("hidden_eight").get(ValueLayout.JAVA_INT, 0)).isEqualTo(8);
    assertThat(object.get("limit").get(ValueLayout.JAVA_INT, 0)).isEqualTo(1000);
    assertThat(object.get("greeting").getString(0)).isEqualTo("hello");
    assertThat(object.get("big_zero").get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isZero();
  }

  @Test
  void aConstantIsSetByItsType() {
    object.set("limit", 5);
    assertThat(object.get("limit").get(ValueLayout.JAVA_INT, 0)).isEqualTo(5);
    assertThat(object.get("greeting").getString(0)).as("its neighbour").isEqualTo("hello");
    assertThat(object.map(".rodata").frozen()).isTrue();
  }

  @Test
  void aZeroVariableIsSetInContentsThatDidNotExist() {
    object.set("big_zero", -2L >>> 1);
    assertThat(Objects.requireNonNull(object.map(".bss").contents()).byteSize()).isEqualTo(20);
    assertThat(object.get("big_zero").get(ValueLayout.JAVA_LONG_UNALIGNED, 0))
        .isEqualTo(Long.MAX_VALUE);
    assertThat(object.get("zero").get(ValueLayout.JAVA_INT, 0)).isZero();
  }

  @Test
  void membersThatAreNotGivenKeepTheirValues() {
    object.set("origin", Map.of("y", 9));
    assertThat(object.get("origin").get(ValueLayout.JAVA_INT, 0)).isEqualTo(-1);
    assertThat(object.get("origin").get(ValueLayout.JAVA_SHORT, 4)).isEqualTo((short) 9);
    object.set("array", List.of(9, 8));
    assertThat(object.get("array").toArray(ValueLayout.JAVA_INT)).containsExactly(9, 8, 3, 4);
  }

  @Test
  void anotherObjectOfTheSameFileIsNotChanged() {
    object.set("seven", 1);
    assertThat(TestObjects.read("globals").get("seven").get(ValueLayout.JAVA_INT, 0)).isEqualTo(7);
  }

  @Test
  void aValueThatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> object.set("limit", 1L << 32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("globals.bpf.o: variable limit: ");
  }

  @Test
  void anUnknownVariableListsTheOthers() {
    assertThatThrownBy(() -> object.set("limits", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("has no global variable limits; it has seven, ", "limit");
  }

  @Test
  void aVariableOutsideOfAMapThatWasMadeSmallerIsRefused() {
    object.replaceMap(".bss", object.map(".bss").withValueSize(8));
    assertThatThrownBy(() -> object.set("hidden_zero", 1))
        .hasMessageContaining("lies outside of map .bss");
  }
}

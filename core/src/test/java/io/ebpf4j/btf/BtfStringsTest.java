package io.ebpf4j.btf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BtfStringsTest {
  private final Btf types = types();

  @Test
  void aStringOfTheTypesIsNotAddedAgain() {
    BtfStrings strings = new BtfStrings(types);
    assertThat(strings.offset("")).isZero();
    assertThat(strings.offset("number")).isPositive();
    assertThat(strings.section()).isEqualTo(types.encode());
  }

  @Test
  void aNewStringIsFoundAtItsOffsetAndTheTypesStay() {
    BtfStrings strings = new BtfStrings(types);
    int offset = strings.offset("  return 0;");
    assertThat(strings.offset("  return 0;")).isEqualTo(offset);
    Btf more = Btf.parse(strings.section());
    assertThat(more.raw().string(offset)).isEqualTo("  return 0;");
    assertThat(more.types()).isEqualTo(types.types());
  }

  @Test
  void aStringEndsAtItsZeroCharacter() {
    BtfStrings strings = new BtfStrings(types);
    assertThat(strings.offset("cut\0off")).isEqualTo(strings.offset("cut"));
  }

  private static Btf types() {
    BtfBuilder builder = new BtfBuilder();
    builder.typedef("number", builder.unsigned("u32", 4));
    return builder.build();
  }
}

package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LiteralTest {
  @Test
  void numbersAreDecimalOrHexadecimal() {
    assertThat(Literal.parse("17")).isEqualTo(BigInteger.valueOf(17));
    assertThat(Literal.parse("-17")).isEqualTo(BigInteger.valueOf(-17));
    assertThat(Literal.parse("0xfFfFfFfFfFfFfFfF"))
        .isEqualTo(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE));
  }

  @Test
  void aPointOrAnExponentMakesADecimalNumber() {
    assertThat(Literal.parse("1.5")).isEqualTo(new BigDecimal("1.5"));
    assertThat(Literal.parse("-.25")).isEqualTo(new BigDecimal("-0.25"));
    assertThat(Literal.parse("1e-3")).isEqualTo(new BigDecimal("0.001"));
    assertThat(Literal.parse("[2.5]")).isEqualTo(List.of(new BigDecimal("2.5")));
  }

  @Test
  void wordsAreTextOrTruth() {
    assertThat(Literal.parse("true")).isEqualTo(true);
    assertThat(Literal.parse("GREEN")).isEqualTo("GREEN");
  }

  @Test
  void bytesMayStandApart() {
    assertThat((byte[]) Literal.parse("hex:0a0b")).containsExactly(0x0a, 0x0b);
    assertThat((byte[]) Literal.parse("hex:0a:0b 0C")).containsExactly(0x0a, 0x0b, 0x0c);
  }

  @Test
  void jsonHasItsNumbersAlsoInHexadecimalStrings() {
    assertThat(Literal.parse("{\"a\":1,\"b\":[true,\"0x1f\",\"x\"],\"c\":{\"d\":1.5}}"))
        .isEqualTo(
            Map.of(
                "a", BigInteger.ONE,
                "b", List.of(true, BigInteger.valueOf(31), "x"),
                "c", Map.of("d", new BigDecimal("1.5"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1x", "0x", "-0x-1", "0x-1", "{", "{\"a\":1}}", "[1,", "{\"a\":null}", "hex:1"})
  void whatIsNoValueIsRefused(String text) {
    assertThatThrownBy(() -> Literal.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .hasLineCount(1);
  }

  @Test
  void aKeyEndsWhereItIsAValue() {
    assertThat(Assignment.keyed("m[1]=2", "MAP[KEY]=VALUE"))
        .isEqualTo(new Assignment("m", "1", "2"));
    assertThat(Assignment.keyed("m[{\"a\":[1,2]}]={\"b\":\"]=\"}", "MAP[KEY]=VALUE"))
        .isEqualTo(new Assignment("m", "{\"a\":[1,2]}", "{\"b\":\"]=\"}"));
    assertThat(Assignment.keyed("m[[1]]=x", "MAP[KEY]=VALUE"))
        .isEqualTo(new Assignment("m", "[1]", "x"));
  }
}

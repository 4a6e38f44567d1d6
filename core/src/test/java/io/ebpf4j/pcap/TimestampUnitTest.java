package io.ebpf4j.pcap;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class TimestampUnitTest {
  @Property(tries = 2000)
  void isTheExactQuotientRoundedDown(
      @ForAll long count, @ForAll boolean binary, @ForAll @IntRange(max = 127) int exponent) {
    BigDecimal unit = BigDecimal.valueOf(binary ? 2 : 10).pow(exponent);
    BigDecimal nanos =
        new BigDecimal(new BigInteger(Long.toUnsignedString(count)))
            .movePointRight(9)
            .divide(unit, 0, RoundingMode.DOWN);
    BigDecimal expected = nanos.min(BigDecimal.valueOf(Long.MAX_VALUE));

    assertThat(new TimestampUnit(binary, exponent, 0).toNanos(count))
        .isEqualTo(expected.longValueExact());
  }
}

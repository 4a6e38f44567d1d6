package io.ebpf4j.junit;

import io.ebpf4j.TestRun;
import io.ebpf4j.junit.packet.Packet;
import org.assertj.core.api.AbstractAssert;

/** Assertions on a test run. */
public final class RunAssert extends AbstractAssert<RunAssert, TestRun.Result> {
  RunAssert(TestRun.Result actual) {
    super(actual, RunAssert.class);
  }

  /** Checks the verdict, by its name. */
  public RunAssert hasVerdict(Verdict expected) {
    isNotNull();
    if (actual.returnValue() != expected.number()) {
      failWithActualExpectedAndMessage(
          expected.labelOf(actual.returnValue()),
          expected.label(),
          "the verdict is %s, not %s",
          expected.labelOf(actual.returnValue()),
          expected.label());
    }
    return this;
  }

  /** Checks the return value. */
  public RunAssert returns(int expected) {
    isNotNull();
    if (actual.returnValue() != expected) {
      failWithActualExpectedAndMessage(
          actual.returnValue(),
          expected,
          "the program returned %s, not %s",
          actual.returnValue(),
          expected);
    }
    return this;
  }

  /** Checks the packet that came out, and shows a difference field by field. */
  public RunAssert hasPacket(Packet expected) {
    packet().isEqualTo(expected);
    return this;
  }

  /** Goes on with the packet that came out. */
  public PacketAssert packet() {
    isNotNull();
    return new PacketAssert(Packet.parse(actual.data())).as(descriptionText());
  }
}

package io.ebpf4j.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Tests that must fail do, with a sentence that says why. */
class FailingTestsTest {
  private static Map<String, String> failures(Class<?> tests) {
    Map<String, String> failures = new LinkedHashMap<>();
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(tests))
        .execute()
        .allEvents()
        .failed()
        .stream()
        .forEach(event -> failures.merge(name(event), reason(event), (one, more) -> one));
    return failures;
  }

  private static String name(Event event) {
    return event
        .getTestDescriptor()
        .getUniqueId()
        .getSegments()
        .get(Math.min(2, event.getTestDescriptor().getUniqueId().getSegments().size() - 1))
        .getValue()
        .replaceAll("[(].*", "");
  }

  private static String reason(Event event) {
    Throwable failure =
        event.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow();
    StringBuilder reason = new StringBuilder(String.valueOf(failure.getMessage()));
    for (Throwable more : failure.getSuppressed()) {
      reason.append(" / ").append(more.getMessage());
    }
    return reason.toString();
  }

  @Test
  void eachFailureSaysWhatIsWrong() {
    Map<String, String> failures = failures(FailingCases.Failing.class);
    assertThat(failures)
        .containsOnlyKeys(
            "leavesOpen",
            "leavesReadersOpen",
            "failsAndLeavesOpen",
            "wrongName",
            "wrongType",
            "rawType",
            "oneValueOfMany",
            "listOfOne",
            "wrongSize",
            "linuxHasNoClock",
            "linuxHasItsCpus",
            "noObject",
            "testTwice");
    assertThat(failures.get("leavesOpen"))
        .matches(
            "the test has left open map 'forgotten' \\(id \\d+\\), program 'idle' \\(id \\d+\\),"
                + " the pin /sys/fs/bpf/forgotten: close what a test opens, with try, and unpin"
                + " what it pins");
    assertThat(failures.get("leavesReadersOpen"))
        .startsWith("the test has left open a mapping of ")
        .contains(", the perf reader of ");
    assertThat(failures.get("failsAndLeavesOpen"))
        .startsWith("its own failure / the test has left open map 'forgotten'");
    assertThat(failures.get("wrongName"))
        .isEqualTo(
            "limit.bpf.o has no program 'polize': name the parameter, or its @Named, as one of"
                + " [police]");
    assertThat(failures.get("wrongType"))
        .contains("values of map verdicts cannot be java.lang.String");
    assertThat(failures.get("rawType")).contains("without the types of its keys and values");
    assertThat(failures.get("oneValueOfMany")).contains("write List<java.lang.Long>");
    assertThat(failures.get("listOfOne")).contains("it is no per-CPU map");
    assertThat(failures.get("wrongSize")).contains("values of 8 bytes, not 4");
    assertThat(failures.get("linuxHasNoClock")).endsWith("remove @FixedClock and ManualClock");
    assertThat(failures.get("linuxHasItsCpus")).endsWith("remove @CpuCount");
    assertThat(failures.get("noObject")).startsWith("the object missing.bpf.o is neither");
    assertThat(failures.get("testTwice")).endsWith("remove @Test");
  }

  @Test
  void aKernelIsNotThereBeforeAllTests() {
    assertThat(failures(FailingCases.TooEarly.class).values())
        .singleElement()
        .asString()
        .contains("take it in the test or in @BeforeEach");
  }

  @Test
  void aTestWithoutAnObjectHasAKernelAlone() {
    assertThat(failures(FailingCases.Nameless.class))
        .hasEntrySatisfying(
            "noObjectNamed", reason -> assertThat(reason).contains("Nameless names no object"))
        .hasSize(1);
  }
}

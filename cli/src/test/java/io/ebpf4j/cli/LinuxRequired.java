package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.linux.LinuxKernel;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips tests that need Linux where it cannot be used, with the reason printed; where {@code
 * EBPF4J_REQUIRE_LINUX=1} is set, that is a failure.
 */
final class LinuxRequired implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    try {
      LinuxKernel.open().close();
      return ConditionEvaluationResult.enabled("Linux is here");
    } catch (BpfException | UnsupportedOperationException e) {
      if ("1".equals(System.getenv("EBPF4J_REQUIRE_LINUX"))) {
        throw e;
      }
      System.out.println("Not run on Linux: " + e.getMessage());
      return ConditionEvaluationResult.disabled(e.getMessage());
    }
  }
}

package io.ebpf4j.junit;

import io.ebpf4j.Kernel;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the Linux half of a twin test where Linux is not available. */
final class LinuxCondition implements ExecutionCondition {
  private final BiConsumer<ExtensionContext, Kernel> keep;

  /** A condition that hands over the kernel that it has opened. */
  LinuxCondition(BiConsumer<ExtensionContext, Kernel> keep) {
    this.keep = keep;
  }

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    LinuxHalf half = BothKernels.linuxHalf();
    half.kernel().ifPresent(kernel -> keep.accept(context, kernel));
    return half.reason()
        .map(ConditionEvaluationResult::disabled)
        .orElseGet(() -> ConditionEvaluationResult.enabled("Linux is available"));
  }
}

package io.ebpf4j.conformance;

import java.util.List;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.lifecycle.AroundTryHook;
import net.jqwik.api.lifecycle.Lifespan;
import net.jqwik.api.lifecycle.Store;
import net.jqwik.api.lifecycle.TryExecutionResult;
import net.jqwik.api.lifecycle.TryExecutor;
import net.jqwik.api.lifecycle.TryLifecycleContext;

/** Ends a {@link RandomTwin} when its time is over. */
final class RandomTime implements AroundTryHook {
  private static final long SECONDS = Long.getLong("ebpf4j.random.seconds", 60);

  @Override
  public TryExecutionResult aroundTry(
      TryLifecycleContext context, TryExecutor tried, List<Object> parameters) {
    Store<Long> start = Store.getOrCreate("start", Lifespan.PROPERTY, System::nanoTime);
    int share = context.targetMethod().getAnnotation(RandomTwin.class).share();
    TryExecutionResult result = tried.execute(parameters);
    long end = start.get() + TimeUnit.SECONDS.toNanos(SECONDS) * share / 100;
    boolean over = RandomCase.isGiven() || System.nanoTime() - end > 0;
    return over && result.isSatisfied() ? TryExecutionResult.satisfied(true) : result;
  }
}

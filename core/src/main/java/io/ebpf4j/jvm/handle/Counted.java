package io.ebpf4j.jvm.handle;

import java.util.concurrent.atomic.AtomicInteger;

/** An object that lives as long as it has holders. Born with one. Thread safe. */
public abstract class Counted {
  private final AtomicInteger holders = new AtomicInteger(1);
  private final AtomicInteger users = new AtomicInteger();
  private volatile Runnable whenFreed = () -> {};

  /** One holder more. Only for somebody who knows that there is one already. */
  public final void retain() {
    if (!tryRetain()) {
      throw new IllegalStateException(this + " has been freed");
    }
  }

  /** One holder more, unless the last one has gone; says whether. */
  public final boolean tryRetain() {
    int count;
    do {
      count = holders.get();
      if (count == 0) {
        return false;
      }
    } while (!holders.compareAndSet(count, count + 1));
    return true;
  }

  /** One holder less; the last one frees. */
  public final void release() {
    int left = holders.decrementAndGet();
    if (left == 0) {
      free();
      whenFreed.run();
    } else if (left < 0) {
      throw new IllegalStateException(this + " was released more often than held");
    }
  }

  /** One holder more that is a user: a descriptor or a pin. */
  public final void retainUser() {
    retain();
    users.incrementAndGet();
  }

  /** One user less, who is a holder too. */
  public final void releaseUser() {
    if (users.decrementAndGet() == 0) {
      lastUserGone();
    }
    release();
  }

  /** Whether there is a descriptor or a pin. */
  public final boolean hasUsers() {
    return users.get() > 0;
  }

  /** Runs that once the object has been freed: tables forget it. */
  public final void whenFreed(Runnable action) {
    whenFreed = action;
  }

  /** The last descriptor and pin have gone; programs may still hold the object. */
  protected void lastUserGone() {}

  /** The last holder has gone: frees what is held, raw memory after a grace period. Called once. */
  protected abstract void free();
}

package io.ebpf4j.junit;

/** What a tc program may answer: {@code TC_ACT_*}. */
public enum TcVerdict implements Verdict {
  UNSPEC,
  OK,
  RECLASSIFY,
  SHOT,
  PIPE,
  STOLEN,
  QUEUED,
  REPEAT,
  REDIRECT,
  TRAP;

  @Override
  public int number() {
    return ordinal() - 1;
  }

  @Override
  public String label() {
    return "TC_ACT_" + name();
  }
}

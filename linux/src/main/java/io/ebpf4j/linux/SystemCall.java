package io.ebpf4j.linux;

/** The system calls that are used here, with their numbers in the UAPI headers. */
enum SystemCall {
  BPF(321, 280),
  CAPGET(125, 90),
  CAPSET(126, 91),
  CLOSE(3, 57),
  CONNECT(42, 203),
  EPOLL_CREATE1(291, 20),
  EPOLL_CTL(233, 21),
  EPOLL_PWAIT(281, 22),
  EVENTFD2(290, 19),
  FCNTL(72, 25),
  GETSOCKNAME(51, 204),
  GETSOCKOPT(55, 209),
  GETTID(186, 178),
  IOCTL(16, 29),
  MMAP(9, 222),
  MUNMAP(11, 215),
  OPENAT(257, 56),
  PERF_EVENT_OPEN(298, 241),
  PIDFD_OPEN(434, 434),
  READ(0, 63),
  SCHED_GETAFFINITY(204, 123),
  SCHED_SETAFFINITY(203, 122),
  SETNS(308, 268),
  SETSOCKOPT(54, 208),
  SOCKET(41, 198),
  WRITE(1, 64);

  private final int amd64;
  private final int aarch64;

  SystemCall(int amd64, int aarch64) {
    this.amd64 = amd64;
    this.aarch64 = aarch64;
  }

  /** The number on an architecture. */
  int number(Architecture architecture) {
    return switch (architecture) {
      case AMD64 -> amd64;
      case AARCH64 -> aarch64;
    };
  }
}

package io.ebpf4j.jvm.storage;

/** Later. */
final class StorageHelpers {
  private StorageHelpers() {}
}

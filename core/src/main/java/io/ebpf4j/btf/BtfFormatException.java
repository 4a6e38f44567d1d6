package io.ebpf4j.btf;

/**
 * BTF that breaks its format: one sentence that says what, where (type id, byte offset in the
 * section) and why.
 */
public final class BtfFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BtfFormatException(String sentence) {
    super(sentence);
  }
}

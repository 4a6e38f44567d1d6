package io.ebpf4j.cli;

/**
 * How a program ran.
 *
 * @param engine what ran it, in words
 * @param verified whether it was verified when it was loaded
 */
record RunMode(String engine, boolean verified) {}

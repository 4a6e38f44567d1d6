/**
 * JUnit tests of eBPF programs: {@link io.ebpf4j.junit.EbpfTest} loads an object and hands its maps
 * and programs to the test, {@link io.ebpf4j.junit.TwinTest} runs a test on both kernels.
 */
@NullMarked
package io.ebpf4j.junit;

import org.jspecify.annotations.NullMarked;

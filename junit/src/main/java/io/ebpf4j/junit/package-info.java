/**
 * JUnit tests of eBPF programs: {@link io.ebpf4j.junit.EbpfTest} loads an object and hands its maps
 * and programs to the test, {@link io.ebpf4j.junit.TwinTest} runs a test on both kernels, {@link
 * io.ebpf4j.junit.EbpfAssertions} judges verdicts, packets and maps. Packets are built in {@code
 * io.ebpf4j.junit.packet}.
 */
@NullMarked
package io.ebpf4j.junit;

import org.jspecify.annotations.NullMarked;

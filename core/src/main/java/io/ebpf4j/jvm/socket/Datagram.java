package io.ebpf4j.jvm.socket;

import java.net.InetSocketAddress;

/**
 * A datagram that has come in.
 *
 * @param source who sent it
 * @param destination where it was sent to
 * @param payload what is behind the UDP header; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes that are handed on, never compared.
public record Datagram(InetSocketAddress source, InetSocketAddress destination, byte[] payload) {}

package io.ebpf4j.jvm.net;

/** Two devices of which each receives what the other one sends; they go together. */
public record VethPair(NetDevice device, NetDevice peer) {}

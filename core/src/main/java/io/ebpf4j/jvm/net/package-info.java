/**
 * Packets: XDP frames and socket buffers as programs see them, their helpers, and their test runs.
 */
@NullMarked
package io.ebpf4j.jvm.net;

import org.jspecify.annotations.NullMarked;

/** Capture files, read and written as streams: pcap and pcapng. */
@NullMarked
package io.ebpf4j.pcap;

import org.jspecify.annotations.NullMarked;

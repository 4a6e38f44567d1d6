package io.ebpf4j;

import io.ebpf4j.spec.ProgramType;
import java.util.List;

/**
 * A program as its kernel tells of it: {@code struct bpf_prog_info} of the UAPI header.
 *
 * @param id the kernel-wide id
 * @param type the type
 * @param name at most 15 bytes: letters, digits, underscores and dots
 * @param tag 16 hexadecimal digits: the start of the SHA-256 of its instructions as they were
 *     loaded, without the descriptors of maps
 * @param loadNanos when it was loaded, in nanoseconds of the kernel's boot clock
 * @param userId who loaded it; 0 in the JVM
 * @param mapIds the maps that it uses, in the order of their first use
 * @param gplCompatible whether its license lets it call helpers that are for the GPL only
 * @param btfId the id of its types, or 0
 * @param translatedBytes bytes of its instructions as the kernel runs them: Linux's verifier
 *     rewrites some, the JVM's kernel none
 * @param jitedBytes bytes of machine code, 0 where it is interpreted
 * @param jitedFunctions functions in machine code, 0 where it is interpreted
 * @param runNanos time that it ran while statistics were on ({@link Kernel#enableStatistics})
 * @param runCount how often it was started while statistics were on; a tail call is no start
 * @param recursionMisses starts that were left out as it was running already
 * @param verifiedInstructions how many instructions the verifier went through, 0 where none did
 */
public record ProgramInfo(
    int id,
    ProgramType type,
    String name,
    String tag,
    long loadNanos,
    int userId,
    List<Integer> mapIds,
    boolean gplCompatible,
    int btfId,
    int translatedBytes,
    int jitedBytes,
    int jitedFunctions,
    long runNanos,
    long runCount,
    long recursionMisses,
    int verifiedInstructions) {
  /** Copies the ids. */
  public ProgramInfo {
    mapIds = List.copyOf(mapIds);
  }
}

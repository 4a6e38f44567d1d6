package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** All that was read from a file. */
record ObjectContents(
    String name,
    String license,
    int kernelVersion,
    @Nullable Btf btf,
    List<Extern> externs,
    List<ObjectSection> sections,
    SequencedMap<String, MapSpec> maps,
    SequencedMap<String, ProgramSpec> programs,
    List<Variable> variables,
    ConfigurationMap configuration) {}

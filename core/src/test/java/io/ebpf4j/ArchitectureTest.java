package io.ebpf4j;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The floors of docs/architecture.md: each imports only from those below it. */
@AnalyzeClasses(packages = "io.ebpf4j", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule FLOORS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .withOptionalLayers(true)
          .layer("jvm")
          .definedBy("io.ebpf4j.jvm..")
          .layer("api")
          .definedBy("io.ebpf4j")
          .layer("object")
          .definedBy("io.ebpf4j.object")
          .layer("spec")
          .definedBy("io.ebpf4j.spec")
          .layer("btf")
          .definedBy("io.ebpf4j.btf")
          .layer("isa")
          .definedBy("io.ebpf4j.isa")
          .layer("pcap")
          .definedBy("io.ebpf4j.pcap")
          .whereLayer("jvm")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("api")
          .mayOnlyBeAccessedByLayers("jvm")
          .whereLayer("object")
          .mayOnlyBeAccessedByLayers("jvm", "api")
          .whereLayer("spec")
          .mayOnlyBeAccessedByLayers("jvm", "api", "object")
          .whereLayer("btf")
          .mayOnlyBeAccessedByLayers("jvm", "api", "object", "spec")
          .whereLayer("isa")
          .mayOnlyBeAccessedByLayers("jvm", "api", "object", "spec")
          .whereLayer("pcap")
          .mayOnlyBeAccessedByLayers("jvm");

  @ArchTest
  static final ArchRule NO_CIRCLES =
      slices().matching("io.ebpf4j.(**)").should().beFreeOfCycles().allowEmptyShould(true);
}

package io.ebpf4j.junit;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The floors of docs/architecture.md: kernels know no tests, and packets know no kernels. */
@AnalyzeClasses(packages = "io.ebpf4j", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule KERNELS_KNOW_NO_TESTS =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.ebpf4j.junit..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.ebpf4j.junit..");

  @ArchTest
  static final ArchRule PACKETS_KNOW_NO_KERNELS =
      noClasses()
          .that()
          .resideInAPackage("io.ebpf4j.junit.packet")
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.ebpf4j..")
                  .and(resideOutsideOfPackage("io.ebpf4j.junit.packet")));
}

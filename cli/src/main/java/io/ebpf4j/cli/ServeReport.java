package io.ebpf4j.cli;

import io.ebpf4j.ReuseportServer.Member;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/** What the members of a server have got. Used by one thread. */
final class ServeReport implements LiveWatch.Report {
  private static final int BAR = 40;

  private final String object;
  private final String kernel;
  private final String protocol;
  private final InetSocketAddress address;
  private final List<Member> members;
  private final LongSupplier refused;
  private final long begin = System.nanoTime();
  private final long[] before;
  private long beforeNanos = begin;

  ServeReport(
      String object,
      String kernel,
      String protocol,
      InetSocketAddress address,
      List<Member> members,
      LongSupplier refused) {
    this.object = object;
    this.kernel = kernel;
    this.protocol = protocol;
    this.address = address;
    this.members = members;
    this.refused = refused;
    this.before = new long[members.size()];
  }

  @Override
  public String heading() {
    return "serving %s %s:%d on %s, %d members"
        .formatted(
            protocol,
            address.getAddress().getHostAddress(),
            address.getPort(),
            kernel,
            members.size());
  }

  /** A table of the members, with what they got each second since the table before. */
  @Override
  public TextTable table() {
    long now = System.nanoTime();
    double elapsed = Math.max(1, now - beforeNanos) / 1e9;
    long total = total();
    TextTable table =
        new TextTable("member", "received", "share", "per second", "dropped", "distribution");
    for (int i = 0; i < members.size(); i++) {
      long received = members.get(i).received();
      double share = total == 0 ? 0 : (double) received / total;
      table.row(
          Integer.toString(i),
          Long.toString(received),
          String.format(Locale.ROOT, "%.1f%%", 100 * share),
          Long.toString(Math.round((received - before[i]) / elapsed)),
          Long.toString(members.get(i).dropped()),
          "#".repeat((int) Math.round(share * BAR)));
      before[i] = received;
    }
    beforeNanos = now;
    return table;
  }

  private long total() {
    return members.stream().mapToLong(Member::received).sum();
  }

  /** Prints all of it, at the end. */
  void print(List<MapDump> maps, boolean asJson, PrintWriter out) throws IOException {
    double seconds = (System.nanoTime() - begin) / 1e9;
    if (!asJson) {
      java.util.Arrays.fill(before, 0);
      beforeNanos = begin;
      out.println(heading());
      table().print(out);
      out.printf(
          Locale.ROOT,
          "%d received, %d refused, in %.1f s%n",
          total(),
          refused.getAsLong(),
          seconds);
      out.flush();
      return;
    }
    Json.print(
        out,
        json -> {
          json.writeStartObject();
          json.writeStringField("object", object);
          json.writeStringField("kernel", kernel);
          json.writeStringField("protocol", protocol);
          json.writeStringField("address", address.getAddress().getHostAddress());
          json.writeNumberField("port", address.getPort());
          json.writeNumberField("seconds", Math.round(seconds * 1000) / 1000.0);
          json.writeArrayFieldStart("members");
          for (int i = 0; i < members.size(); i++) {
            Member member = members.get(i);
            json.writeStartObject();
            json.writeNumberField("member", i);
            json.writeNumberField("received", member.received());
            json.writeNumberField("dropped", member.dropped());
            json.writeNumberField("failed", member.failed());
            json.writeEndObject();
          }
          json.writeEndArray();
          json.writeNumberField("received", total());
          json.writeNumberField("refused", refused.getAsLong());
          JsonReport.maps(json, maps);
          json.writeEndObject();
        });
  }
}

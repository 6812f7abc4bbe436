import assert from "node:assert/strict";
import { makeMetrics, MAX_SERIES } from "../../src/web/metrics.ts";

Deno.test("metrics: counters, gauges and histograms are written as Prometheus text", () => {
  const metrics = makeMetrics();
  metrics.count("mailden_messages_total", { result: "accepted" });
  metrics.count("mailden_messages_total", { result: "accepted" }, 2);
  metrics.count("mailden_messages_total", { result: "refused" });
  metrics.gauge("mailden_sessions", 3, { service: "imap", tls: "yes" });
  metrics.gauge("mailden_sessions", 2, { tls: "yes", service: "imap" });
  metrics.gauge("mailden_queue_messages", 7);
  metrics.observe("mailden_commit_seconds", 0.0007);
  metrics.observe("mailden_commit_seconds", 0.03);
  metrics.observe("mailden_commit_seconds", 1000);
  assert.equal(
    metrics.text(),
    `# TYPE mailden_commit_seconds histogram
mailden_commit_seconds_bucket{le="0.0005"} 0
mailden_commit_seconds_bucket{le="0.001"} 1
mailden_commit_seconds_bucket{le="0.0025"} 1
mailden_commit_seconds_bucket{le="0.005"} 1
mailden_commit_seconds_bucket{le="0.01"} 1
mailden_commit_seconds_bucket{le="0.025"} 1
mailden_commit_seconds_bucket{le="0.05"} 2
mailden_commit_seconds_bucket{le="0.1"} 2
mailden_commit_seconds_bucket{le="0.25"} 2
mailden_commit_seconds_bucket{le="0.5"} 2
mailden_commit_seconds_bucket{le="1"} 2
mailden_commit_seconds_bucket{le="2.5"} 2
mailden_commit_seconds_bucket{le="5"} 2
mailden_commit_seconds_bucket{le="10"} 2
mailden_commit_seconds_bucket{le="30"} 2
mailden_commit_seconds_bucket{le="60"} 2
mailden_commit_seconds_bucket{le="300"} 2
mailden_commit_seconds_bucket{le="+Inf"} 3
mailden_commit_seconds_sum 1000.0307
mailden_commit_seconds_count 3
# TYPE mailden_messages_total counter
mailden_messages_total{result="accepted"} 3
mailden_messages_total{result="refused"} 1
# TYPE mailden_queue_messages gauge
mailden_queue_messages 7
# TYPE mailden_sessions gauge
mailden_sessions{service="imap",tls="yes"} 2
`,
  );
});

Deno.test("metrics: an empty registry is an empty text", () => {
  assert.equal(makeMetrics().text(), "");
});

Deno.test("metrics: label values are escaped and shortened, so that no value can forge a line", () => {
  const metrics = makeMetrics();
  metrics.count("m_total", { host: 'a"b\\c\nd_total 99' });
  metrics.count("m_total", { host: "x".repeat(10_000) });
  const lines = metrics.text().split("\n");
  assert.equal(lines.length, 4);
  assert.equal(lines[1], 'm_total{host="a\\"b\\\\c\\nd_total 99"} 1');
  assert.ok(lines[2]!.length < 200);
});

Deno.test("metrics: after too many label values the rest shares one series", () => {
  const metrics = makeMetrics();
  for (let i = 0; i < MAX_SERIES + 50; i++) metrics.count("m_total", { domain: `d${i}.example` });
  const text = metrics.text();
  assert.match(text, /^m_total\{domain="other"\} 50$/m);
  assert.match(text, /^mailden_metrics_dropped_total 50$/m);
  assert.equal(text.split("\n").filter((line) => line.startsWith("m_total{")).length, MAX_SERIES + 1);
});

Deno.test("metrics: wrong use never throws and spoils nothing", () => {
  const metrics = makeMetrics();
  metrics.count("good_total");
  metrics.gauge("good_total", 5);
  metrics.observe("good_total", 5);
  metrics.count("good_total", {}, -1);
  metrics.count("good_total", {}, NaN);
  metrics.observe("h_seconds", NaN);
  metrics.count("bad name");
  metrics.count("good_total", { "bad label": "x" });
  assert.equal(
    metrics.text(),
    "# TYPE good_total counter\ngood_total 2\n" +
      "# TYPE mailden_metrics_dropped_total counter\nmailden_metrics_dropped_total 6\n",
  );
});

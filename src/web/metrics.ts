/**
 * The metrics registry, written out in the Prometheus text format (version 0.0.4). Counting must never
 * harm the mail: a wrong name, a changed kind or too many label values never throw, they are dropped or folded together,
 * and counted in `mailden_metrics_dropped_total`.
 */
import type { Labels, Metrics } from "../core/ports.ts";

/** Series of one metric; what comes after shares one series whose label values are all `other`. */
export const MAX_SERIES = 500;
const MAX_METRICS = 1000;
const MAX_LABEL_LENGTH = 128;
const DROPPED = "mailden_metrics_dropped_total";

/** Upper bounds in seconds: from one commit to a slow remote host. */
export const BUCKETS: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
  300,
];

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/;
const NO_LABELS: Labels = {};

type Kind = "counter" | "gauge" | "histogram";

interface Series {
  /** The labels as they are written, without braces. */
  readonly labels: string;
  value: number;
  /** Per bucket, not summed up; empty unless it is a histogram. The last one is +Inf. */
  readonly buckets: number[];
}

interface Family {
  readonly kind: Kind;
  readonly series: Map<string, Series>;
}

export function makeMetrics(): Metrics & { text(): string } {
  const registry = new Registry();
  return {
    count: (name, labels = NO_LABELS, by = 1) => {
      // A counter only grows; a NaN would spoil it for ever.
      const series = by >= 0 ? registry.series(name, "counter", labels) : registry.drop();
      if (series !== null) series.value += by;
    },
    gauge: (name, value, labels = NO_LABELS) => {
      const series = registry.series(name, "gauge", labels);
      if (series !== null) series.value = value;
    },
    observe: (name, seconds, labels = NO_LABELS) => {
      const series = Number.isFinite(seconds) ? registry.series(name, "histogram", labels) : registry.drop();
      if (series === null) return;
      series.value += seconds;
      series.buckets[bucketOf(seconds)]! += 1;
    },
    text: () => registry.text(),
  };
}

class Registry {
  #families = new Map<string, Family>();

  /** The series to change; null when the name is unusable or was of another kind before. */
  series(name: string, kind: Kind, labels: Labels): Series | null {
    const family = this.#family(name, kind);
    if (family === null) return this.drop();
    const key = labels === NO_LABELS ? "" : labelText(labels, (value) => value);
    const known = family.series.get(key);
    if (known !== undefined) return known;
    if (family.series.size < MAX_SERIES) return addSeries(family, key);
    this.drop();
    const folded = labelText(labels, () => "other");
    return family.series.get(folded) ?? addSeries(family, folded);
  }

  /** Notes that something was not counted. */
  drop(): null {
    let family = this.#families.get(DROPPED);
    if (family === undefined) this.#families.set(DROPPED, family = { kind: "counter", series: new Map() });
    (family.series.get("") ?? addSeries(family, "")).value += 1;
    return null;
  }

  text(): string {
    const lines: string[] = [];
    for (const name of [...this.#families.keys()].sort()) {
      const family = this.#families.get(name)!;
      lines.push(`# TYPE ${name} ${family.kind}`);
      for (const key of [...family.series.keys()].sort()) {
        writeSeries(lines, name, family.kind, family.series.get(key)!);
      }
    }
    return lines.length === 0 ? "" : lines.join("\n") + "\n";
  }

  #family(name: string, kind: Kind): Family | null {
    const known = this.#families.get(name);
    if (known !== undefined) return known.kind === kind ? known : null;
    if (!METRIC_NAME.test(name) || this.#families.size >= MAX_METRICS) return null;
    const family: Family = { kind, series: new Map() };
    this.#families.set(name, family);
    return family;
  }
}

function addSeries(family: Family, key: string): Series {
  const buckets = family.kind === "histogram" ? new Array<number>(BUCKETS.length + 1).fill(0) : [];
  const series: Series = { labels: key, value: 0, buckets };
  family.series.set(key, series);
  return series;
}

function bucketOf(seconds: number): number {
  const index = BUCKETS.findIndex((bound) => seconds <= bound);
  return index < 0 ? BUCKETS.length : index;
}

/** `a="x",b="y"`, sorted, so that the same labels in another order are the same series. */
function labelText(labels: Labels, valueOf: (value: string) => string): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(labels)) {
    if (LABEL_NAME.test(name)) pairs.push(`${name}="${escapeLabel(valueOf(String(value)))}"`);
  }
  return pairs.sort().join(",");
}

function escapeLabel(value: string): string {
  const short = value.length > MAX_LABEL_LENGTH ? value.slice(0, MAX_LABEL_LENGTH) : value;
  return short.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function writeSeries(lines: string[], name: string, kind: Kind, series: Series): void {
  const braces = series.labels === "" ? "" : `{${series.labels}}`;
  if (kind !== "histogram") {
    lines.push(`${name}${braces} ${formatNumber(series.value)}`);
    return;
  }
  const before = series.labels === "" ? "" : `${series.labels},`;
  let sum = 0;
  series.buckets.forEach((count, index) => {
    sum += count;
    lines.push(`${name}_bucket{${before}le="${formatNumber(BUCKETS[index] ?? Infinity)}"} ${sum}`);
  });
  lines.push(`${name}_sum${braces} ${formatNumber(series.value)}`, `${name}_count${braces} ${sum}`);
}

function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

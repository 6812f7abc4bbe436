/** Figures as a table for people. */
import type { Figure } from "./bench.ts";

const COLUMNS = [52, 26, 14, 34];

export function tableHead(): string {
  return line("row", "figure", "value", "beside it") + "aim\n" + "-".repeat(140);
}

export function tableRow(figure: Figure): string {
  const { aim } = figure;
  const aimText = aim === undefined ? "" : `${aim.text}: ${aim.reached ? "reached" : "NOT REACHED"}`;
  return line(figure.row, figure.name, `${rounded(figure.value)} ${figure.unit}`, besideText(figure)) +
    aimText;
}

function besideText({ ratio, beside, unit }: Figure): string {
  if (beside !== undefined) {
    return `${beside.name} ${rounded(beside.value)} ${unit}: ${beside.factor.toFixed(2)} x`;
  }
  if (ratio === undefined) return "";
  return `${rounded(ratio.value)} x ${ratio.to === "loopbackMegabytes" ? "loopback" : "fdatasync"}`;
}

function line(...cells: readonly string[]): string {
  return cells.map((cell, i) => i === 2 ? `${cell.padStart(COLUMNS[i]!)}   ` : cell.padEnd(COLUMNS[i]!)).join(
    "",
  );
}

function rounded(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : value.toFixed(3);
}

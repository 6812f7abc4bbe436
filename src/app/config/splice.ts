/**
 * Changes of a block map in the text itself, so that nothing but the lines of one entry changes: to write the document
 * anew would move comments and spaces about. What is not a plain block map gives null, and the caller writes it anew.
 */
import { isMap, isNode, isScalar, type Pair, stringify, type YAMLMap } from "yaml";

/** The text with `key: entry` as the last item of the map. */
export function spliceIn(
  content: string,
  map: YAMLMap,
  { key, entry }: { readonly key: string; readonly entry: Readonly<Record<string, string>> },
): string | null {
  const last = map.items.at(-1);
  const first = map.items[0];
  if (map.flow || last === undefined || first === undefined || !isNode(first.key)) return null;
  const start = first.key.range?.[0];
  const end = endOf(content, last);
  if (start === undefined || end === null) return null;
  const indent = content.slice(lineStart(content, start), start);
  if (!/^ *$/.test(indent)) return null;
  const newline = content.includes("\r\n") ? "\r\n" : "\n";
  const lines = [`${indent}${plain(key)}:${Object.keys(entry).length === 0 ? " {}" : ""}`];
  for (const [name, value] of Object.entries(entry)) lines.push(`${indent}  ${name}: ${plain(value)}`);
  const before = content.slice(0, end);
  const separator = before === "" || before.endsWith("\n") ? "" : newline;
  return before + separator + lines.join(newline) + newline + content.slice(end);
}

/** The text without the lines of the item. */
export function spliceOut(content: string, map: YAMLMap, item: Pair): string | null {
  if (map.flow || !isNode(item.key)) return null;
  const start = item.key.range?.[0];
  const end = endOf(content, item);
  if (start === undefined || end === null) return null;
  const from = lineStart(content, start);
  return /^ *$/.test(content.slice(from, start)) ? content.slice(0, from) + content.slice(end) : null;
}

/** Where the line after the item begins. */
function endOf(content: string, { key, value }: Pair): number | null {
  const end = deepEnd(value) ?? deepEnd(key);
  if (end === undefined) return null;
  if (content[end - 1] === "\n") return end;
  const newline = content.indexOf("\n", end);
  return newline < 0 ? content.length : newline + 1;
}

/** The end of the last thing within: a block map's own range takes in the blank lines and comments after it. */
function deepEnd(node: unknown): number | undefined {
  if (isMap(node) && !node.flow && node.items.length > 0) {
    const last = node.items.at(-1)!;
    return deepEnd(last.value) ?? deepEnd(last.key);
  }
  // A value that is left out has no place of its own.
  if (isScalar(node) && node.source === "") return undefined;
  return isNode(node) ? node.range?.[1] : undefined;
}

function lineStart(content: string, offset: number): number {
  return content.lastIndexOf("\n", offset - 1) + 1;
}

function plain(value: string): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

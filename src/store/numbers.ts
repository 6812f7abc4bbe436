/** The numbers of several arrays in one. */
export function concatNumbers(parts: readonly Iterable<number>[]): number[] {
  const all: number[] = [];
  for (const part of parts) for (const value of part) all.push(value);
  return all;
}

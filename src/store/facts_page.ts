/** How many facts a list holds when its caller does not say. */
export const DEFAULT_FACTS = 1000;

/** What a counter holds; a text that is no number counts as nothing. */
export function counterValue(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) ? value : 0;
}

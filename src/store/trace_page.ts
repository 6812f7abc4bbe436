import type { TracePage } from "./mod.ts";

/** How many events of a message, or of a session, an answer holds when its caller does not say. */
const DEFAULT_PAGE = 1000;
/** How many events a search by address or Message-ID finds when its caller does not say. */
export const DEFAULT_FINDS = 100;

export function tracePage(page: TracePage | undefined): { readonly offset: number; readonly limit: number } {
  return { offset: page?.offset ?? 0, limit: page?.limit ?? DEFAULT_PAGE };
}

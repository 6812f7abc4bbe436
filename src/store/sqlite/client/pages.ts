import type { UidRanges } from "../../mod.ts";
import { rangesFrom } from "../../ranges.ts";
import type { Page } from "../protocol.ts";

/** Walks through pages, asking for the next one before the last is handed out; at most one waits. */
export async function* pagesOf<T>(
  uids: UidRanges,
  fetch: (uids: UidRanges) => Promise<Page<T>>,
): AsyncGenerator<T, void> {
  let rest = uids;
  let coming: Promise<Page<T>> | null = fetch(rest);
  while (coming !== null) {
    const page: Page<T> = await coming;
    coming = null;
    if (page.nextUid !== null) {
      rest = rangesFrom(rest, page.nextUid);
      coming = fetch(rest);
      // A caller that stops here must not leave a rejection that nobody sees.
      coming.catch(() => {});
    }
    yield page.rows;
  }
}

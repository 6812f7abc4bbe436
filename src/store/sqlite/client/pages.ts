import type { UidRanges } from "../../mod.ts";
import { rangesFrom } from "../../ranges.ts";
import type { Page } from "../protocol.ts";

/** Ranges that are sent with one request, so that a hundred thousand of them do not go along with each. */
const MOST_RANGES = 1000;

/** Walks through pages, asking for the next one before the last is handed out; at most one waits. */
export async function* pagesOf<T>(
  uids: UidRanges,
  fetch: (uids: UidRanges) => Promise<Page<T>>,
): AsyncGenerator<T, void> {
  let rest = uids;
  let coming: Promise<Page<T>> | null = fetch(rest.slice(0, MOST_RANGES));
  while (coming !== null) {
    const page: Page<T> = await coming;
    coming = null;
    rest = page.nextUid === null ? rest.slice(MOST_RANGES) : rangesFrom(rest, page.nextUid);
    if (rest.length > 0) {
      coming = fetch(rest.slice(0, MOST_RANGES));
      // A caller that stops here must not leave a rejection that nobody sees.
      coming.catch(() => {});
    }
    yield page.rows;
  }
}

/**
 * The filter: what an account's Sieve scripts, the administrator's around them, and its away note make of a message. The door asks
 * through the port in `core/filter.ts`; the language itself is in `delivery/sieve`.
 *
 * - Nothing is lost by a script: whatever goes wrong ends with the message in INBOX, and its owner is told once a day.
 * - `decide.ts` turns actions into mailboxes; the door redirects and stores, in this order. What comes after (answers, notices,
 *   marks) is done when the message is on disk, by `filter.ts`; a crash before it loses it. An answer and the mark that it was given
 *   are one commit.
 * - What is sent goes through the one door again, from the null sender, so that nothing of ours is answered or bounced.
 *   `auto_reply.ts` says who may be answered.
 */
import type { Filter } from "../../core/filter.ts";
import type { FilterDeps } from "./deps.ts";
import { SieveFilter } from "./filter.ts";

export {
  type FilterAccount,
  type FilterAccounts,
  type FilterDeps,
  type GlobalScripts,
  NO_GLOBAL_SCRIPTS,
} from "./deps.ts";
export {
  defaultFilterLimits,
  defaultFilterSettings,
  type FilterLimits,
  type FilterSettings,
} from "./limits.ts";
export { readLists } from "./lists.ts";
export { noticeText } from "./post.ts";
export { SeenMailboxes, sightFrom, sightOf, type SightSnapshot, takeSnapshot } from "./sight.ts";

export function makeFilter(deps: FilterDeps): Filter {
  return new SieveFilter(deps);
}

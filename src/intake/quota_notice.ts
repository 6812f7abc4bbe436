import type { Live, Log } from "../core/ports.ts";
import type { Store, Usage } from "../store/mod.ts";
import { BoundedMap } from "./bounded_map.ts";
import type { DeliverySettings } from "./delivery_settings.ts";
import type { AccountInfo } from "./directory.ts";
import { type OwnLetterDeps, sendOwnLetter } from "./own_letter.ts";
import type { QuotaState } from "./quota.ts";

export interface QuotaWatchDeps extends OwnLetterDeps {
  readonly store: Pick<Store, "accounts" | "facts">;
  readonly settings: Live<DeliverySettings>;
  readonly log: Log;
}

const SPACE = "quota-warning";
/** So long a warning is remembered if nothing is delivered in the meantime. */
const REMEMBER_MS = 400 * 24 * 60 * 60 * 1000;
const CACHED = 10_000;

/** What an account was told last. */
interface Told {
  /** The highest mark, in per cent; 0 for none. */
  readonly mark: number;
  /** When, as `moment` counts. */
  readonly at: number;
}

/**
 * Warns an account when a delivery takes it past one of the marks, once for each mark, and again only after it was below it.
 * What has been said is kept across restarts.
 */
export class QuotaWatch {
  readonly #deps: QuotaWatchDeps;
  readonly #told = new BoundedMap<Told>();
  #moment = 0;

  constructor(deps: QuotaWatchDeps) {
    this.#deps = deps;
  }

  /** To be asked for before a state is read: so it is known whether a warning came in between. */
  get moment(): number {
    return this.#moment;
  }

  /** A message has been delivered to an account that was in this state at this moment. Never throws. */
  async delivered({ info, used }: QuotaState, moment: number): Promise<void> {
    try {
      const [after, stored] = await Promise.all([
        this.#deps.store.accounts.usage(info.name),
        this.#told.get(info.name) === undefined ? this.#deps.store.facts.get(SPACE, info.name) : null,
      ]);
      // From here to `set` nobody else has a turn, so that of many deliveries at once one warns.
      const told = this.#told.get(info.name) ?? { mark: Number(stored?.value ?? 0), at: -1 };
      // Whoever has tidied up since is warned anew. What was read before the last warning says nothing of that.
      const known = moment >= told.at ? Math.min(told.mark, this.#markOf(info, used)) : told.mark;
      const mark = this.#markOf(info, after);
      const at = mark > known ? ++this.#moment : told.at;
      this.#told.set(info.name, { mark, at }, CACHED);
      if (mark > known) await this.#warn(info, { used: after, mark });
      else if (mark !== told.mark) await this.#remember(info.name, mark);
    } catch (error) {
      this.#told.delete(info.name);
      this.#deps.log.warn("quota-warning-failed", { account: info.name, error: String(error) });
    }
  }

  async #remember(account: string, mark: number): Promise<void> {
    const { facts } = this.#deps.store;
    if (mark === 0) return await facts.remove(SPACE, account);
    await facts.put(SPACE, this.#fact(account, mark));
  }

  #fact(account: string, mark: number) {
    return { key: account, value: String(mark), expiresAt: this.#deps.clock.now() + REMEMBER_MS };
  }

  /** The highest mark that has been reached; 0 for none. */
  #markOf(info: AccountInfo, used: Usage): number {
    const percent = percentOf(info, used);
    return Math.max(0, ...this.#deps.settings.current.quotaWarnings.filter((mark) => mark <= percent));
  }

  /** The letter and the mark are one commit, so that a crash neither loses nor repeats it. */
  async #warn(
    info: AccountInfo,
    { used, mark }: { readonly used: Usage; readonly mark: number },
  ): Promise<void> {
    const percent = Math.floor(percentOf(info, used));
    await sendOwnLetter({
      to: info.address,
      subject: `Your mailbox is ${percent} % full`,
      text: textFor(info, used),
      facts: [{ space: SPACE, ...this.#fact(info.name, mark) }],
    }, this.#deps);
    this.#deps.log.info("quota-warning", { account: info.name, percent });
  }
}

function percentOf({ quota, quotaMessages = null }: AccountInfo, { bytes, messages }: Usage): number {
  const share = (used: number, limit: number | null) => limit === null ? 0 : 100 * used / Math.max(1, limit);
  return Math.max(share(bytes, quota), share(messages, quotaMessages));
}

function textFor({ quota, quotaMessages = null }: AccountInfo, used: Usage): string {
  const lines = [
    ...quota === null ? [] : [`  ${mib(used.bytes)} of ${mib(quota)} MiB`],
    ...quotaMessages === null ? [] : [`  ${used.messages} of ${quotaMessages} messages`],
  ];
  return `Your mailbox holds

${lines.join("\n")}

When it is full, new mail is refused: its senders are told to try again later, and
after some days that it failed. Delete what you no longer need, above all large
messages, and empty the Trash; or ask your postmaster for more room.
`;
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

/**
 * The intake room: the one door through which every message comes in, whoever brings it (DESIGN.md section 3).
 *
 * What it promises:
 * - What can be refused is refused before the final reply, so the sender's own server makes the bounce.
 * - When `submit` resolves, the message is durable for all its recipients, local and remote, by one commit. When it
 *   throws, nothing was stored; either way the stream has been read to its end unless the stream itself broke.
 * - No open relay: other domains are reached by an account or by our own rooms only.
 * - The decision is a list of small checks (`checks/`) that return verdicts; only `pipeline.ts` acts on them.
 *
 * `directory.ts` knows whose mail this is, `stamp.ts` writes the trace fields, `authenticator.ts` checks passwords.
 *
 * @module
 */
import { formatAddress } from "../core/address.ts";
import { Refusal } from "../core/errors.ts";
import type { Clock, Live, Log, Metrics, Random } from "../core/ports.ts";
import type { Store } from "../store/mod.ts";
import { judgeSender } from "./checks/sender.ts";
import type { Directory } from "./directory.ts";
import type { Door } from "./door.ts";
import type { IntakeLimits } from "./limits.ts";
import { Pipeline } from "./pipeline.ts";
import { findFullAccount } from "./quota.ts";
import { routeRecipient } from "./recipients.ts";

export { type AuthLimits, defaultAuthLimits, makeAuthenticator } from "./authenticator.ts";
export {
  type AccountInfo,
  type AccountSpec,
  type Directory,
  DirectoryError,
  type DirectorySpec,
  type DomainSpec,
  makeDirectory,
} from "./directory.ts";
export type { Door, Visitor } from "./door.ts";
export { defaultIntakeLimits, type IntakeLimits } from "./limits.ts";

export interface DoorDeps {
  readonly store: Store;
  readonly directory: Live<Directory>;
  /** The name of this server, for Received and Message-ID. */
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<IntakeLimits>;
}

export function makeDoor(deps: DoorDeps): Door {
  return {
    checkSender(sender, visitor) {
      const verdict = judgeSender(deps.directory.current, visitor.account, sender);
      if (verdict.kind === "refuse") throw new Refusal(verdict.reply, verdict.reason ?? null);
    },

    async checkRecipient(recipient, _sender, visitor) {
      const directory = deps.directory.current;
      const route = routeRecipient(recipient, {
        directory,
        hostname: deps.hostname,
        mayRelay: visitor.account !== null,
      });
      if (route.kind === "refuse") throw new Refusal(route.reply, formatAddress(recipient));
      const full = await findFullAccount(deps.store, directory, route.accounts);
      if (full !== null) throw Refusal.of(452, "4.2.2", "Mailbox full, try again later", full);
    },

    submit: (envelope, message, context) => new Pipeline(deps, envelope, context).run(message),
  };
}

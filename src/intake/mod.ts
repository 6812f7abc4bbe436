/**
 * The intake room: the one door through which every message comes in, whoever brings it (DESIGN.md section 3).
 *
 * What it promises:
 * - What can be refused is refused before the final reply, so the sender's own server makes the bounce.
 * - When `submit` resolves, the message is durable for all its recipients, local and remote, by one commit. When it
 *   throws, nothing was stored; either way the stream has been read to its end unless the stream itself broke.
 * - No open relay: other domains are reached by an account or by our own rooms only; an account writes in its own name
 *   and to so many recipients a day (`sending_caps.ts`).
 * - The decision is a list of small checks (`checks/`) that return verdicts; only `pipeline.ts` acts on them.
 *
 * The steps of a message, in `pipeline.ts`, and what a crash leaves behind it, when the sender has no 250 and tries again:
 *
 * | step                                                            | killed after it                              |
 * |-----------------------------------------------------------------|----------------------------------------------|
 * | judge the envelope, collect the message, judge it               | nothing                                      |
 * | `settle.ts`: who gets it (loops, spam, room, duplicates)        | nothing                                      |
 * | `filtering.ts`: what the accounts' rules say                    | nothing                                      |
 * | `onward.ts`: redirects, and forwards that go apart              | they are queued, and may go out twice        |
 * | `handover.ts`: one commit, of all mailboxes, queue and marks    | all is there, and may be there twice         |
 * | `reports.ts`, quota letters, answers and notices of the rules   | some of these are missing or done, never lost mail |
 *
 * `directory.ts` knows whose mail this is, `forward.ts` and `srs.ts` under whose name it leaves again, `stamp.ts` writes the
 * trace fields, `authenticator.ts` checks passwords.
 *
 * @module
 */
import { type Address, formatAddress, type ReversePath } from "../core/address.ts";
import { Refusal } from "../core/errors.ts";
import type { Filter } from "../core/filter.ts";
import type { Clock, Live, Log, Metrics, Random } from "../core/ports.ts";
import type { Store } from "../store/mod.ts";
import { sendCapsNotice } from "./caps_notice.ts";
import { CANNOT_HOLD } from "./checks/hold.ts";
import { judgeSender } from "./checks/sender.ts";
import { defaultDeliverySettings, type DeliverySettings } from "./delivery_settings.ts";
import type { Directory } from "./directory.ts";
import type { Door } from "./door.ts";
import type { IntakeLimits } from "./limits.ts";
import { makePipeline } from "./pipeline.ts";
import { leastSize, quotaStates, refusalOfAll } from "./quota.ts";
import { routeRecipient } from "./recipients.ts";
import { SendingCaps } from "./sending_caps.ts";
import type { Srs } from "./srs.ts";
import { defaultSubmissionSettings, type SubmissionSettings } from "./submission_settings.ts";

export {
  type Authenticators,
  type AuthLimits,
  defaultAuthLimits,
  makeAuthenticator,
  makeAuthenticators,
} from "./authenticator.ts";
export { defaultDeliverySettings, type DeliverySettings } from "./delivery_settings.ts";
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
export {
  beginSasl,
  type LogInStep,
  type SaslClient,
  type SaslDeps,
  type SaslLogIn,
  saslMechanisms,
} from "./sasl_log_in.ts";
export { openScramSecret } from "./scram_authenticator.ts";
export { openSrs, type Srs } from "./srs.ts";
export { defaultSubmissionSettings, type SubmissionSettings } from "./submission_settings.ts";

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
  /** What our own users may send; the defaults when missing. */
  readonly submission?: Live<SubmissionSettings>;
  /** Which recipients of a new message an operator wants held in the queue; null for none. */
  readonly holds?: (sender: ReversePath, recipients: readonly Address[]) => readonly boolean[] | null;
  /** The accounts' own rules (Sieve). */
  readonly filter?: Filter;
  /** The defaults when missing. */
  readonly delivery?: Live<DeliverySettings>;
  /** Without it what is forwarded keeps its sender. */
  readonly srs?: Srs;
}

export function makeDoor(deps: DoorDeps): Door {
  const delivery = deps.delivery ?? { current: defaultDeliverySettings };
  const submission = deps.submission ?? { current: defaultSubmissionSettings };
  const submit = makePipeline({ ...deps, delivery, submission });
  const caps = new SendingCaps({
    ...deps,
    facts: deps.store.facts,
    settings: submission,
    notify: (hit) => void sendCapsNotice({ ...deps, submit }, hit),
  });
  return {
    checkSender(sender, visitor) {
      const verdict = judgeSender(deps.directory.current, visitor.account, sender);
      if (verdict.kind === "refuse") throw new Refusal(verdict.reply, verdict.reason ?? null);
    },

    async checkRecipient(recipient, sender, visitor) {
      const directory = deps.directory.current;
      const route = routeRecipient(recipient, {
        directory,
        hostname: deps.hostname,
        sender,
        mayRelay: visitor.account !== null,
        routed: visitor.routed === true,
        ...(deps.srs === undefined ? {} : { srs: { scheme: deps.srs, days: delivery.current.srsDays } }),
      });
      if (route.kind === "refuse") throw new Refusal(route.reply, formatAddress(recipient));
      if (visitor.holds === true && route.accounts.length > 0) {
        throw new Refusal(CANNOT_HOLD, formatAddress(recipient));
      }
      const { accounts } = route;
      const states = await quotaStates(deps.store, directory, { accounts, size: () => leastSize(visitor) });
      // As long as one member of a list has room, the others do not keep the message from it.
      const full = accounts.length === 0 || route.remote.length > 0 ? null : refusalOfAll(accounts, states);
      if (full !== null) throw new Refusal(full, accounts.join(", "));
      if (visitor.account !== null && !directory.ownsDomain(recipient.domain)) {
        await caps.admit(visitor.account, recipient);
      }
    },

    submit,
  };
}

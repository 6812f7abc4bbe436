import { needsSmtpUtf8 } from "../../core/address.ts";
import { makeId } from "../../core/id.ts";
import type { Clock, Random, Submit } from "../../core/ports.ts";
import { readHeader, writeReport } from "../../queue/mod.ts";
import type { PickupFailure } from "./pickup.ts";

export interface FailureReportDeps {
  readonly submit: Submit;
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  /** How much of the original header a report carries. */
  readonly headerSize: () => number;
}

/** Tells the sender of a dropped message about recipients that the door refused: nobody else waits for its answer. */
export function makeFailureReporter(deps: FailureReportDeps): (failure: PickupFailure) => Promise<void> {
  return async ({ id, envelope: { sender }, outcomes, message }) => {
    if (sender === null) return;
    const report = makeId(deps.clock, deps.random);
    const now = deps.clock.now();
    const bytes = writeReport({
      kind: "failed",
      id: report,
      originalId: id,
      hostname: deps.hostname,
      now,
      sender,
      arrivedAt: now,
      giveUpAt: now,
      recipients: outcomes.map(({ recipient, reply, host }) => ({
        address: recipient,
        reply,
        host,
        expired: false,
      })),
      header: await readHeader(message, deps.headerSize()),
    });
    await deps.submit(
      { sender: null, recipients: [sender], smtputf8: needsSmtpUtf8(sender), eightBit: false },
      [bytes],
      {
        id: report,
        sessionId: id,
        origin: "report",
        protocol: "",
        client: null,
        account: null,
        tls: null,
        about: id,
      },
    );
  };
}

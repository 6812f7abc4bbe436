import { formatAddress } from "../../core/address.ts";
import type { QueuedMessage } from "../../store/mod.ts";

const HEAD = "-Queue ID-            --Size-- ----Arrival Time---- -Sender/Recipient-------";
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** The queue as scripts know it from Postfix: `!` behind an id is held, `*` means that it has not been tried yet. */
export class MailqText {
  #messages = 0;
  #bytes = 0;

  lines(message: QueuedMessage): string[] {
    const { id, size, queuedAt, sender, recipients } = message;
    const mark = recipients.every(({ held }) => held) ? "!" : recipients.every(isFresh) ? "*" : " ";
    const from = sender === null ? "MAILER-DAEMON" : formatAddress(sender);
    const lines = this.#messages === 0 ? [HEAD] : [];
    this.#messages++;
    this.#bytes += size;
    lines.push(`${(id + mark).padEnd(21)} ${String(size).padStart(8)} ${arrival(queuedAt)}  ${from}`);
    let reason: string | null = null;
    for (const { address, lastReply, lastHost } of recipients) {
      const said = lastReply === null
        ? null
        : lastHost === null
        ? lastReply
        : `host ${lastHost} said: ${lastReply}`;
      if (said !== null && said !== reason) lines.push(`(${said})`.padStart(78));
      reason = said;
      lines.push(`${" ".repeat(53)}${formatAddress(address)}`);
    }
    return [...lines, ""];
  }

  summary(): string[] {
    if (this.#messages === 0) return ["Mail queue is empty"];
    const requests = `${this.#messages} Request${this.#messages === 1 ? "" : "s"}`;
    return [`-- ${Math.ceil(this.#bytes / 1024)} Kbytes in ${requests}.`];
  }
}

function isFresh({ attempts, lastReply }: QueuedMessage["recipients"][number]): boolean {
  return attempts === 0 && lastReply === null;
}

/** As in `Thu Jan  1 00:00:00`, in UTC. */
function arrival(at: number): string {
  const date = new Date(at);
  const day = String(date.getUTCDate()).padStart(2);
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 19)}`;
}

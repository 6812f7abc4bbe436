/** One sentence for each event, and below it what the other server said. */
import type { TraceEvent } from "../../store/mod.ts";
import { formatSize } from "../config/units.ts";
import { addresses, listOf, numberOf, textOf, timeText } from "./fields.ts";

interface Sentence {
  readonly text: string;
  /** Somebody's own words, with who said them. */
  readonly quote?: string | null;
}

type Teller = (event: TraceEvent) => Sentence;

const INDENT = " ".repeat(22);

/** The lines of an event: its time and its sentence, then the words that were said. */
export function eventLines(event: TraceEvent): string[] {
  const { text, quote } = (TELLERS[event.event] ?? otherwise)(event);
  const quoted = quote === undefined || quote === null ? [] : quote.split("\n");
  return [`${timeText(event.at)}  ${text}.`, ...quoted.map((line) => `${INDENT}${line}`)];
}

const TELLERS: Readonly<Record<string, Teller>> = {
  "session-begin": (event) => {
    const tls = textOf(event, "tls");
    const how = tls === null ? "" : `, encrypted with ${tls}`;
    return { text: `${textOf(event, "client")} connected to the ${textOf(event, "service")} port${how}` };
  },
  "tls-begin": (event) => {
    const cipher = textOf(event, "cipher");
    return {
      text: `The connection was encrypted with ${textOf(event, "version")}${
        cipher === null ? "" : ` (${cipher})`
      }`,
    };
  },
  "auth-ok": (event) => ({ text: `It logged in as ${textOf(event, "account")}` }),
  "message-accepted": accepted,
  "message-refused": refused,
  "intake-refused": (event) => ({
    text: `The message from <${textOf(event, "from") ?? ""}> was refused by the check "${
      textOf(event, "check")
    }"`,
    quote: ours(event),
  }),
  "delivery-attempt": (event) => {
    const line = event.fields["reused"] === true ? "the open connection" : "a connection";
    return { text: `Sending to ${hostOf(event)} over ${line}, ${encryption(event)}` };
  },
  "delivery-host-failed": (event) => ({
    text: `${textOf(event, "host")} could not be used`,
    quote: textOf(event, "reply"),
  }),
  "delivery-result": result,
  "tls-fallback": (event) => ({
    text: `Encryption with ${hostOf(event)} failed, so the message goes without`,
    quote: textOf(event, "error"),
  }),
  "delivery-fallback": (event) => ({
    text: `The host of ${textOf(event, "domain")} refused us, so it goes by the relay ${
      textOf(event, "relay")
    }`,
    quote: textOf(event, "reply"),
  }),
  "message-bounced": (event) => told(event, "that it could not be delivered to"),
  "message-delayed": (event) => told(event, "that it is late for"),
  "success-reported": (event) => told(event, "as it was asked, that it was delivered to"),
  "report-failed": (event) => ({
    text: `A report to <${textOf(event, "from") ?? ""}> could not be made`,
    quote: textOf(event, "reason"),
  }),
  "queue-flushed": (event) => ({ text: `An operator made it due at once (${recipients(event)})` }),
  "queue-held": (event) => ({ text: `An operator put it on hold (${recipients(event)})` }),
  "queue-released": (event) => ({ text: `An operator released it (${recipients(event)})` }),
  "queue-dropped": () => ({ text: "An operator took it out of the queue, without a report" }),
  "maildrop-entry": (event) => ({
    text: `A program of this machine gave it to sendmail${
      numberOf(event, "uid") === null ? "" : ` (user ${numberOf(event, "uid")})`
    }`,
  }),
  "maildrop-deferred": (event) => ({
    text: "It could not be taken from the maildrop yet",
    quote: textOf(event, "error"),
  }),
  "delivery-error": wentWrong,
  "settle-failed": wentWrong,
  "session-error": wentWrong,
  "message-filtered": filtered,
  "redirect-failed": (event) => ({
    text: `It could not be sent on to <${textOf(event, "to")}>, so ${textOf(event, "account")} keeps it`,
    quote: textOf(event, "reply"),
  }),
  "vacation-sent": (event) => answered(event, "was told that the owner is away"),
  "vacation-silent": (event) => ({
    text: `Nobody was told that ${textOf(event, "account")} is away`,
    quote: textOf(event, "reason"),
  }),
  "notice-sent": (event) => answered(event, "got a notice, as the filter wants"),
  "sieve-problem": (event) => ({
    text: `The filter of ${textOf(event, "account")} had a problem`,
    quote: textOf(event, "problem"),
  }),
  "sieve-owner-told": (event) => answered(event, "was told of the problem"),
  "message-retrieved": (event) => ({
    text: `Fetched from ${textOf(event, "host")} for ${textOf(event, "account")}, where it is number ${
      textOf(event, "uid")
    }`,
  }),
  "connection-lost": () => ({ text: "The client's connection was lost" }),
};

function accepted(event: TraceEvent): Sentence {
  const size = numberOf(event, "size");
  const details = [
    size === null ? null : formatSize(size),
    textOf(event, "messageId") === null ? null : `Message-ID ${textOf(event, "messageId")}`,
  ].filter((part) => part !== null);
  const local = listOf(event, "local");
  const remote = listOf(event, "remote");
  const places = [
    ...(local.length > 0 ? [`put into the mailbox of ${addresses(local)}`] : []),
    ...(remote.length > 0 ? [`put into the queue for ${addresses(remote)}`] : []),
  ];
  const ways = `for ${addresses(listOf(event, "recipients"))}`;
  const about = textOf(event, "about");
  const begin = textOf(event, "origin") === "report"
    ? `Made here, a report ${ways}${about === null ? "" : ` about message ${about}`}`
    : `Accepted from <${textOf(event, "from") ?? ""}> ${ways}${
      about === null ? "" : `, sent on from ${about}`
    }`;
  const inBrackets = details.length === 0 ? "" : ` (${details.join(", ")})`;
  return { text: `${begin}${inBrackets}${places.length === 0 ? "" : `, ${places.join(" and ")}`}` };
}

function filtered(event: TraceEvent): Sentence {
  const reply = textOf(event, "refused");
  const mailboxes = listOf(event, "mailboxes");
  const redirects = listOf(event, "redirects");
  const does = [
    ...(reply === null ? [] : ["refuses it"]),
    ...(mailboxes.length > 0 ? [`puts it into ${mailboxes.join(", ")}`] : []),
    ...(redirects.length > 0 ? [`sends it on to ${addresses(redirects)}`] : []),
  ];
  const what = does.length === 0 ? "throws it away" : does.join(" and ");
  return { text: `The filter of ${textOf(event, "account")} ${what}`, quote: reply };
}

function answered(event: TraceEvent, what: string): Sentence {
  return { text: `<${textOf(event, "to")}> ${what}, by message ${textOf(event, "answer")}` };
}

function refused(event: TraceEvent): Sentence {
  const command = textOf(event, "command") ?? "";
  const address = /^(MAIL|RCPT) [^<]{0,20}<([^>]*)>/i.exec(command);
  const what = address === null
    ? "The message was"
    : address[1]!.toUpperCase() === "RCPT"
    ? `The recipient <${address[2]}> was`
    : `The sender <${address[2]}> was`;
  const client = textOf(event, "client");
  return { text: `${what} refused${client === null ? "" : ` to ${client}`}`, quote: ours(event) };
}

function result(event: TraceEvent): Sentence {
  const to = `<${textOf(event, "recipient") ?? ""}>`;
  const host = textOf(event, "host");
  const reply = textOf(event, "reply");
  const next = textOf(event, "next");
  const quote = host === null ? reply : `${host} said: ${reply}`;
  if (textOf(event, "result") === "relayed") {
    return { text: `Delivered to ${to}: ${host ?? "the next host"} took it`, quote };
  }
  const after = next === null ? "" : `; the next attempt is due at ${timeText(Date.parse(next))}`;
  if (textOf(event, "verdict") === "expired") {
    return { text: `Given up for ${to} after too long a time`, quote };
  }
  const how = textOf(event, "result") === "failed" ? "Refused for good" : "Not taken yet";
  return { text: `${how} for ${to}${after}`, quote };
}

function told(event: TraceEvent, what: string): Sentence {
  const report = textOf(event, "report");
  const from = textOf(event, "from") ?? "";
  const words = `${what} ${addresses(listOf(event, "recipients"))}`;
  if (report !== null) return { text: `The sender <${from}> was told ${words}, by message ${report}` };
  const why = from === "" ? "the message names no sender" : "the sender did not want it";
  return { text: `Nobody was told ${words}: ${why}` };
}

function encryption(event: TraceEvent): string {
  const tls = textOf(event, "tls");
  if (tls === null) return "not encrypted";
  const verified = textOf(event, "verified");
  const proof = verified === null
    ? ""
    : ` and its certificate proved${verified === "dane" ? " by DANE" : ""}`;
  return `encrypted with ${tls}${proof}`;
}

function wentWrong(event: TraceEvent): Sentence {
  const error = textOf(event, "error");
  return { text: "Something went wrong here; the log says more", quote: error?.split("\n")[0] ?? null };
}

/** What this server said, and the reason that the client was not told. */
function ours(event: TraceEvent): string | null {
  const reply = textOf(event, "reply");
  const reason = textOf(event, "reason");
  if (reply === null) return reason;
  return `This server said: ${reply}${reason === null ? "" : `\nThe reason: ${reason}`}`;
}

function hostOf(event: TraceEvent): string {
  const host = textOf(event, "host") ?? "";
  const address = textOf(event, "address");
  const port = numberOf(event, "port");
  const where = address === null || host.includes(address) ? host : `${host} [${address}]`;
  return port === null || port === 25 ? where : `${where} port ${port}`;
}

function recipients(event: TraceEvent): string {
  const count = numberOf(event, "recipients") ?? 0;
  return count === 1 ? "1 recipient" : `${count} recipients`;
}

/** An event that this version has no sentence for: as it stands in the log. */
function otherwise({ event, fields }: TraceEvent): Sentence {
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" ") : value}`);
  const words = event.replaceAll("-", " ");
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  return { text: parts.length === 0 ? sentence : `${sentence}: ${parts.join(", ")}` };
}

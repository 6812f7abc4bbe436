import { formatAddress } from "../core/address.ts";
import { decodeWords, formatDate, headerFields } from "../wire/mime/mod.ts";
import type { ReportedRecipient, ReportInput } from "./report.ts";

const REPLY_LINES = 20;
const LINE_LENGTH = 300;

/** The part for the person who sent the message: what happened, to whom, in whose words, and what to do. Lines end in LF. */
export function reportText(input: ReportInput): string {
  return [
    `This is the mail server at ${input.hostname}.`,
    opening(input),
    describeOriginal(input),
    ...input.recipients.map((recipient) => describeRecipient(input, recipient)),
    closing(input),
  ].join("\n\n") + "\n";
}

function opening({ kind, giveUpAt }: ReportInput): string {
  switch (kind) {
    case "failed":
      return "Your message could not be delivered to the recipients named below.\n" +
        "No further attempts will be made for them.";
    case "delayed":
      return "Your message has not reached the recipients named below yet.\n" +
        `You need not do anything: it will be tried again until\n${formatDate(giveUpAt)}.`;
    case "relayed":
      return "You asked to be told about your message: it was handed to the next mail server\n" +
        "for the recipients named below. That server sends no reports of success, so you\n" +
        "will hear no more about it unless something goes wrong.";
    case "delivered":
      return "You asked to be told about your message: it is in the mailboxes of the\n" +
        "recipients named below.";
  }
}

function closing({ header, full, tooLarge }: ReportInput): string {
  if (full) return "Details for programs and your whole message follow.";
  const what = header.cut ? "the beginning of your message's header" : "your message's header";
  const why = tooLarge === true ? " The message itself is too large to be sent back." : "";
  return `Details for programs and ${what} follow.${why}`;
}

/** So that the sender knows which message is meant. */
function describeOriginal({ header, arrivedAt, originalId }: ReportInput): string {
  const fields = headerFields(header.bytes);
  const subject = fields.find((field) => field.name === "subject")?.value;
  const shown = subject === undefined ? "(no subject)" : clean(decodeWords(subject));
  return [
    `    Subject:  ${shown}`,
    `    Received: ${formatDate(arrivedAt)}`,
    `    Our id:   ${originalId}`,
  ].join("\n");
}

function describeRecipient(input: ReportInput, recipient: ReportedRecipient): string {
  const { host, reply } = recipient;
  const name = `<${clean(formatAddress(recipient.address))}>`;
  if (input.kind === "delivered" && host === null) return name;
  const words = reply.toString().length > LINE_LENGTH || reply.lines.length > 1
    ? [
      `${reply.code}${reply.enhanced === null ? "" : ` ${reply.enhanced}`}`,
      ...reply.lines.slice(0, REPLY_LINES),
    ]
    : [reply.toString()];
  const advice = input.kind === "failed" ? adviceFor(recipient) : null;
  const said = host === null ? "This server found:" : `The server ${clean(host)} said:`;
  return [
    name,
    ...(recipient.expired ? ["    It could not be delivered in time. After the last attempt:"] : []),
    `    ${said}`,
    ...words.map((line) => `        ${clean(line)}`),
    ...(advice === null ? [] : ["    What you can do:", ...advice.map((line) => `        ${line}`)]),
  ].join("\n");
}

const ADVICE: readonly (readonly [pattern: RegExp, lines: readonly string[]])[] = [
  [/^5\.1\.2$/, [
    "Check what stands after the @ for typing mistakes: there is no such domain.",
  ]],
  [/^5\.1\.10$/, ["Use another address: this domain takes no mail at all."]],
  [/^5\.1\./, ["Check the address for typing mistakes, or ask the person for a new one."]],
  [/^5\.2\.2$/, ["Reach the person another way: their mailbox is full. Then send it again."]],
  [/^5\.2\.3$|^5\.3\.4$/, [
    "Send a smaller message: share large files by a link instead of attaching them.",
  ]],
  [/^5\.4\.6$/, ["Tell your postmaster: the mail goes round in a circle between servers."]],
  [/^5\.6\.7$/, [
    "Use an address without special letters: the other server cannot handle them.",
  ]],
  [/^5\.7\./, [
    "The other server refuses this message by its rules. Its words may say why;",
    "if they do not help, show them to your postmaster, or reach the person another way.",
  ]],
];

function adviceFor({ expired, reply }: ReportedRecipient): readonly string[] {
  if (expired) {
    return [
      "Send it again later, or reach the person another way: their server did",
      "not take the message for days.",
    ];
  }
  const code = reply.enhanced ?? (reply.code === 552 ? "5.3.4" : reply.code === 550 ? "5.1.1" : "5.0.0");
  const found = ADVICE.find(([pattern]) => pattern.test(code));
  return found?.[1] ?? ["Check the address, and if it is right show this report to your postmaster."];
}

/** One line of printable text, not too long. */
function clean(text: string): string {
  const line = text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ").trim();
  return line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}...` : line;
}
